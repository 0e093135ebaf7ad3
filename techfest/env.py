"""Strict reading of environment variables: an invalid value stops the start with the variable's name.

Values come from the process's environment. While ``deploy/up`` runs, the file ``environment`` in the data folder holds
the addresses of its servers; they are used for variables that are not set, so that ``manage.py`` in another terminal
uses the same database.
"""

import os
import re
from pathlib import Path
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


class StrictEnv:
    """django-environ without implicit conversions.

    Every method raises ``ImproperlyConfigured`` with the variable's name, never with its value (it may be secret).
    """

    def __init__(self, values: dict[str, str] | None = None) -> None:
        self._env = environ.Env()
        if values is not None:
            self._env.ENVIRON = values

    def text(self, name: str, default: str | None = None) -> str:
        """The value without surrounding spaces; required and not empty if there is no default."""
        value = str(self._env.str(name, default="")).strip()
        if value:
            return value
        if default is None:
            raise ImproperlyConfigured(
                f"{name} is not set. Start with deploy/up, or set it in the environment."
            )
        return default

    def boolean(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "true" if default else "false").lower()
        if value not in _TRUE | _FALSE:
            raise ImproperlyConfigured(f"{name} must be one of 1, 0, true, false, yes, no, on, off.")
        return value in _TRUE

    def number(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """An integer between ``minimum`` and ``maximum``, inclusive."""
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdigit() and minimum <= int(value) <= maximum):
            raise ImproperlyConfigured(f"{name} must be a whole number from {minimum} to {maximum}.")
        return int(value)

    def items(self, name: str, default: str | None = None) -> list[str]:
        """The non-empty parts of a comma-separated list; at least one if there is no default."""
        parts = [part.strip() for part in self.text(name, default).split(",")]
        parts = [part for part in parts if part]
        if default is None and not parts:
            raise ImproperlyConfigured(f"{name} holds no value.")
        return parts

    def choice(self, name: str, default: str, *, among: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in among:
            raise ImproperlyConfigured(f"{name} must be one of: {', '.join(repr(one) for one in among)}.")
        return value

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path; it need not exist yet."""
        return Path(self.text(name, str(default))).resolve()

    def origin(self, name: str, default: str | None = None) -> SplitResult:
        """A URL of the form ``https://host[:port]``, without path, query or user name."""
        value = self.text(name, default).rstrip("/")
        try:
            parts = urlsplit(value)
            well_formed = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
        except ValueError:
            well_formed = False
        if not well_formed or value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
            raise ImproperlyConfigured(f"{name} must look like https://fest.example.org, without a path.")
        return parts

    def postgresql(self, name: str) -> dict[str, Any]:
        """Django's settings of a PostgreSQL database.

        ``postgresql://user:password@host:port/name``, for a Unix socket ``postgresql://user@/name?host=/folder``.
        Other engines raise an error, because seats depend on PostgreSQL's row locks.
        """
        url = self.text(name)
        try:
            database = cast("dict[str, Any]", self._env.db_url_config(url))
        except (ValueError, ImproperlyConfigured) as error:
            raise ImproperlyConfigured(f"{name} cannot be read as a database address.") from error
        if database.get("ENGINE") != "django.db.backends.postgresql" or not database.get("NAME"):
            raise ImproperlyConfigured(
                f"{name} must name a PostgreSQL database: postgresql://user:password@host/name."
            )
        options = dict(database.get("OPTIONS") or {})
        database["HOST"] = options.pop("host", None) or database["HOST"]
        return {**database, "OPTIONS": options}

    def redis(self, name: str) -> str:
        """A URL of Redis in the format of redis-py: ``redis://``, ``rediss://`` or ``unix://``."""
        url = self.text(name)
        if urlsplit(url).scheme not in {"redis", "rediss", "unix"}:
            raise ImproperlyConfigured(f"{name} must start with redis://, rediss:// or unix://.")
        return url


def broker_url(redis_url: str) -> str:
    """The URL of the same Redis in Celery's format, which differs for Unix sockets."""
    if not redis_url.startswith("unix://"):
        return redis_url
    return re.sub(r"([?&])db=", r"\1virtual_host=", redis_url.replace("unix://", "redis+socket://", 1))


def data_folder() -> Path:
    """The folder for all files outside the database: ``TECHFEST_DATA``, by default ``var``."""
    return Path(os.environ.get("TECHFEST_DATA") or BASE_DIR / "var").resolve()


def read_environment() -> StrictEnv:
    """The process's environment, completed by the ``environment`` file of the data folder if it exists."""
    file = data_folder() / "environment"
    if file.is_file() and os.access(file, os.R_OK):
        environ.Env.read_env(str(file))
    return StrictEnv()
