"""Packages of the machine: installed where that is allowed, else named in one line."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Sequence

from .words import say

PDF_PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")
_PDF_LIBRARIES = ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0")


def have_pdf_libraries() -> bool:
    """Whether the libraries that draw PDFs can be loaded, installing them first where this user may.

    Without them everything but the PDF works; the terminal gets the one line that says what to install.
    """
    if _can_draw():
        return True
    if not install(PDF_PACKAGES) or not _can_draw():
        say(f"No PDF tickets until these are installed: sudo apt-get install {' '.join(PDF_PACKAGES)}")
        return False
    return True


def install(packages: Sequence[str]) -> bool:
    """Installs ``packages`` when this is root on a machine with apt; says whether it did."""
    if os.getuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"Installing {' '.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"]
    steps = ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", *packages])
    for step in steps:
        finished = subprocess.run(
            step, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
        )
    return finished.returncode == 0


def _can_draw() -> bool:
    try:
        for library in _PDF_LIBRARIES:
            ctypes.CDLL(library)
    except OSError:
        return False
    return True
