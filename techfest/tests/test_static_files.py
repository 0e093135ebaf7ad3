"""Static files of a release: a module imports the others by the names of their content."""

import re
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static

from techfest.static_files import ModuleStaticFilesStorage, without_comments
from tickets.checkin.offline_views import FILES

IMPORT = re.compile(r"""(?:from\s*|import\()["']\./([^"']+)["']""")


def test_offline_scanner_caches_every_module_it_imports(settings: Any) -> None:
    """In the files that were collected for this run, as they are for a start."""
    assert isinstance(staticfiles_storage, ModuleStaticFilesStorage)
    cached = {Path(static(name)).name for name in FILES}
    folder = Path(settings.STATIC_ROOT) / "js" / "checkin"
    modules = [folder / name for name in cached if name.endswith(".js")]
    imported = {name for module in modules for name in IMPORT.findall(module.read_text())}
    assert {re.sub(r"\.[0-9a-f]{12}", "", name) for name in imported} == {
        "camera.js",
        "leaving.js",
        "logout.js",
        "offline.js",
        "page.js",
        "reader.js",
        "server.js",
        "store.js",
        "sync.js",
        "undo.js",
        "verdict.js",
        "viewer.js",
    }
    assert imported <= cached


def test_collected_stylesheets_have_all_their_rules(settings: Any) -> None:
    """Under both names; a file that was read before it is saved must not be saved empty."""
    sources = sorted((settings.BASE_DIR / "static" / "css").glob("*.css"))
    assert len(sources) > 5
    for source in sources:
        rules = without_comments(source.read_bytes()).count(b"{")
        for name in (source.name, Path(static(f"css/{source.name}")).name):
            collected = Path(settings.STATIC_ROOT) / "css" / name
            assert (name, collected.read_bytes().count(b"{")) == (name, rules)
