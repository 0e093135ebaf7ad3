"""The security log records who, what, when and from which network, and nothing that opens an account."""

import datetime as dt
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from registrations.models import SecurityEvent
from registrations.privacy.redact import erasing
from registrations.teachers import account_events, onboarding, security
from registrations.teachers.role_assignment import make_owner
from registrations.tests.builders import PASSWORD, build_teacher, build_user
from registrations.tests.second_step import code_of, set_up_app, totp
from techfest.core.admin.base import page_of
from techfest.core.roles import LEAD, OWNER, VOLUNTEER
from tickets.models import Notice
from tickets.tests.admin_helpers import filled_in, in_role, list_path, organiser_client

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
HOME = "203.0.113.77"
NEW = "three green words"


@pytest.fixture(autouse=True)
def fresh(db: None, settings: Any) -> None:
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def user() -> Any:
    return build_user(email="rao@example.org")


def log_in(user: Any, password: str = PASSWORD, *, login: str = "", address: str = HOME) -> Client:
    browser = Client(REMOTE_ADDR=address)
    browser.post(LOGIN, {"login": login or user.email, "password": password})
    return browser


def kinds(**values: Any) -> list[str]:
    return list(SecurityEvent.objects.filter(**values).order_by("pk").values_list("kind", flat=True))


def test_sign_in_failure_and_sign_out_are_kept_with_their_network(user: Any) -> None:
    log_in(user, "wrong")
    log_in(user).post("/accounts/logout/")
    assert kinds(account=user) == ["sign_in_failed", "signed_in", "signed_out"]
    assert set(SecurityEvent.objects.filter(by=None).values_list("network")) == {("203.0.113.0/24",)}


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
    ],
)
def test_of_an_address_only_the_network_is_kept(user: Any, address: str, network: str) -> None:
    log_in(user, address=address)
    assert SecurityEvent.objects.get().network == network


@pytest.mark.parametrize("address", ["", "not an address", "203.0.113.7.8"])
def test_invalid_address_has_no_network(address: str) -> None:
    assert security.network_of(RequestFactory().get("/", REMOTE_ADDR=address)) == ""


def test_typed_text_is_not_stored(user: Any) -> None:
    log_in(user, "my secret word")
    log_in(user, "x", login="my other secret word")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM registrations_securityevent e")
        kept = cursor.fetchone()[0]
    assert not any(word in kept for word in ("secret", "rao@", user.username, user.password, HOME))


def test_lock_out_is_one_event(user: Any) -> None:
    for number in range(8):
        log_in(user, "wrong", address=f"198.51.{number}.1")
    assert kinds(account=user) == ["sign_in_failed"] * 5 + ["locked_out"]


def test_stranger_who_tries_many_names_does_not_fill_the_table() -> None:
    for number in range(6):
        log_in(None, "x", login=f"nobody{number}")
    assert kinds(account=None) == ["sign_in_failed"]


def test_unknown_names_are_recorded_again_a_minute_later() -> None:
    earlier = timezone.now() - dt.timedelta(minutes=2)
    SecurityEvent.objects.create(kind="sign_in_failed", network="203.0.113.0/24", at=earlier)
    log_in(None, "x", login="nobody else")
    assert kinds(account=None) == ["sign_in_failed"] * 2


def test_second_step_is_recorded_when_set_up_passed_failed_and_removed(
    user: Any, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = set_up_app(user)
    browser = log_in(user)
    browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert kinds(account=user) == ["second_factor_failed", "second_factor_used", "signed_in"]
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.post("/accounts/2fa/totp/deactivate/")
    monkeypatch.setattr(totp, "generate_totp_secret", lambda: secret)
    browser.get("/accounts/2fa/totp/activate/")
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/2fa/recovery-codes/generate/")
    assert kinds(account=user)[3:] == ["second_factor_removed", "second_factor_added", "recovery_codes"]
    subjects = list(Notice.objects.order_by("pk").values_list("subject", flat=True))
    assert subjects == [
        "Your second step was removed",
        "A second step was set up",
        "You have new recovery codes",
    ]
    assert set(Notice.objects.values_list("delivery__to", flat=True)) == {"rao@example.org"}


def test_too_many_wrong_codes_are_a_lock_out(user: Any) -> None:
    set_up_app(user)
    browser = log_in(user)
    for _ in range(7):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert kinds(account=user) == ["second_factor_failed"] * 5 + ["locked_out"]
    assert SecurityEvent.objects.get(kind="locked_out").detail == security.AT_SECOND_STEP


def by_its_owner(user: Any) -> None:
    log_in(user).post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW})


def by_a_link(user: Any) -> None:
    browser = Client()
    browser.post("/accounts/password/reset/", {"email": user.email})
    link = Notice.objects.get().link.removeprefix("http://localhost:8000")
    form = browser.get(link, follow=True).redirect_chain[-1][0]
    browser.post(form, {"password1": NEW})


def by_an_organiser(user: Any) -> None:
    client = organiser_client(in_role(OWNER))
    client.post(page_of(user), filled_in(client, page_of(user), password_choice="show"))


