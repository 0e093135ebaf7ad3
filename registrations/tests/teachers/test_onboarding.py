"""Becoming a teacher by invitation or request, and choosing a new password."""

import datetime as dt
import re
import threading
import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.db import connections
from django.db.models import F
from django.test import Client
from django.utils import timezone

from registrations.models import Invitation, School, Teacher
from registrations.teachers import onboarding
from registrations.tests.builders import (
    PASSWORD,
    build_fest,
    build_school,
    build_teacher,
    build_user,
)
from tickets.models import Delivery, Notice
from tickets.tests.admin_helpers import add_path, list_path, organiser, organiser_client
from tickets.tests.audited import run
from tickets.tests.brokers import broker_at, hanging_url, refusing_url

pytestmark = pytest.mark.django_db

QUICK = "django.contrib.auth.hashers.MD5PasswordHasher"
NEW = "purple rivers run"
SENT = "/accounts/confirm-email/"
User = get_user_model()


@pytest.fixture(autouse=True)
def fresh(db: None, settings: Any) -> None:
    cache.clear()
    settings.PASSWORD_HASHERS = [QUICK]


def build_invitation(**values: Any) -> Invitation:
    by = User.objects.filter(username="organiser").first() or organiser()
    defaults = {"email": "new@example.org", "invited_by": by}
    if "school" not in values:
        defaults["school"] = build_school()
    return Invitation.objects.create(**(defaults | values))


def path_of(invitation: Invitation) -> str:
    return f"/accounts/invited/{invitation.code}/"


def text_of(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def request_access(client: Client | None = None, **values: Any) -> Any:
    defaults = {
        "name": "Ms Rao",
        "email": "rao@example.org",
        "school": "Riverside Public School",
        "note": "",
        "password": PASSWORD,
    }
    return (client or Client()).post("/accounts/ask/", defaults | values)


def notice(subject: str) -> Notice:
    return Notice.objects.select_related("delivery").get(subject=subject)


def path_in(one: Notice) -> str:
    assert one.link.startswith("http://localhost:8000/")
    return one.link.removeprefix("http://localhost:8000")


# Invited


def test_organiser_invites_by_notice() -> None:
    school = build_school()
    response = organiser_client().post(
        add_path(Invitation), {"email": "new@example.org", "school": school.pk}
    )
    assert response.status_code == 302
    invitation = Invitation.objects.get()
    one = notice("Register your students")
    assert (one.delivery.to, path_in(one)) == ("new@example.org", path_of(invitation))
    assert invitation.invited_by.username == "organiser"
    assert "Riverside Public School" in one.text


def test_code_of_an_invitation_is_not_shown_in_the_admin() -> None:
    invitation = build_invitation()
    client = organiser_client(User.objects.get(username="organiser"))
    for path in (list_path(Invitation), f"/admin/registrations/invitation/{invitation.pk}/change/"):
        response = client.get(path)
        assert (response.status_code, invitation.code in response.content.decode()) == (200, False)


def test_invited_teacher_chooses_a_password_and_is_in() -> None:
    invitation = build_invitation()
    client = Client()
    assert "Riverside Public School" in text_of(client.get(path_of(invitation)))
    response = client.post(path_of(invitation), {"name": "Ms Rao", "password": PASSWORD})
    assert response["Location"] == "/teacher/"
    teacher = Teacher.objects.get()
    assert (teacher.name, teacher.school, teacher.is_approved) == ("Ms Rao", invitation.school, True)
    assert teacher.approved_by == invitation.invited_by
    assert list(teacher.user.groups.values_list("name", flat=True)) == ["teacher"]
    assert EmailAddress.objects.get(user=teacher.user).verified
    assert is_in(client)
    assert teacher.user.is_staff is False


def test_invitation_works_once() -> None:
    invitation = build_invitation()
    Client().post(path_of(invitation), {"name": "Ms Rao", "password": PASSWORD})
    response = Client().post(path_of(invitation), {"name": "Mr Evil", "password": PASSWORD})
    assert (response.status_code, Teacher.objects.count()) == (404, 1)


def test_invitation_ends_after_fourteen_days() -> None:
    invitation = build_invitation()
    Invitation.objects.update(created_at=F("created_at") - dt.timedelta(days=14))
    assert Client().get(path_of(invitation)).status_code == 404
    Invitation.objects.update(created_at=F("created_at") + dt.timedelta(minutes=5))
    assert Client().get(path_of(invitation)).status_code == 200


def test_used_and_unknown_invitation_read_the_same() -> None:
    build_fest()
    invitation = build_invitation(accepted_at=timezone.now())
    pages = {text_of(Client().get(path)) for path in (path_of(invitation), f"/accounts/invited/{'A' * 22}/")}
    assert len(pages) == 1


@pytest.mark.django_db(transaction=True)
def test_two_submissions_of_one_invitation_make_one_account() -> None:
    invitation = build_invitation()
    gate = threading.Barrier(2)
    statuses: list[int] = []

    def submit() -> None:
        try:
            client = Client()
            gate.wait(timeout=10)
            data = {"name": "Ms Rao", "password": PASSWORD}
            statuses.append(client.post(path_of(invitation), data).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=submit) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert Teacher.objects.count() == User.objects.filter(is_staff=False).count() == 1
    assert sorted(statuses) in ([302, 302], [302, 404], [200, 302])


def test_invitation_that_was_accepted_meanwhile_links_nobody() -> None:
    invitation = build_invitation()
    first, second = build_user(), build_user()
    onboarding.accept(invitation, user=first, now=timezone.now())
    with pytest.raises(onboarding.InvitationUsed):
        onboarding.accept(invitation, user=second, now=timezone.now())
    assert Teacher.objects.get().user == first


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "Enter a password"),
        ("short", "at least 10"),
        ("password123", "too common"),
        ("new@example.org", "too similar"),
    ],
)
def test_weak_password_is_refused_with_all_that_was_typed(password: str, words: str) -> None:
    invitation = build_invitation()
    response = Client().post(path_of(invitation), {"name": "Ms Rao", "password": password})
    assert (response.status_code, words in text_of(response)) == (200, True)
    assert 'value="Ms Rao"' in response.content.decode()
    assert User.objects.filter(is_staff=False).count() == 0


