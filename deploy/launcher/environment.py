"""The Python environment of the checkout, built from the lock file, and only when that has changed."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .folders import CACHE, ROOT, VENV, locked
from .words import Refusal, say

_BOOTSTRAP = CACHE / "uv"
_STAMP = VENV / "built-from"
# The one package that no lock names, with the hashes of its wheels.
_UV = ROOT / "deploy" / "uv.txt"


def build(groups: Sequence[str]) -> Path:
    """Makes ``.venv`` hold what the lock says for the project and ``groups``; returns its Python.

    Groups that are there already stay, so that ``deploy/up`` does not undo ``deploy/test``. Two copies started at
    once wait for each other. Raises ``Refusal`` with one line when the packages cannot be had.
    """
    if _is_built(groups):
        return VENV / "bin" / "python"
    CACHE.mkdir(exist_ok=True)
    with locked(CACHE / "environment.lock", None):
        if not _is_built(groups):
            wanted = sorted({*groups, *_read_stamp()[1]})
            say("Building the Python environment from the lock file …")
            _sync(wanted)
            _STAMP.write_text(f"{_fingerprint()}\n{' '.join(wanted)}\n")
    return VENV / "bin" / "python"


def _is_built(groups: Sequence[str]) -> bool:
    built, had = _read_stamp()
    return built == _fingerprint() and set(groups) <= had


def _read_stamp() -> tuple[str, set[str]]:
    if not (_STAMP.exists() and (VENV / "bin" / "python").exists()):
        return "", set()
    fingerprint, groups = _STAMP.read_text().split("\n")[:2]
    return fingerprint, set(groups.split())


def _fingerprint() -> str:
    return hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()


def _sync(groups: Sequence[str]) -> None:
    uv = _uv()
    if uv is None:
        _sync_with_pip(groups)
        return
    arguments = [
        uv,
        "sync",
        "--locked",
        "--no-default-groups",
        "--python",
        sys.executable,
        "--project",
        str(ROOT),
    ]
    for group in groups:
        arguments += ["--group", group]
    environment = {
        **os.environ,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_COMPILE_BYTECODE": "1",
        # A school's network may look into TLS with a certificate that only the machine's own store knows.
        "UV_SYSTEM_CERTS": "1",
        "UV_NATIVE_TLS": "1",
        "UV_PROJECT_ENVIRONMENT": str(VENV),
    }
    environment.pop("VIRTUAL_ENV", None)
    finished = subprocess.run([*arguments, "--quiet"], env=environment, stdin=subprocess.DEVNULL, check=False)
    if finished.returncode != 0:
        raise Refusal(
            "The packages of the lock file could not be installed (see above). Is this machine offline?"
        )


def _uv() -> str | None:
    """The path of uv: the machine's, else one in a small environment of its own; None where there is none."""
    if found := shutil.which("uv"):
        return found
    program = _BOOTSTRAP / "bin" / "uv"
    if not program.exists():
        _make_venv(_BOOTSTRAP)
        _pip(_BOOTSTRAP, ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(_UV)])
    return str(program) if program.exists() else None


def _sync_with_pip(groups: Sequence[str]) -> None:
    """The way without uv: pip with the same hashes, exported from the lock for the project and the servers."""
    if "dev" in groups:
        raise Refusal("The tests need uv: python3 -m pip install uv")
    _make_venv(VENV)
    if not _pip(VENV, ["--require-hashes", "--no-deps", "-r", str(ROOT / "deploy" / "requirements.txt")]):
        raise Refusal("The packages could not be installed (see above). Is this machine offline?")


def _make_venv(folder: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if made.returncode != 0:
        raise Refusal("Python's venv module is not complete: apt-get install python3-venv, then start again.")


def _pip(folder: Path, what: Sequence[str]) -> bool:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return subprocess.run([*pip, *what], stdin=subprocess.DEVNULL, check=False).returncode == 0
