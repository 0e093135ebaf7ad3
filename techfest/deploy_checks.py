"""Checks of `manage.py check --deploy` for settings that would endanger students' data or the fest.

Django's own checks (https, cookies, DEBUG, the secret key) run as well.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register

from .env import BASE_DIR

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
_SHORTEST_SECRET = 16
_MIN_CHARACTERS = 5

Check = Callable[[], Iterator[str]]


@register(Tags.security, deploy=True)
def check_deployment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """All warnings of this module. Their ids never change."""
    return [
        checks.Warning(text, id=f"techfest.W{number:03}")
        for number, check in CHECKS.items()
        for text in check()
    ]


def plain_http() -> Iterator[str]:
    if not settings.HTTPS and settings.SITE_HOST not in _LOOPBACK:
        yield (
            f"SITE_URL is {settings.SITE_URL}: names, links and passwords travel readably, and cookies are not"
            " bound to this host. Use https."
        )


def no_second_factor() -> Iterator[str]:
    if not settings.REQUIRE_SECOND_FACTOR:
        yield "REQUIRE_SECOND_FACTOR is off: a stolen password alone opens the admin and the door. Switch it on."


def link_keys() -> Iterator[str]:
    keys = settings.LINK_KEYS
    if any(len(set(key)) < _MIN_CHARACTERS for key in keys):
        yield "A key in LINK_KEYS can be guessed: make it with secrets.token_urlsafe(48)."
    if settings.SECRET_KEY in keys:
        yield (
            "SECRET_KEY is also in LINK_KEYS: who learns one has both, and neither can be changed alone."
            " Give the links a key of their own."
        )


def second_factor_keys() -> Iterator[str]:
    if any(len(set(key)) < _MIN_CHARACTERS for key in settings.SECOND_FACTOR_KEYS):
        yield "A key in SECOND_FACTOR_KEYS can be guessed: make it with secrets.token_urlsafe(48)."


def every_host() -> Iterator[str]:
    wide = [host for host in settings.ALLOWED_HOSTS if host.startswith(("*", "."))]
    if wide:
        yield f"ALLOWED_HOSTS holds {', '.join(wide)}: list the site's own names, so that no other one is answered."


def unencrypted_database() -> Iterator[str]:
    database = settings.DATABASES["default"]
    host = str(database.get("HOST") or "")
    mode = database["OPTIONS"].get("sslmode", "prefer")
    if not _is_here(host) and mode not in _ENCRYPTED:
        yield (
            f"DATABASE_URL reaches {host} without a promise of encryption: add ?sslmode=verify-full (or require),"
            " or use a socket."
        )


def open_broker() -> Iterator[str]:
    url = urlsplit(settings.REDIS_URL)
    if url.scheme == "unix" or _is_here(url.hostname or ""):
        return
    if url.scheme != "rediss":
        yield f"REDIS_URL reaches {url.hostname} unencrypted: use rediss://, or a Redis on this machine."
    if not (url.password or parse_qs(url.query).get("password")):
        yield f"REDIS_URL has no password: whoever reaches {url.hostname} can start and stop the workers' tasks."


def unencrypted_provider() -> Iterator[str]:
    for name in ("MAILGUN_API_URL", "BREVO_API_URL"):
        url = urlsplit(str(settings.ANYMAIL.get(name, "")))
        if url.scheme == "http" and not _is_here(url.hostname or ""):
            yield f"{name} begins with http://: names, links and the provider's key travel readably. Use https."


def weak_webhook_secret() -> Iterator[str]:
    for secret in settings.ANYMAIL.get("WEBHOOK_SECRET", []):
        if len(secret) < _SHORTEST_SECRET or ":" not in secret:
            yield (
                "BREVO_WEBHOOK_SECRET can be guessed: use user:password with at least"
                f" {_SHORTEST_SECRET} characters, the same as in the webhook's address."
            )


def no_provider() -> Iterator[str]:
    if not settings.EMAIL_PROVIDER:
        yield (
            f"EMAIL_PROVIDER is empty: no mail goes out, and each one is kept as a file in {settings.EMAIL_FILE_PATH},"
            " names and links included."
        )


def believed_by_everybody() -> Iterator[str]:
    if "*" in os.environ.get("FORWARDED_ALLOW_IPS", ""):
        yield (
            "FORWARDED_ALLOW_IPS is *: anybody may say which address asks and that it came by https."
            " Name the address of your own proxy."
        )


def open_data_folder() -> Iterator[str]:
    data = Path(settings.DATA)
    if data.is_dir() and data.stat().st_mode & 0o006:
        yield f"{data} can be listed by every user of this machine: chmod 700 {data}."


def static_files_in_the_data_folder() -> Iterator[str]:
    root, data = Path(settings.STATIC_ROOT), Path(settings.DATA)
    if root.is_relative_to(data):
        yield (
            f"STATIC_ROOT lies in the data folder {data}, which nginx must not enter. Set it to a folder of its own,"
            " such as /srv/techfest-static."
        )


def messages_that_cannot_be_stopped() -> Iterator[str]:
    if settings.MESSAGE_WINDOW_MINUTES == 0:
        yield "MESSAGE_WINDOW_MINUTES is 0: a message to many goes at once, and a slip cannot be stopped."


def former_key() -> Iterator[str]:
    if settings.SECRET_KEY_FALLBACKS:
        yield (
            "SECRET_KEY_FALLBACKS still accepts a former key: remove it when the rotation is over, after two days,"
            " or at once if the key was stolen."
            + ("" if settings.SECOND_FACTOR_KEYS else " Before that, run manage.py encrypt_second_factors.")
        )


def missing_headers() -> Iterator[str]:
    wanted = ("techfest.headers.HeadersMiddleware", "techfest.headers.PolicyMiddleware")
    missing = [name for name in wanted if name not in settings.MIDDLEWARE]
    if missing:
        yield f"MIDDLEWARE lacks {', '.join(missing)}: pages go without the headers that keep other sites out."


def unconfined_reader() -> Iterator[str]:
    command = (sys.executable, "-E", "-s", "-m", "registrations.spreadsheets.sandbox")
    confined = subprocess.run(  # noqa: S603  # our own module
        command, cwd=BASE_DIR, env={}, check=False, stderr=subprocess.DEVNULL
    )
    if confined.returncode != 0:
        yield (
            "The kernel does not confine the process that opens workbooks (seccomp is not there or not allowed):"
            " a hostile workbook is held by limits of memory, time and open files only. Use Linux on x86-64 or"
            " 64-bit ARM, and allow seccomp in the container."
        )


def _is_here(host: str) -> bool:
    """Whether the host is a Unix socket or this machine."""
    return not host or host.startswith("/") or host in _LOOPBACK


# Numbers are never reused.
CHECKS: dict[int, Check] = {
    1: plain_http,
    2: no_second_factor,
    3: link_keys,
    4: every_host,
    5: unencrypted_database,
    6: open_broker,
    7: unencrypted_provider,
    8: weak_webhook_secret,
    9: no_provider,
    10: believed_by_everybody,
    11: open_data_folder,
    12: static_files_in_the_data_folder,
    13: messages_that_cannot_be_stopped,
    14: former_key,
    15: missing_headers,
    16: unconfined_reader,
    17: second_factor_keys,
}
