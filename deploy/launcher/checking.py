"""``deploy/test checks``: what needs no test run. Style, types, import direction, templates, migrations, settings."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from . import configuration
from .folders import CACHE, ROOT, VENV
from .words import say

# A site of which `check --deploy` has nothing to say.
_PRODUCTION = {
    "SITE_URL": "https://fest.example.org",
    "ALLOWED_HOSTS": "fest.example.org",
    "DEBUG": "off",
    "REQUIRE_SECOND_FACTOR": "on",
    "SECRET_KEY": "placeholder-of-a-site-that-is-not-there-0123456789-abcdefghij",
    "LINK_KEYS": "another-placeholder-of-a-site-that-is-not-there-0123456789",
    "STATIC_ROOT": "/srv/techfest-static",
    "TECHFEST_DATA": "/var/lib/techfest",
    "EMAIL_PROVIDER": "mailgun",
    "MAILGUN_API_KEY": "key",
    "MAILGUN_SENDER_DOMAIN": "fest.example.org",
    "MAILGUN_WEBHOOK_SIGNING_KEY": "key",
}


def main() -> int:
    """Runs every check, two at a time, also after one has failed; returns 0 when all passed."""
    variables = configuration.for_processes(CACHE, configuration.PLACEHOLDERS)

    def passes(check: tuple[str, Sequence[str], Mapping[str, str]]) -> bool:
        name, command, extra = check
        return _passes(name, command, {**variables, **extra})

    checks = _commands()
    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(passes, checks))
    failed = [name for (name, *_), well in zip(checks, passed, strict=True) if not well]
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _commands() -> list[tuple[str, Sequence[str], Mapping[str, str]]]:
    templates = sorted(str(file.relative_to(ROOT)) for file in (ROOT / "templates").rglob("*.html"))
    manage = [str(VENV / "bin" / "python"), "manage.py"]
    return [
        # It takes as long as all others together.
        ("mypy", ["mypy", "--no-error-summary", *_typed()], {}),
        ("ruff check", ["ruff", "check", "."], {}),
        ("ruff format", ["ruff", "format", "--check", "--quiet", "."], {}),
        ("import-linter", ["lint-imports", "--cache-dir", str(CACHE / "imports")], {}),
        ("djade", ["djade", "--check", *templates], {}),
        ("makemigrations", [*manage, "makemigrations", "--check", "--dry-run"], {}),
        ("check --deploy", [*manage, "check", "--deploy", "--fail-level", "WARNING"], _PRODUCTION),
    ]


def _typed() -> list[str]:
    return [
        name
        for name in ("techfest", "events", "registrations", "tickets", "deploy")
        if (ROOT / name).is_dir()
    ]


def _passes(name: str, command: Sequence[str], variables: Mapping[str, str]) -> bool:
    """Runs one check and prints its output only when it fails."""
    began = time.monotonic()
    finished = subprocess.run(
        command,
        env=dict(variables),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    passed = finished.returncode == 0
    line = f"{'ok    ' if passed else 'FAILED'} {name} ({time.monotonic() - began:.0f} s)"
    say(line if passed else f"{line}\n{(finished.stdout + finished.stderr).rstrip()}")
    return passed
