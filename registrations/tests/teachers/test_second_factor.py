"""Setting up the second step: its code works once, and wrong codes are limited and explained."""

from contextlib import nullcontext
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from registrations.models import SecurityEvent
from registrations.tests.builders import PASSWORD, build_user
from registrations.tests.second_step import set_up_app, totp

pytestmark = pytest.mark.django_db

TOO_MANY = "There were too many wrong codes. Wait five minutes, then enter a new code."
ASKING = "/admin/auth/user/"


@pytest.fixture(autouse=True)
def at_one_time(db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with empty counters, and keep one code valid during the whole test."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.REQUIRE_SECOND_FACTOR = True
    show_code_of(monkeypatch, 1000)


def show_code_of(monkeypatch: pytest.MonkeyPatch, counter: int) -> None:
    monkeypatch.setattr(totp, "yield_hotp_counters_from_time", lambda: iter([counter]))


def code(secret: str, counter: int = 1000) -> str:
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


@pytest.fixture
def user() -> Any:
    return build_user(username="rao", is_staff=True, is_superuser=True)


def log_in(user: Any) -> Client:
    browser = Client()
    browser.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return browser


def set_up(browser: Client, run_commit_callbacks: Any, entered: str = "") -> str:
    """Set the second step up with the right code, or the one given, and return its secret."""
    secret: str = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    with run_commit_callbacks(execute=True):
        browser.post(reverse("mfa_activate_totp"), {"code": entered or code(secret)})
    return secret


def test_code_of_the_set_up_does_not_work_again_at_the_login(
    user: Any, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = set_up(log_in(user), django_capture_on_commit_callbacks)
    thief = log_in(user)
    for entered in (code(secret), f" {code(secret)[:3]} {code(secret)[3:]} "):
        thief.post(reverse("mfa_authenticate"), {"code": entered})
        assert "_auth_user_id" not in thief.session
    show_code_of(monkeypatch, 1001)
    thief.post(reverse("mfa_authenticate"), {"code": code(secret, 1001)})
    assert "_auth_user_id" in thief.session, "the next code works"


@pytest.mark.django_db(transaction=True)
def test_set_up_counts_as_the_second_step_of_its_session(user: Any) -> None:
    """Its code is used up, and the next one is shown half a minute later."""
    browser = log_in(user)
    assert browser.get(ASKING).status_code == 302
    set_up(browser, lambda execute: nullcontext())
    assert browser.get(ASKING).status_code == 200


def test_wrong_code_sets_nothing_up(user: Any, django_capture_on_commit_callbacks: Any) -> None:
    browser = log_in(user)
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    set_up(browser, django_capture_on_commit_callbacks, entered=code(secret, 5))
    assert browser.get(ASKING).status_code == 302


@pytest.mark.parametrize("page", ["mfa_activate_totp", "mfa_authenticate"])
def test_too_many_wrong_codes_are_explained_and_logged(user: Any, page: str) -> None:
    if page == "mfa_authenticate":
        set_up_app(user)
    browser = log_in(user)
    pages = [browser.post(reverse(page), {"code": "000000"}).content.decode() for _try in range(6)]
    assert [TOO_MANY in text for text in pages] == [False] * 5 + [True]
    event = SecurityEvent.objects.get(kind="locked_out")
    assert (event.account, event.detail) == (user, "second step")