def test_invited_person_with_an_account_logs_in_first_and_is_linked() -> None:
    user = build_user(email="new@example.org")
    invitation = build_invitation()
    client = Client()
    assert "has an account already" in text_of(client.get(path_of(invitation)))
    client.post(path_of(invitation), {"name": "Evil", "password": "another long one"})
    assert Teacher.objects.count() == 0
    login = {"login": "new@example.org", "password": PASSWORD, "next": path_of(invitation)}
    assert client.post("/accounts/login/", login)["Location"] == path_of(invitation)
    assert Teacher.objects.count() == 0
    assert client.post(path_of(invitation))["Location"] == "/teacher/"
    assert Teacher.objects.get().user == user


def test_other_signed_in_account_is_not_linked() -> None:
    client = Client()
    client.force_login(build_user())
    invitation = build_invitation()
    assert "logged in with another account" in text_of(client.get(path_of(invitation)))
    client.post(path_of(invitation), {"name": "Evil", "password": PASSWORD})
    assert Teacher.objects.count() == 0


def test_invitation_moves_a_teacher_to_another_school() -> None:
    teacher = build_teacher(email="new@example.org")
    other = build_school("Hill School")
    client = Client()
    client.force_login(teacher.user)
    client.post(path_of(build_invitation(school=other)))
    assert Teacher.objects.get().school == other


# Asking


@pytest.mark.django_db(transaction=True)
def test_requester_verifies_the_address_waits_and_is_approved() -> None:
    client = Client()
    response = request_access(client, note="Class teacher of 9A", school="Brand New School")
    assert response["Location"] == SENT
    teacher = Teacher.objects.get()
    assert (teacher.note, teacher.school.state) == ("Class teacher of 9A", School.State.PENDING)
    assert (teacher.is_approved, Teacher.objects.waiting().count()) == (False, 0)
    path = path_in(notice("Confirm your address"))
    assert client.get(path).status_code == 200
    assert EmailAddress.objects.get().verified is False
    assert client.post(path, {"password": PASSWORD})["Location"] == "/teacher/waiting/"
    assert Teacher.objects.waiting().get() == teacher
    assert "Brand New School" in text_of(client.get("/teacher/waiting/"))
    data = {"action": "approve", "_selected_action": [teacher.pk]}
    page = organiser_client().post(list_path(Teacher), data, follow=True)
    assert "1 teacher is approved and gets a mail." in page.content.decode()
    assert client.get("/teacher/waiting/")["Location"] == "/teacher/"
    assert notice("Your access is approved").delivery.to == "rao@example.org"
    assert run() == []