def at_the_console(user: Any) -> None:
    user.set_password(NEW)
    user.save()


@pytest.mark.parametrize("way", [by_its_owner, by_a_link, by_an_organiser, at_the_console])
def test_new_password_is_recorded_and_mailed_however_it_was_set(user: Any, way: Any) -> None:
    way(user)
    event = SecurityEvent.objects.get(kind="password_changed", account=user)
    notice = Notice.objects.exclude(subject="Choose a new password").get()
    is_given = way is by_an_organiser
    assert (event.by is not None) == is_given
    assert notice.delivery.to == "rao@example.org"
    assert notice.subject == (
        "An organiser gave you a new password" if is_given else "Your password was changed"
    )
    assert notice.link == "http://localhost:8000/accounts/password/reset/"
    assert NEW not in notice.text


def test_password_that_is_only_hashed_anew_is_no_new_password(user: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    log_in(user)
    user.refresh_from_db()
    assert user.password.startswith("pbkdf2")
    assert kinds(account=user) == ["signed_in"]


def test_account_without_an_address_gets_no_mail() -> None:
    user = build_user(email="")
    at_the_console(user)
    assert kinds(account=user) == ["password_changed"]
    assert Notice.objects.count() == 0


def test_admin_leads_to_the_one_page_that_changes_passwords() -> None:
    response = organiser_client().get("/admin/password_change/")
    assert (response.status_code, response["Location"]) == (302, "/accounts/password/change/")


def test_roles_are_recorded_however_they_change(user: Any) -> None:
    owner = in_role(OWNER)
    client = organiser_client(owner)
    client.post(page_of(user), filled_in(client, page_of(user), role=LEAD))
    event = SecurityEvent.objects.get(account=user)
    assert (event.kind, event.detail, event.by) == ("roles_changed", f"+{LEAD}", owner)
    Group.objects.get(name=VOLUNTEER).user_set.add(user)
    user.groups.clear()
    details = SecurityEvent.objects.filter(account=user).order_by("pk").values_list("detail", flat=True)
    assert list(details)[1:] == [f"+{VOLUNTEER}", f"−{LEAD}, −{VOLUNTEER}"]
    teacher = build_teacher(is_approved=False)
    onboarding.approve([teacher.pk], by=owner, now=timezone.now())
    assert SecurityEvent.objects.get(account=teacher.user).kind == "roles_changed"
    make_owner("boss@example.org")
    boss = SecurityEvent.objects.filter(account__email="boss@example.org").values_list("detail", flat=True)
    assert set(boss) == {"+superuser", f"+{OWNER}"}


def test_closing_and_opening_an_account_are_noted(user: Any) -> None:
    client = organiser_client(in_role(OWNER))
    sent = filled_in(client, page_of(user))
    del sent["is_active"]
    client.post(page_of(user), sent)
    client.post(page_of(user), sent | {"is_active": "on"})
    assert kinds(account=user) == ["closed", "opened"]


def test_log_is_append_only(user: Any) -> None:
    log_in(user)
    for change in (SecurityEvent.objects.all().delete, lambda: SecurityEvent.objects.update(detail="x")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert kinds(account=user) == ["signed_in"]


def test_erasure_cannot_rewrite_the_log(user: Any) -> None:
    log_in(user)
    for change in (SecurityEvent.objects.all().delete, lambda: SecurityEvent.objects.update(detail="x")):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), erasing():
            change()
    assert kinds(account=user) == ["signed_in"]


def test_owner_reads_the_log_and_each_accounts_part_of_it(user: Any) -> None:
    log_in(user, "wrong")
    client = organiser_client(in_role(OWNER))
    pages = [
        client.get(path)
        for path in (list_path(SecurityEvent), reverse("admin:auth_user_history", args=[user.pk]))
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert all("wrong password" in page.content.decode() for page in pages)
    event = SecurityEvent.objects.get(account=user)
    assert client.post(page_of(event), {"detail": "x"}).status_code == 403
    lead = organiser_client(in_role(LEAD))
    assert lead.get(list_path(SecurityEvent)).status_code == 403


def test_event_outlives_the_account_and_does_not_keep_it() -> None:
    """A refused teacher can ask again."""
    teacher = build_teacher(is_approved=False)
    log_in(teacher.user)
    assert onboarding.refuse([teacher.pk]) == 1
    assert kinds() == ["signed_in"]
    assert organiser_client(in_role(OWNER)).get(list_path(SecurityEvent)).status_code == 200


def test_every_kind_that_is_mailed_has_a_text(user: Any) -> None:
    kinds = [kind for kind in SecurityEvent.Kind if kind.name.startswith(("PASSWORD", "SECOND", "RECOVERY"))]
    kinds = [kind for kind in kinds if not kind.name.endswith(("USED", "FAILED"))]
    for kind in kinds:
        account_events.record_and_notify(kind, user)
    assert Notice.objects.values("subject").distinct().count() == len(kinds) == 5
    assert Authenticator.objects.count() == 0
