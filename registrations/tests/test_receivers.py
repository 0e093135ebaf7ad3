"""Every module with signal receivers or hooks is imported at the start of each process."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

RECEIVER = re.compile(r"^@receiver\(|^\w+\.connect\(|^hooks\.\w+\.register\(", re.MULTILINE)
ROOT = Path(settings.BASE_DIR)


def modules_with_receivers() -> list[str]:
    files = [file for app in ("events", "registrations", "tickets") for file in (ROOT / app).rglob("*.py")]
    return sorted(
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in files
        if "tests" not in file.parts and RECEIVER.search(file.read_text(encoding="utf-8"))
    )


@pytest.fixture(scope="module")
def imported() -> set[str]:
    """Return the modules of a process that has only set up Django."""
    script = "import django, sys; django.setup(); print(*sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "techfest.settings"}
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return set(found.stdout.split())


@pytest.mark.parametrize("module", modules_with_receivers())
def test_receivers_are_registered_at_the_start(module: str, imported: set[str]) -> None:
    assert module in imported
