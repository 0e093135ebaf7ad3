"""Static files of a release: a module imports the others by the names of their content."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.templatetags.static import static

from tickets.checkin.views import FILES

IMPORT = re.compile(r"""from\s*["']\./([^"']+)["']""")


def test_offline_scanner_caches_every_module_it_imports(settings: Any, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "techfest.static_files.ModuleStaticFilesStorage"}
    }
    call_command("collectstatic", interactive=False, stdout=StringIO())
    cached = {Path(static(name)).name for name in FILES}
    modules = [tmp_path / "js/checkin" / name for name in cached if name.endswith(".js")]
    imported = {name for module in modules for name in IMPORT.findall(module.read_text())}
    assert {re.sub(r"\.[0-9a-f]{12}", "", name) for name in imported} == {
        "camera.js",
        "logout.js",
        "offline.js",
        "store.js",
        "verdict.js",
    }
    assert imported <= cached