def test_link_without_the_password_verifies_nothing() -> None:
    """A request in another person's name must not succeed because that person opens the link."""
    request_access()
    path = path_in(notice("Confirm your address"))
    client = Client()
    response = client.post(path, {"password": "not what was chosen"})
    assert "The password is not right" in text_of(response)
    assert EmailAddress.objects.get().verified is False
    assert is_in(client) is False


def test_link_is_dead_once_the_address_is_verified() -> None:
    request_access()
    path = path_in(notice("Confirm your address"))
    Client().post(path, {"password": PASSWORD})
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("known", ["verified", "unverified", "unknown"])
def test_response_to_a_request_is_the_same_for_every_address(known: str) -> None:
    if known != "unknown":
        teacher = build_teacher(email="rao@example.org")
        EmailAddress.objects.filter(user=teacher.user).update(verified=known == "verified")
    client = Client()
    response = request_access(client, name="Somebody Else")
    assert (response.status_code, response["Location"]) == (302, SENT)
    assert "We have sent you a mail." in text_of(client.get(SENT))
    one = Notice.objects.get()
    expected = "You already have an account" if known == "verified" else "Confirm your address"
    assert (one.subject, one.delivery.to) == (expected, "rao@example.org")
    assert User.objects.filter(email="rao@example.org").count() == 1
    assert Teacher.objects.get().name == ("Somebody Else" if known == "unknown" else "Ms Rao")


def test_mailbox_gets_three_notices_of_one_kind_an_hour() -> None:
    client = Client()
    for number in range(5):
        request_access(client, email=f"rao+{number}@example.org")
    assert Notice.objects.count() == 3


def test_refused_teacher_is_notified_and_may_ask_again() -> None:
    teacher = build_teacher(email="rao@example.org", is_approved=False)
    data = {"action": "refuse", "_selected_action": [teacher.pk], "confirmed": "yes"}
    page = organiser_client().post(list_path(Teacher), data, follow=True)
    assert "1 teacher is refused and gets a mail." in page.content.decode()
    assert notice("Your access was not approved").delivery.to == "rao@example.org"
    assert User.objects.filter(email="rao@example.org").exists() is False
    assert request_access()["Location"] == SENT
    assert Teacher.objects.get().name == "Ms Rao"


def test_refuse_spares_approved_and_approve_spares_unverified_teachers() -> None:
    approved = build_teacher()
    unverified = build_teacher(is_approved=False)
    EmailAddress.objects.filter(user=unverified.user).update(verified=False)
    ids = [approved.pk, unverified.pk]
    assert onboarding.refuse(ids) == 0
    assert onboarding.approve(ids, by=None, now=timezone.now()) == 0
    assert (Teacher.objects.count(), Delivery.objects.count()) == (2, 0)


def test_filter_shows_waiting_teachers() -> None:
    build_teacher(first_name="Approved Ann")
    build_teacher(first_name="Waiting Wim", is_approved=False)
    unverified = build_teacher(first_name="Unverified Uma", is_approved=False)
    EmailAddress.objects.filter(user=unverified.user).update(verified=False)
    client = organiser_client()
    names = ("Approved Ann", "Waiting Wim", "Unverified Uma")
    shown = {}
    for value in ("waiting", "approved", "unverified"):
        page = client.get(list_path(Teacher), {"approval": value}).content.decode()
        shown[value] = [name for name in names if name in page]
    assert shown == {
        "waiting": ["Waiting Wim"],
        "approved": ["Approved Ann"],
        "unverified": ["Unverified Uma"],
    }


def test_teacher_taken_out_of_the_group_waits_again(client: Client) -> None:
    teacher = build_teacher()
    client.force_login(teacher.user)
    assert client.get("/teacher/waiting/")["Location"] == "/teacher/"
    teacher.user.groups.clear()
    assert client.get("/teacher/waiting/").status_code == 200


# A new password


def reset(email: str = "rao@example.org", client: Client | None = None, **more: Any) -> Any:
    return (client or Client()).post("/accounts/password/reset/", {"email": email}, **more)


def new_password(path: str, password: str = NEW, client: Client | None = None) -> Any:
    client = client or Client()
    shown = client.get(path)
    return client.post(shown["Location"], {"password1": password}) if shown.status_code == 302 else shown


