"""`check --deploy` warns about each insecure setting, and not about a secure site."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import checks
from django.core.checks import Tags

from techfest import deploy_checks

LOCAL = {**settings.DATABASES["default"], "HOST": "/run/postgresql"}
REMOTE = {**LOCAL, "HOST": "db.example.org"}

CLOSED: Mapping[str, Any] = {
    "DEBUG": False,
    "HTTPS": True,
    "SITE_URL": "https://fest.example.org",
    "SITE_HOST": "fest.example.org",
    "ALLOWED_HOSTS": ["fest.example.org"],
    "REQUIRE_SECOND_FACTOR": True,
    "SECRET_KEY": "s3cret-of-the-site-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SECRET_KEY_FALLBACKS": [],
    "SECOND_FACTOR_KEYS": [],
    "LINK_KEYS": ["k3y-of-the-links-0123456789-abcdefghijklmnopqrstuvwxyz"],
    "DATABASES": {"default": LOCAL},
    "REDIS_URL": "unix:///run/redis/redis.sock",
    "EMAIL_PROVIDER": "mailgun",
    "ANYMAIL": {"MAILGUN_API_URL": "https://api.mailgun.net/v3"},
    "MESSAGE_WINDOW_MINUTES": 10,
    "STATIC_ROOT": Path("/srv/techfest-static"),
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 365 * 86400,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}
SECURE_REMOTE = {"OPTIONS": {**LOCAL["OPTIONS"], "sslmode": "verify-full"}}

# Warning number -> insecure settings, each of which must cause exactly this warning.
OPEN: list[tuple[int, dict[str, Any]]] = [
    (1, {"HTTPS": False, "SITE_URL": "http://fest.example.org"}),
    (2, {"REQUIRE_SECOND_FACTOR": False}),
    (3, {"LINK_KEYS": ["ab" * 20]}),
    (3, {"LINK_KEYS": [CLOSED["SECRET_KEY"]]}),
    (4, {"ALLOWED_HOSTS": ["*"]}),
    (4, {"ALLOWED_HOSTS": ["fest.example.org", ".example.org"]}),
    (5, {"DATABASES": {"default": REMOTE}}),
    (6, {"REDIS_URL": "redis://:password@redis.example.org:6379/0"}),
    (6, {"REDIS_URL": "rediss://redis.example.org:6379/0"}),
    (7, {"ANYMAIL": {"MAILGUN_API_URL": "http://mail.example.org/v3"}}),
    (7, {"ANYMAIL": {"BREVO_API_URL": "http://mail.example.org/v3"}}),
    (8, {"ANYMAIL": {"WEBHOOK_SECRET": ["hook:short"]}}),
    (8, {"ANYMAIL": {"WEBHOOK_SECRET": ["hook:long-enough-for-anybody", "without-its-user-part"]}}),
    (9, {"EMAIL_PROVIDER": ""}),
    (13, {"MESSAGE_WINDOW_MINUTES": 0}),
    (14, {"SECRET_KEY_FALLBACKS": ["f0rmer-0123456789-abcdefghijklmnopqrstuvwxyz-abcdefghij"]}),
    (17, {"SECOND_FACTOR_KEYS": ["ab" * 20]}),
    (15, {"MIDDLEWARE": [name for name in settings.MIDDLEWARE if "headers" not in name]}),
    (15, {"MIDDLEWARE": [name for name in settings.MIDDLEWARE if "Policy" not in name]}),
]
CLOSED_TOO: list[dict[str, Any]] = [
    {"HTTPS": False, "SITE_URL": "http://localhost:8000", "SITE_HOST": "localhost"},
    {"DATABASES": {"default": {**REMOTE, **SECURE_REMOTE}}},
    {"DATABASES": {"default": {**REMOTE, "HOST": "127.0.0.1"}}},
    {"REDIS_URL": "rediss://:password@redis.example.org:6379/0"},
    {"REDIS_URL": "redis://localhost:6379/0"},
    {"ANYMAIL": {"MAILGUN_API_URL": "http://127.0.0.1:9000/v3"}},
    {"ANYMAIL": {"WEBHOOK_SECRET": ["hook:long-enough-for-anybody"]}},
]


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Secure settings, of which each test weakens one."""
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    tmp_path.chmod(0o700)
    for name, value in {**CLOSED, "DATA": tmp_path}.items():
        monkeypatch.setattr(settings, name, value)


def warnings() -> list[str]:
    """The ids of the warnings of `check --deploy`, including Django's."""
    found = checks.run_checks(tags=[Tags.security], include_deployment_checks=True)
    return [str(one.id) for one in found if not one.is_silenced()]


def test_closed_site_is_told_nothing() -> None:
    assert warnings() == []


@pytest.mark.parametrize(("number", "changes"), OPEN)
def test_open_setting_is_told(monkeypatch: pytest.MonkeyPatch, number: int, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        monkeypatch.setattr(settings, name, value)
    assert warnings() == [f"techfest.W{number:03}"]


@pytest.mark.parametrize("changes", CLOSED_TOO)
def test_other_closed_setting_is_not_told(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        monkeypatch.setattr(settings, name, value)
    assert warnings() == []


@pytest.mark.parametrize(
    ("keys", "reminded"), [([], True), (["k3y-of-second-steps-0123456789-abcdefgh"], False)]
)
def test_former_key_reminds_of_second_steps_that_need_it(
    monkeypatch: pytest.MonkeyPatch, keys: list[str], reminded: bool
) -> None:
    """Without separate keys they are encrypted with the former key, and would be lost with it."""
    monkeypatch.setattr(settings, "SECOND_FACTOR_KEYS", keys)
    monkeypatch.setattr(
        settings, "SECRET_KEY_FALLBACKS", ["f0rmer-0123456789-abcdefghijklmnopqrstuvwxyz-abcdef"]
    )
    (text,) = deploy_checks.former_key()
    assert ("encrypt_second_factors" in text) is reminded


def test_proxy_that_is_anybody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert warnings() == ["techfest.W010"]


@pytest.mark.parametrize(("mode", "expected"), [(0o755, ["techfest.W011"]), (0o711, []), (0o700, [])])
def test_data_folder_that_others_can_list_is_told(tmp_path: Path, mode: int, expected: list[str]) -> None:
    tmp_path.chmod(mode)
    assert warnings() == expected


def test_static_files_where_nginx_must_not_go_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settings, "STATIC_ROOT", tmp_path / "static")
    assert warnings() == ["techfest.W012"]


def test_kernel_that_does_not_confine_the_reader_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The real command, with a substitute for Python that answers as on such a kernel."""
    refusing = tmp_path / "python"
    refusing.write_text("#!/bin/sh\nexit 1\n")
    refusing.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(refusing))
    assert warnings() == ["techfest.W016"]


def test_every_check_has_a_test() -> None:
    by_test = {number for number, _changes in OPEN} | {10, 11, 12, 16}
    assert set(deploy_checks.CHECKS) == by_test
