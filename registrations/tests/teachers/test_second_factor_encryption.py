"""Second steps are stored encrypted, survive a change of keys, and never open with a wrong key."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from registrations.teachers import second_factor
from registrations.tests.builders import PASSWORD, build_user
from registrations.tests.second_step import RecoveryCodes, code_of, set_up_app
from techfest.tests.support.fresh_modules import fresh_settings

pytestmark = pytest.mark.django_db

OLD, NEW = "an old key of enough characters to be one", "a new key of enough characters to be one"


@pytest.fixture(autouse=True)
def keys(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.SECOND_FACTOR_KEYS = [OLD]


def signs_in(user: Any, code: str) -> tuple[bool, str]:
    """Return whether password and code open a session, and what the page says."""
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    response = browser.post("/accounts/2fa/authenticate/", {"code": code})
    return "_auth_user_id" in browser.session, response.content.decode()


def stored() -> str:
    """Return everything that the database stores about second steps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(a::text, ' ') FROM mfa_authenticator a")
        text: str = cursor.fetchone()[0]
    return text


def test_secret_and_recovery_codes_are_not_in_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    user = build_user()
    monkeypatch.setattr(RecoveryCodes, "generate_seed", lambda: "5eed" * 20)
    secret, codes = set_up_app(user), RecoveryCodes.activate(user).get_unused_codes()
    assert secret not in stored()
    assert "5eed" not in stored()
    assert signs_in(user, code_of(secret))[0]
    assert signs_in(user, codes[0])[0]
    assert not signs_in(user, codes[0])[0], "a recovery code works once"


def test_two_equal_secrets_are_not_seen_to_be_equal() -> None:
    assert second_factor.encrypt("same") != second_factor.encrypt("same")


def test_new_key_reads_what_the_old_one_wrote_and_the_command_lets_the_old_one_go(settings: Any) -> None:
    user = build_user()
    secret = set_up_app(user)
    settings.SECOND_FACTOR_KEYS = [NEW, OLD]
    assert signs_in(user, code_of(secret))[0]
    call_command("encrypt_second_factors")
    settings.SECOND_FACTOR_KEYS = [NEW]
    assert second_factor.decrypt(Authenticator.objects.get().data["secret"]) == secret


def test_missing_key_refuses_in_words_and_changes_nothing(settings: Any, caplog: Any) -> None:
    user = build_user()
    secret = set_up_app(user)
    before = stored()
    settings.SECOND_FACTOR_KEYS = [NEW]
    is_in, page = signs_in(user, code_of(secret))
    assert (is_in, "cannot be checked at the moment" in page) == (False, True)
    assert "SECOND_FACTOR_KEYS" in caplog.text
    with pytest.raises(
        CommandError, match=r"none of SECOND_FACTOR_KEYS, SECRET_KEY and.*Nothing was changed"
    ):
        call_command("encrypt_second_factors")
    assert stored() == before


def test_recovery_codes_whose_key_is_missing_are_refused_in_words(settings: Any) -> None:
    user, browser = build_user(), Client()
    set_up_app(user)
    RecoveryCodes.activate(user)
    browser.force_login(user)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    settings.SECOND_FACTOR_KEYS = [NEW]
    for page in ("", "download/", "generate/"):
        response = browser.get(f"/accounts/2fa/recovery-codes/{page}", follow=True)
        assert response.redirect_chain == [("/accounts/2fa/", 302)], page
        assert "cannot be checked at the moment" in response.content.decode(), page


def test_without_keys_of_their_own_the_sites_secret_and_its_fallbacks_are_used(settings: Any) -> None:
    settings.SECOND_FACTOR_KEYS = []
    user = build_user()
    secret = set_up_app(user)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW * 2, [settings.SECRET_KEY]
    assert second_factor.decrypt(Authenticator.objects.get().data["secret"]) == secret
    assert signs_in(user, code_of(secret))[0]


def test_keys_of_their_own_can_be_adopted_on_a_running_site(settings: Any, capsys: Any) -> None:
    """As README describes: set the key, restart, run the command. Logins work all the time."""
    settings.SECOND_FACTOR_KEYS = []
    user = build_user()
    secret = set_up_app(user)
    former, settings.SECRET_KEY = settings.SECRET_KEY, NEW * 2
    settings.SECOND_FACTOR_KEYS, settings.SECRET_KEY_FALLBACKS = [NEW], [former]
    assert signs_in(user, code_of(secret))[0]
    call_command("encrypt_second_factors")
    assert (
        capsys.readouterr().out == "1 second steps are encrypted with the first key of SECOND_FACTOR_KEYS.\n"
    )
    settings.SECRET_KEY_FALLBACKS = []
    assert second_factor.decrypt(Authenticator.objects.get().data["secret"]) == secret
    settings.SECRET_KEY = former
    assert second_factor.decrypt(Authenticator.objects.get().data["secret"]) == secret


def test_command_says_that_no_key_of_their_own_is_set(settings: Any, capsys: Any) -> None:
    settings.SECOND_FACTOR_KEYS = []
    call_command("encrypt_second_factors")
    assert "with SECRET_KEY, because SECOND_FACTOR_KEYS is empty" in capsys.readouterr().out


def test_key_that_is_short_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="SECOND_FACTOR_KEYS"):
        fresh_settings(monkeypatch, SECOND_FACTOR_KEYS=f"{NEW},short")
    assert fresh_settings(monkeypatch, SECOND_FACTOR_KEYS=f"{NEW},{OLD}")["SECOND_FACTOR_KEYS"] == [NEW, OLD]


def test_rows_in_the_clear_are_encrypted_once() -> None:
    user = build_user()
    kept = {"seed": "5eed" * 20, "used_mask": 5}
    Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    Authenticator.objects.create(user=user, type="recovery_codes", data=kept)
    assert [second_factor.encrypt_all() for _ in range(2)] == [2, 2]
    assert "JBSWY3DPEHPK3PXP" not in stored()
    assert "5eed" not in stored()
    assert Authenticator.objects.get(type="recovery_codes").data["used_mask"] == 5
    rows = {row.type: row.data for row in Authenticator.objects.all()}
    assert second_factor.decrypt(rows["totp"]["secret"]) == "JBSWY3DPEHPK3PXP"
    assert second_factor.decrypt(rows["recovery_codes"]["seed"]) == kept["seed"]