def test_new_password_by_notice_logs_in_also_during_an_attack() -> None:
    build_teacher(email="rao@example.org")
    for _ in range(6):
        Client().post("/accounts/login/", {"login": "rao@example.org", "password": "x"})
    assert reset()["Location"] == "/accounts/password/reset/done/"
    client = Client()
    response = new_password(path_in(notice("Choose a new password")), client=client)
    assert response["Location"] == "/teacher/"
    assert is_in(client)
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": "rao@example.org", "password": NEW})
    assert is_in(client)
    elsewhere = Client()
    elsewhere.post("/accounts/login/", {"login": "rao@example.org", "password": NEW})
    assert is_in(elsewhere)


def test_link_to_a_new_password_works_once() -> None:
    build_teacher(email="rao@example.org")
    reset()
    path = path_in(notice("Choose a new password"))
    new_password(path)
    response = new_password(path, "another long one")
    assert "This link no longer works" in text_of(response)


def test_link_to_a_new_password_is_dead_after_a_change() -> None:
    user = build_teacher(email="rao@example.org").user
    reset()
    path = path_in(notice("Choose a new password"))
    user.set_password(NEW)
    user.save()
    assert "This link no longer works" in text_of(Client().get(path))


@pytest.mark.parametrize(("minutes", "works"), [(59, True), (61, False)])
def test_link_to_a_new_password_lives_an_hour(
    monkeypatch: pytest.MonkeyPatch, minutes: int, works: bool
) -> None:
    build_teacher(email="rao@example.org")
    reset()
    path = path_in(notice("Choose a new password"))
    later = dt.datetime.now() + dt.timedelta(minutes=minutes)  # noqa: DTZ005 - as the library asks for it
    monkeypatch.setattr("django.contrib.auth.tokens.PasswordResetTokenGenerator._now", lambda self: later)
    assert (Client().get(path).status_code == 302) is works


def test_three_notices_an_hour_and_the_same_answer_for_all() -> None:
    build_fest()
    build_teacher(email="rao@example.org")
    client = Client()
    responses = [reset(who, client) for who in ("rao@example.org", "nobody@example.org") for _ in range(5)]
    assert {(response.status_code, response["Location"]) for response in responses} == {
        (302, "/accounts/password/reset/done/")
    }
    assert Delivery.objects.filter(to="rao@example.org").count() == 3
    assert Delivery.objects.filter(to="nobody@example.org").count() == 3


def test_hundred_requests_from_one_address_end_in_too_many() -> None:
    build_teacher(email="rao@example.org")
    client = Client()
    responses = [reset(client=client, REMOTE_ADDR=f"10.0.1.{n}") for n in range(12)]
    assert [response.status_code for response in responses] == [302] * 10 + [429] * 2
    assert "Too many tries in a short time" in text_of(responses[-1])


def test_link_uses_the_configured_host() -> None:
    build_teacher(email="rao@example.org")
    reset(headers={"X-Forwarded-Host": "evil.example"})
    assert notice("Choose a new password").link.startswith("http://localhost:8000/accounts/")


def test_new_password_by_mail_verifies_the_address() -> None:
    teacher = build_teacher(email="rao@example.org", is_approved=False)
    EmailAddress.objects.filter(user=teacher.user).update(verified=False)
    reset()
    client = Client()
    new_password(path_in(notice("Choose a new password")), client=client)
    assert EmailAddress.objects.get().verified
    assert is_in(client)


def test_change_of_the_password_keeps_this_browser_in_and_no_other() -> None:
    user = build_teacher().user
    here, there = Client(), Client()
    for client in (here, there):
        client.force_login(user)
    response = here.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW}, follow=True
    )
    assert "Your new password is set." in text_of(response)
    assert here.get("/teacher/waiting/")["Location"] == "/teacher/"
    assert there.get("/teacher/waiting/")["Location"].startswith("/accounts/login/")


def test_wrong_current_password_changes_nothing() -> None:
    user = build_teacher().user
    client = Client()
    client.force_login(user)
    response = client.post("/accounts/password/change/", {"oldpassword": "x", "password1": NEW})
    assert "The current password is not right" in text_of(response)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broker", ["refuses", "hangs"])
def test_login_and_notice_need_no_broker(broker: str) -> None:
    build_teacher(email="rao@example.org")
    with hanging_url() as hanging, broker_at(hanging if broker == "hangs" else refusing_url()):
        begun = time.monotonic()
        client = Client()
        client.post("/accounts/login/", {"login": "rao@example.org", "password": PASSWORD})
        assert reset()["Location"] == "/accounts/password/reset/done/"
        assert time.monotonic() - begun < 5
    assert is_in(client)
    assert Notice.objects.count() == 1
