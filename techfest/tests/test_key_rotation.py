"""Rotation of each key: what the former key signed is valid while the key is a fallback, and invalid afterwards.

registrations/tests/test_links.py tests the keys of secret links.
"""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core import signing
from django.test import Client

from deploy.launcher import configuration
from deploy.provider_stub.webhooks import signed_event
from techfest.env import StrictEnv
from techfest.mail_provider import provider_settings
from techfest.tests.support.fresh_modules import fresh_settings
from tickets.tests.providers import basic, brevo, mailgun, report, stub, stub_process

__all__ = ["brevo", "mailgun", "stub", "stub_process"]

OLD, NEW, OTHER = "old-" * 16, "new-" * 16, "other-" * 16

# The fallbacks -> whether a value of the old key is still accepted.
STEPS = [([OLD], True), ([OTHER, OLD], True), ([OTHER], False), ([], False)]


@pytest.fixture
def user(db: None) -> User:
    return User.objects.create_user("rao", password="a-long-enough-one")


def rotate(settings: Any, fallbacks: list[str]) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, fallbacks


@pytest.mark.parametrize(("fallbacks", "is_valid"), STEPS)
def test_session_of_the_former_key(user: User, settings: Any, fallbacks: list[str], is_valid: bool) -> None:
    settings.SECRET_KEY = OLD
    client = Client()
    client.force_login(user)
    rotate(settings, fallbacks)
    assert (client.get("/teacher/").wsgi_request.user == user) is is_valid


def test_session_that_was_used_during_the_rotation_outlives_it(user: User, settings: Any) -> None:
    settings.SECRET_KEY = OLD
    client = Client()
    client.force_login(user)
    rotate(settings, [OLD])
    client.get("/teacher/")
    rotate(settings, [])
    assert client.get("/teacher/").wsgi_request.user == user


@pytest.mark.parametrize(("fallbacks", "is_valid"), STEPS)
def test_link_to_a_new_password(user: User, settings: Any, fallbacks: list[str], is_valid: bool) -> None:
    settings.SECRET_KEY = OLD
    # Django's token generators read the keys when they are created.
    former = type(default_token_generator)().make_token(user)
    rotate(settings, fallbacks)
    assert type(default_token_generator)().check_token(user, former) is is_valid


@pytest.mark.parametrize(("fallbacks", "is_valid"), STEPS)
def test_value_that_a_page_carries(settings: Any, fallbacks: list[str], is_valid: bool) -> None:
    settings.SECRET_KEY = OLD
    former = signing.dumps(["Asha"], salt="page")
    rotate(settings, fallbacks)
    try:
        accepted = signing.loads(former, salt="page") == ["Asha"]
    except signing.BadSignature:
        accepted = False
    assert accepted is is_valid


@pytest.mark.usefixtures("mailgun", "db")
@pytest.mark.parametrize(("fallbacks", "is_valid"), STEPS)
def test_call_signed_with_the_former_key_of_mailgun(
    client: Client, settings: Any, fallbacks: list[str], is_valid: bool
) -> None:
    keys = {"MAILGUN_WEBHOOK_SIGNING_KEY": NEW, "MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS": fallbacks}
    settings.ANYMAIL = {**live_settings.ANYMAIL, **keys}
    old, new = (signed_event(key, "delivered", recipient="asha@example.org") for key in (OLD, NEW))
    assert (report(client, old), report(client, new)) == (200 if is_valid else 400, 200)


@pytest.mark.usefixtures("brevo", "db")
@pytest.mark.parametrize(("fallbacks", "is_valid"), STEPS)
def test_call_with_the_former_secret_of_brevo(
    client: Client, settings: Any, fallbacks: list[str], is_valid: bool
) -> None:
    secrets = [f"hook:{one}" for one in (NEW, *fallbacks)]
    settings.ANYMAIL = {**live_settings.ANYMAIL, "WEBHOOK_SECRET": secrets}
    responses = [
        report(client, {"event": "none"}, provider="brevo", headers=basic(f"hook:{one}"))
        for one in (OLD, NEW)
    ]
    assert [status == 400 for status in responses] == [not is_valid, False]


def test_fallbacks_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    made = fresh_settings(
        monkeypatch,
        SECRET_KEY_FALLBACKS="one, two",
        EMAIL_PROVIDER="mailgun",
        MAILGUN_API_KEY="key",
        MAILGUN_SENDER_DOMAIN="fest.example",
        MAILGUN_WEBHOOK_SIGNING_KEY="new",
        MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS="old",
    )
    former = made["ANYMAIL"]["MAILGUN_WEBHOOK_SIGNING_KEY_FALLBACKS"]
    assert (made["SECRET_KEY_FALLBACKS"], former) == (["one", "two"], ["old"])


def test_secret_of_brevo_and_its_fallbacks_come_from_the_environment() -> None:
    env = StrictEnv(
        {"BREVO_API_KEY": "key", "BREVO_WEBHOOK_SECRET": "a:new", "BREVO_WEBHOOK_SECRET_FALLBACKS": "a:old"}
    )
    assert provider_settings(env, "brevo")["WEBHOOK_SECRET"] == ["a:new", "a:old"]


def test_former_key_in_the_data_folder_is_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "LINK_KEYS", "SECRET_KEY_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)
    made = configuration.kept_secrets(tmp_path)
    (tmp_path / "secrets").write_text("SECRET_KEY=new\nSECRET_KEY_FALLBACKS=old\nLINK_KEYS=new,old\n")
    handed_on = configuration.kept_secrets(tmp_path)
    expected = {"SECRET_KEY": "new", "LINK_KEYS": "new,old", "SECRET_KEY_FALLBACKS": "old"}
    assert ("SECRET_KEY_FALLBACKS" in made, handed_on) == (False, expected)
