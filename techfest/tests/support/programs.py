"""System programs that tests use."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def find_program(*names: str) -> str:
    """The path of the first of ``names`` that exists; if none does, skip the test, or fail it if ``CI`` is set."""
    for name in names:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI"):
        pytest.fail(f"{names[0]} is missing")
    pytest.skip(f"{names[0]} is missing")


def decoded(picture: Path) -> list[str]:
    """The texts of the QR codes in ``picture``, in the order of zbarimg."""
    command = [find_program("zbarimg"), "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return finished.stdout.splitlines()
