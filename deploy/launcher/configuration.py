"""The environment variables that the processes get: the caller's, completed."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from .folders import VENV, write_private

# Made once and kept: with another key every link that was ever mailed would be dead.
_SECRETS = ("SECRET_KEY", "LINK_KEYS")
# Former keys, there only while a rotation is under way.
_OPTIONAL = ("SECRET_KEY_FALLBACKS",)

# For commands that reach neither database nor broker, so that the settings can be read.
PLACEHOLDERS = {
    "SECRET_KEY": "placeholder-of-a-command-that-signs-nothing-0123456789",
    "LINK_KEYS": "placeholder-of-a-command-that-signs-nothing-0123456789",
    "DATABASE_URL": "postgresql://nobody@localhost/none",
    "REDIS_URL": "redis://localhost:1/0",
    "SITE_URL": "http://localhost:8000",
    "EMAIL_PROVIDER": "",
}


def kept_secrets(data: Path) -> dict[str, str]:
    """The keys of this data folder, made at the first start; the caller's environment wins over them."""
    file = data / "secrets"
    found = _read(file)
    missing = {name: secrets.token_urlsafe(48) for name in _SECRETS if not found.get(name)}
    if missing:
        write_private(file, _lines({**found, **missing}))
    kept = {name: os.environ.get(name) or {**found, **missing}[name] for name in _SECRETS}
    former = {name: os.environ.get(name) or found.get(name, "") for name in _OPTIONAL}
    return {**kept, **{name: value for name, value in former.items() if value}}


def for_processes(data: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a process of the site: the caller's, ``settings`` and the checkout's programs."""
    environment = {**os.environ, **settings, "TECHFEST_DATA": str(data), "VIRTUAL_ENV": str(VENV)}
    environment["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '/usr/bin:/bin')}"
    environment.setdefault("DJANGO_SETTINGS_MODULE", "techfest.settings")
    environment["PYTHONUNBUFFERED"] = "1"
    environment.pop("PYTHONHOME", None)
    # Only migrations may change tables.
    environment.pop("DATABASE_OWNER_URL", None)
    return environment


def publish(data: Path, settings: Mapping[str, str], *, owner: int | None = None) -> None:
    """Writes what ``manage.py`` in a second terminal needs to reach the same servers (mode 600)."""
    write_private(data / "environment", _lines(settings), owner=owner)


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    pairs = (line.partition("=") for line in file.read_text().splitlines() if "=" in line)
    return {name: value for name, _, value in pairs}
