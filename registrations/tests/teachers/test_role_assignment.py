"""Accounts in the admin: owners create and close accounts of lower rank, and cannot raise their own."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from events.models import AuditEntry
from registrations.models import AccountSession
from registrations.teachers.role_assignment import role_of
from registrations.tests.builders import PASSWORD, build_fest, build_teacher
from techfest.core import roles
from techfest.core.admin.base import page_of
from tickets.models import Notice
from tickets.tests.admin_helpers import add_path, filled_in, in_role, list_path, organiser, organiser_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Any:
    return in_role(roles.OWNER)


def made(client: Client, **values: Any) -> tuple[Any, User | None]:
    """Return the response to the form of a new account, and the account."""
    response = client.post(add_path(User), filled_in(client, add_path(User), username="new", **values))
    return response, User.objects.filter(username="new").first()


@pytest.mark.parametrize(
    ("role", "is_staff", "goes_to"),
    [(roles.LEAD, True, "/admin/"), (roles.RESULTS, True, "/admin/"), (roles.VOLUNTEER, False, None)],
)
def test_owner_makes_an_account_whose_password_is_shown_once(
    owner: Any, role: str, is_staff: bool, goes_to: str | None
) -> None:
    response, account = made(organiser_client(owner), role=role, password_choice="show")
    assert account is not None
    assert (response.status_code, role_of(account), account.is_staff, account.is_superuser) == (
        200,
        role,
        is_staff,
        False,
    )
    assert "no-store" in response["Cache-Control"]
    (password,) = re.findall(r"<code>(\S+)</code>", response.content.decode())
    login = Client().post("/accounts/login/", {"login": "new", "password": password})
    assert login.status_code == 302
    assert goes_to in (None, login["Location"])
    entry = AuditEntry.objects.get()
    assert (entry.subject_kind, entry.after["username"], entry.after.get("role")) == ("auth.user", "…", role)
    assert password not in str(AuditEntry.objects.values())


def test_mailed_link_sets_a_password_and_logs_in(owner: Any) -> None:
    """Also for a volunteer whose address was never confirmed."""
    build_fest()
    response, account = made(
        organiser_client(owner), role=roles.VOLUNTEER, password_choice="mail", email="vol@example.org"
    )
    assert response.status_code == 302
    assert account is not None
    assert not account.has_usable_password()
    notice = Notice.objects.get()
    assert (notice.delivery.to, "new" in notice.text) == ("vol@example.org", True)
    client = Client()
    form = client.get(notice.link.removeprefix("http://localhost:8000"), follow=True)
    chosen = client.post(form.redirect_chain[-1][0], {"password1": "three green words"}, follow=True)
    assert chosen.status_code == 200
    assert Client().login(username="new", password="three green words")
    assert client.session["_auth_user_id"] == str(account.pk)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"username": "OWNER"}, "Another account has this user name."),
        ({"username": "boss@example.org"}, "A user name has no @."),
        ({"email": "boss@example.org"}, "Another account has this address."),
        ({"password_choice": "mail", "email": ""}, "Without an address no link can be mailed."),
        ({"role": roles.OWNER}, "Select a valid choice"),
        ({"role": "superuser"}, "Select a valid choice"),
        ({"password_choice": "keep"}, "Select a valid choice"),
    ],
)
def test_account_that_would_harm_another_is_refused(owner: Any, values: dict[str, str], words: str) -> None:
    organiser("boss", email="boss@example.org")
    client = organiser_client(owner)
    sent = {"username": "new", "role": roles.LEAD, "password_choice": "show"} | values
    response = client.post(add_path(User), filled_in(client, add_path(User), **sent))
    assert (response.status_code, words in response.content.decode()) == (200, True)
    assert User.objects.count() == 2


def test_owner_cannot_raise_an_account_by_forged_fields(owner: Any) -> None:
    group = Group.objects.get(name=roles.OWNER)
    forged = {"is_superuser": "on", "is_staff": "on", "groups": [group.pk], "user_permissions": ["1"]}
    client = organiser_client(owner)
    _answer, account = made(client, role=roles.VOLUNTEER, password_choice="show", **forged)
    assert account is not None
    client.post(page_of(account), filled_in(client, page_of(account), **forged))
    account.refresh_from_db()
    assert (account.is_superuser, account.is_staff, role_of(account)) == (False, False, roles.VOLUNTEER)
    assert account.user_permissions.count() == 0


def test_owner_reads_but_cannot_change_owners_and_their_own_account(owner: Any) -> None:
    equal = in_role(roles.OWNER, "equal")
    client = organiser_client(owner)
    for account in (owner, equal):
        page = client.get(page_of(account))
        assert (page.status_code, 'name="role"' in page.content.decode()) == (200, False)
        sent = {"username": "taken", "role": roles.LEAD, "password_choice": "show", "email": "me@example.org"}
        assert client.post(page_of(account), sent).status_code == 403
    assert sorted(User.objects.values_list("username", flat=True)) == ["equal", "owner"]


def test_owner_does_not_find_a_superuser(owner: Any) -> None:
    boss = organiser("boss")
    client = organiser_client(owner)
    assert "boss" not in client.get(list_path(User)).content.decode()
    views = [reverse(f"admin:auth_user_{view}", args=[boss.pk]) for view in ("change", "history", "delete")]
    assert {client.get(path).status_code for path in views} <= {403, 404}
    assert {client.post(path, {"username": "x"}).status_code for path in views} <= {403, 404, 405}
    assert organiser_client(organiser("second")).get(page_of(boss)).status_code == 200


def test_closed_account_is_out_at_once_and_stays_in_the_audit_log(owner: Any) -> None:
    lead = in_role(roles.LEAD)
    inside, client = organiser_client(lead), organiser_client(owner)
    assert inside.get("/admin/").status_code == 200
    sent = filled_in(client, page_of(lead))
    del sent["is_active"]
    assert client.post(page_of(lead), sent).status_code == 302
    assert inside.get("/admin/").status_code == 302
    assert AuditEntry.objects.get().after == {"is_active": False}
    assert AccountSession.objects.filter(account=lead).count() == 0, "opened again, no old session lives"
    assert client.post(reverse("admin:auth_user_delete", args=[lead.pk]), {"post": "yes"}).status_code == 403


def test_changed_role_is_the_only_role(owner: Any) -> None:
    lead = in_role(roles.LEAD)
    client = organiser_client(owner)
    client.post(page_of(lead), filled_in(client, page_of(lead), role=roles.VOLUNTEER))
    lead.refresh_from_db()
    assert (role_of(lead), lead.groups.count(), lead.is_staff) == (roles.VOLUNTEER, 1, False)


def test_teacher_with_a_role_stays_a_teacher(owner: Any) -> None:
    teacher = build_teacher(email="rao@example.org")
    client = organiser_client(owner)
    before = set(teacher.user.groups.values_list("name", flat=True))
    client.post(page_of(teacher.user), filled_in(client, page_of(teacher.user), role=roles.VOLUNTEER))
    assert set(teacher.user.groups.values_list("name", flat=True)) == before | {roles.VOLUNTEER}
    teacher.user.refresh_from_db()
    assert teacher.user.check_password(PASSWORD)


def test_superuser_makes_owners_and_cannot_change_their_own_account() -> None:
    boss = organiser("boss")
    client = organiser_client(boss)
    _answer, account = made(client, role=roles.OWNER, password_choice="show")
    assert (role_of(account), account is not None and account.is_staff) == (roles.OWNER, True)
    page = client.get(page_of(boss)).content.decode()
    assert [name for name in ("role", "is_active", "password_choice") if f'name="{name}"' in page] == []
    client.post(page_of(boss), {"username": "boss", "first_name": "Ms Das", "role": roles.VOLUNTEER})
    boss.refresh_from_db()
    assert (boss.first_name, role_of(boss)) == ("Ms Das", "")
    assert boss.is_superuser and boss.is_staff and boss.is_active  # noqa: PT018 - one thing: all is as it was


@pytest.mark.parametrize("role", [roles.LEAD, roles.RESULTS])
def test_other_roles_find_no_accounts(role: str) -> None:
    user = in_role(role)
    client = organiser_client(user)
    paths = [list_path(User), add_path(User), page_of(user)]
    assert {client.get(path).status_code for path in paths} <= {403, 404}
    assert Group not in admin.site._registry
