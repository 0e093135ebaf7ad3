"""A second step is reset by an owner with a reason; that of an owner only on the server."""

from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from events.models import AuditEntry
from registrations.models import AccountSession, SecurityEvent
from registrations.tests.builders import PASSWORD
from registrations.tests.second_step import RecoveryCodes, code_of, set_up_app
from techfest.core.roles import LEAD, OWNER
from tickets.models import Notice
from tickets.tests.admin_helpers import in_role, is_asked, list_path, organiser, organiser_client

pytestmark = pytest.mark.django_db

ACTION = "reset_second_factors"
WHY = "Phone lost on the bus, seen in person"


@pytest.fixture
def lead() -> Any:
    user = in_role(LEAD, email="lead@example.org")
    set_up_app(user)
    RecoveryCodes.activate(user)
    return user


def ask_for(organiser: Any, account: Any, **values: str) -> Any:
    sent = {"action": ACTION, "_selected_action": [account.pk], **values}
    return organiser_client(organiser).post(list_path(type(account)), sent, follow=True)


def test_owner_resets_it_with_a_reason_and_the_person_is_notified(lead: Any) -> None:
    browser, owner = organiser_client(lead), in_role(OWNER)
    assert is_asked(ask_for(owner, lead))
    assert is_asked(ask_for(owner, lead, confirmed="yes", reason="")), "not without a reason"
    assert Authenticator.objects.count() == 2
    ask_for(owner, lead, confirmed="yes", reason=WHY)
    assert Authenticator.objects.count() == 0
    assert AccountSession.objects.filter(account=lead).count() == 0
    assert browser.get("/accounts/sessions/").status_code == 302
    entry = AuditEntry.objects.get(what="second step reset")
    assert (entry.user, entry.subject_id, entry.reason) == (owner, lead.pk, WHY)
    event = SecurityEvent.objects.get(kind="second_factor_reset")
    assert (event.account, event.by, event.detail) == (lead, owner, WHY)
    notice = Notice.objects.get()
    assert (notice.delivery.to, notice.subject) == ("lead@example.org", "Your second step was reset")


@pytest.mark.parametrize("is_command", [False, True])
def test_reset_ends_the_lock_outs_of_the_account(lead: Any, is_command: bool, settings: Any) -> None:
    """Otherwise the person who was just helped reads for five minutes that there were too many attempts."""
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    lead.set_password(PASSWORD)
    lead.save()

    def log_in(password: str) -> Client:
        browser = Client()
        browser.post("/accounts/login/", {"login": lead.username, "password": password})
        browser.post("/accounts/reauthenticate/", {"password": password})
        return browser

    halfway = log_in(PASSWORD)
    for _try in range(6):
        halfway.post(reverse("mfa_authenticate"), {"code": "000000"})
        log_in("a guess")
    assert "_auth_user_id" not in log_in(PASSWORD).session
    if is_command:
        call_command("reset_second_factor", lead.username, "--reason", WHY, stdout=StringIO())
    else:
        ask_for(in_role(OWNER), lead, confirmed="yes", reason=WHY)
    browser = log_in(PASSWORD)
    assert "_auth_user_id" in browser.session
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    browser.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert Authenticator.objects.filter(user=lead, type="totp").exists()


def test_owner_cannot_reset_owners_superusers_or_their_own(lead: Any) -> None:
    owner = in_role(OWNER)
    for account in (owner, in_role(OWNER, "equal"), organiser("boss")):
        set_up_app(account)
        response = ask_for(owner, account, confirmed="yes", reason=WHY)
        assert "The second step was reset" not in response.content.decode()
        assert Authenticator.objects.filter(user=account).count() == 1


def test_superuser_cannot_reset_an_owner_in_the_admin() -> None:
    boss, owner = organiser("boss"), in_role(OWNER)
    set_up_app(owner)
    response = ask_for(boss, owner, confirmed="yes", reason=WHY)
    assert "manage.py reset_second_factor" in response.content.decode()
    assert Authenticator.objects.count() == 1


def test_selection_with_an_owner_resets_nothing(lead: Any) -> None:
    boss, owner = organiser("boss"), in_role(OWNER)
    sent = {"action": ACTION, "_selected_action": [lead.pk, owner.pk], "confirmed": "yes", "reason": WHY}
    organiser_client(boss).post(list_path(type(boss)), sent)
    assert Authenticator.objects.count() == 2


def test_lead_resets_no_second_step(lead: Any) -> None:
    ask_for(in_role(LEAD, "another"), lead, confirmed="yes", reason=WHY)
    assert Authenticator.objects.count() == 2


def test_no_other_page_of_the_admin_removes_one(lead: Any) -> None:
    step = Authenticator.objects.filter(user=lead)[0]
    path = reverse("admin:mfa_authenticator_delete", args=[step.pk])
    for who in (organiser("boss"), in_role(OWNER)):
        assert organiser_client(who).post(path, {"post": "yes"}).status_code == 403
    assert Authenticator.objects.count() == 2


def test_command_resets_an_owner_and_notifies_all_owners() -> None:
    lost = in_role(OWNER, "lost", email="lost@example.org")
    in_role(OWNER, "second", email="second@example.org")
    organiser("boss", email="boss@example.org")
    in_role(LEAD, email="lead@example.org")
    set_up_app(lost)
    said = StringIO()
    call_command("reset_second_factor", "lost@example.org", "--reason", WHY, stdout=said)
    assert "must set up a new second step" in said.getvalue()
    assert Authenticator.objects.count() == 0
    notified = set(Notice.objects.values_list("delivery__to", "subject"))
    assert notified == {
        ("lost@example.org", "Your second step was reset"),
        ("second@example.org", "A second step was reset"),
        ("boss@example.org", "A second step was reset"),
    }
    assert AuditEntry.objects.get(what="second step reset").user is None


@pytest.mark.parametrize("arguments", [("nobody", "--reason", WHY), ("lost", "--reason", " "), ("lost",)])
def test_console_wants_an_account_and_a_reason(arguments: tuple[str, ...]) -> None:
    set_up_app(in_role(OWNER, "lost"))
    with pytest.raises(CommandError):
        call_command("reset_second_factor", *arguments)
    assert Authenticator.objects.count() == 1
