"""The collected and compressed static files, made again only when one of their sources has changed."""

import contextlib
import hashlib
import os
import shutil
import time
from pathlib import Path

from . import configuration
from .folders import CACHE, ROOT
from .manage import manage

_KEPT_FOR = 86_400.0


def collected() -> Path:
    """The folder of the present files; it is complete and never changed, so several copies may serve from it."""
    folder = CACHE / "static" / _fingerprint()
    if not folder.is_dir():
        _forget_old(folder.parent)
        new = folder.with_name(f"{folder.name}.{os.getpid()}")
        variables = configuration.for_processes(
            new, {"STATIC_ROOT": str(new), "DEBUG": "off", **configuration.PLACEHOLDERS}
        )
        manage(variables, "collectstatic", "--noinput", "--verbosity=0", umask=0o022)
        if folder.is_dir():
            shutil.rmtree(new)
        else:
            new.rename(folder)
    with contextlib.suppress(PermissionError):
        os.utime(folder)
    return folder


def _fingerprint() -> str:
    """Changes with every source file and with every release of what brings static files along."""
    digest = hashlib.sha256((ROOT / "uv.lock").read_bytes())
    for name in ("settings.py", "static_files.py"):
        digest.update((ROOT / "techfest" / name).read_bytes())
    sources = [ROOT / "static", *(ROOT / app / "static" for app in ("events", "registrations", "tickets"))]
    for file in sorted(path for source in sources for path in source.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(ROOT)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(parent: Path) -> None:
    for folder in parent.iterdir() if parent.is_dir() else ():
        if time.time() - folder.stat().st_mtime > _KEPT_FOR:
            shutil.rmtree(folder, ignore_errors=True)
