"""The environment variables that the processes get: the caller's, completed."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from .folders import VENV, write_private
from .words import Refusal

# Made once and kept: with another key every link that was ever mailed would be dead.
_SECRETS = ("SECRET_KEY", "LINK_KEYS")
# What an operator may add to the file: keys of one purpose, and former keys while a change is under way.
_OPTIONAL = (
    "SECRET_KEY_FALLBACKS",
    "SECOND_FACTOR_KEYS",
    "MAILGUN_API_KEY",
    "MAILGUN_WEBHOOK_SIGNING_KEY",
    "MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS",
    "BREVO_API_KEY",
    "BREVO_WEBHOOK_SECRET",
    "BREVO_WEBHOOK_SECRET_FALLBACKS",
)

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
    """The keys of this data folder, made at the first start; the caller's environment wins over them.

    Raises ``Refusal`` for a name that is no key: it would be ignored without a word.
    """
    file = data / "secrets"
    found = _read(file)
    if unknown := sorted(found.keys() - {*_SECRETS, *_OPTIONAL}):
        raise Refusal(
            f"{file} sets {', '.join(unknown)}, which is not read from there. It may set"
            f" {', '.join((*_SECRETS, *_OPTIONAL))}; give everything else to deploy/up in its environment."
        )
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
    lines = (line.strip() for line in file.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): _unquoted(value.strip()) for name, _, value in pairs}


def _unquoted(value: str) -> str:
    """The value as ``manage.py`` in a second terminal reads it, where quotes around it do not count."""
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if is_quoted else value
