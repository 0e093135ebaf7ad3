"""Sessions end by themselves, can be listed and ended by people and owners, and are cleared."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Fest
from registrations import tasks
from registrations.models import AccountSession, SecurityEvent
from registrations.teachers import sessions
from registrations.teachers.sessions import device_of
from registrations.tests.builders import PASSWORD, build_event, build_fest, build_teacher, build_user
from techfest.core.admin.base import page_of
from techfest.core.roles import LEAD, OWNER, RESULTS, VOLUNTEER
from tickets.tests.admin_helpers import in_role, is_asked, list_path, organiser_client, sent_by

pytestmark = pytest.mark.django_db

HERE = "/accounts/sessions/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
)


@pytest.fixture(autouse=True)
def fresh(db: None, settings: Any) -> None:
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def signed_in(user: Any, **headers: str) -> Client:
    browser = Client(REMOTE_ADDR="203.0.113.7", headers=headers)
    browser.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    return browser


def is_in(browser: Client) -> bool:
    return browser.get(HERE).status_code == 200


def moved(browser: Client, by: dt.timedelta) -> None:
    """Move everything in this browser's session into the past."""
    session = browser.session
    for events in (session[sessions.SIGNED_IN],):
        events["at"] -= by.total_seconds()
        events["ends"] -= by.total_seconds()
    if sessions.USED_IN_ADMIN in session:
        session[sessions.USED_IN_ADMIN] -= by.total_seconds()
    session.save()


def test_session_ends_after_twelve_hours_however_much_it_is_used() -> None:
    browser = signed_in(build_user())
    moved(browser, dt.timedelta(hours=11, minutes=59))
    assert is_in(browser)
    moved(browser, dt.timedelta(minutes=2))
    assert browser.get(HERE)["Location"] == f"/accounts/login/?next={HERE}"


@pytest.mark.parametrize("role", [OWNER, LEAD, RESULTS])
def test_staff_have_twelve_hours(role: str) -> None:
    now = timezone.now()
    user = in_role(role)
    user.groups.add(*in_role(VOLUNTEER).groups.all())
    assert sessions.end_of(user, now=now) == now + dt.timedelta(hours=12)


def with_role(role: str) -> Any:
    user = build_user()
    user.groups.add(Group.objects.get(name=role))
    return user


def test_session_of_a_volunteer_outlasts_the_browser_until_its_end() -> None:
    """Phones close the browser when they need memory, also in the middle of the fest."""
    user = with_role(VOLUNTEER)
    cookie = signed_in(user).cookies["sessionid"]
    left = sessions.end_of(user, now=timezone.now()) - timezone.now()
    assert abs(int(cookie["max-age"]) - left.total_seconds()) < 60


@pytest.mark.parametrize("role", [OWNER, LEAD, RESULTS, "teacher"])
def test_other_sessions_end_with_the_browser(role: str) -> None:
    user = build_teacher().user if role == "teacher" else with_role(role)
    cookie = signed_in(user).cookies["sessionid"]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")


@pytest.mark.parametrize(
    ("zone", "now", "ends"),
    [
        ("Asia/Kolkata", "2026-12-05T08:00+05:30", "2026-12-06T00:00+05:30"),
        ("Asia/Kolkata", "2026-12-05T21:59+05:30", "2026-12-06T00:00+05:30"),
        ("Asia/Kolkata", "2026-12-05T22:01+05:30", "2026-12-07T00:00+05:30"),
        ("Asia/Kolkata", "2026-12-05T23:59+05:30", "2026-12-07T00:00+05:30"),
        ("Asia/Kolkata", "2026-12-06T00:00+05:30", "2026-12-07T00:00+05:30"),
        ("America/New_York", "2026-10-31T20:00-04:00", "2026-11-01T00:00-04:00"),
        ("America/New_York", "2026-11-01T00:30-04:00", "2026-11-02T00:00-05:00"),
    ],
)
def test_volunteers_have_until_the_fests_midnight(zone: str, now: str, ends: str) -> None:
    build_fest(time_zone=zone)
    at = dt.datetime.fromisoformat(now)
    assert sessions.end_of(in_role(VOLUNTEER), now=at) == dt.datetime.fromisoformat(ends)


@pytest.mark.parametrize("hours", [1, 13, 25])
def test_stored_end_is_the_one_that_was_set_at_sign_in(hours: int) -> None:
    """Neither twelve hours after the last write nor another limit moves it."""
    browser = signed_in(build_user())
    session, ends = browser.session, timezone.now() + dt.timedelta(hours=hours)
    session[sessions.SIGNED_IN]["ends"] = ends.timestamp()
    session.save()
    assert abs(
        sessions.sessions_of(AccountSession.objects.get().account)[0].expire_date - ends
    ) < dt.timedelta(seconds=1)


def test_volunteer_without_a_fest_has_until_midnight_all_the_same() -> None:
    at = dt.datetime(2026, 12, 5, 8, tzinfo=dt.UTC)
    assert Fest.objects.count() == 0
    assert sessions.end_of(in_role(VOLUNTEER), now=at) == dt.datetime(2026, 12, 6, tzinfo=dt.UTC)


def test_admin_is_left_after_two_hours_without_use_and_says_so() -> None:
    user = in_role(OWNER)
    browser = organiser_client(user)
    assert browser.get("/admin/").status_code == 200
    moved(browser, dt.timedelta(hours=1, minutes=59))
    assert browser.get("/admin/").status_code == 200
    moved(browser, dt.timedelta(hours=1, minutes=59))
    assert browser.get("/admin/").status_code == 200, "every use begins anew"
    moved(browser, dt.timedelta(hours=2, minutes=1))
    response = browser.get("/admin/events/event/")
    assert response["Location"] == "/accounts/login/?next=/admin/events/event/"
    assert "after two hours without use" in browser.get(response["Location"]).content.decode()
    assert not is_in(browser)
    assert SecurityEvent.objects.get(kind="sessions_ended", account=user).detail == "two hours without use"


def test_post_after_two_hours_changes_nothing() -> None:
    user, other = in_role(OWNER), build_user(first_name="Asha")
    browser = organiser_client(user)
    sent = sent_by(browser.get(page_of(other))) | {"first_name": "Zarina"}
    moved(browser, dt.timedelta(hours=2, minutes=1))
    assert browser.post(page_of(other), sent)["Location"] == "/accounts/login/?next=/admin/"
    other.refresh_from_db()
    assert other.first_name == "Asha"


def test_use_is_recorded_once_a_minute(django_assert_max_num_queries: Any) -> None:
    browser = organiser_client(in_role(OWNER))
    browser.get("/admin/")
    before = browser.session[sessions.USED_IN_ADMIN]
    browser.get("/admin/")
    assert browser.session[sessions.USED_IN_ADMIN] == before


def test_pages_outside_the_admin_do_not_end_without_use() -> None:
    browser = organiser_client(build_teacher().user)
    moved(browser, dt.timedelta(hours=3))
    assert is_in(browser)


def test_admin_ends_no_session_of_an_account_that_has_no_business_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "MIN_SESSION", dt.timedelta(hours=12))  # no midnight comes before that
    build_fest()
    volunteer, teacher = in_role(VOLUNTEER), build_teacher().user
    for user, page in ((volunteer, "/door/"), (teacher, "/teacher/")):
        browser = Client()
        browser.force_login(user)
        before = browser.get(page).status_code
        moved(browser, dt.timedelta(hours=3))
        assert browser.get("/admin/").status_code == 403
        assert (browser.get(page).status_code, is_in(browser)) == (before, True)


def test_check_in_counts_as_use_but_background_requests_do_not() -> None:
    event = build_event(build_fest())
    user, checkpoint = in_role(OWNER), reverse("checkin:scanner-event", args=[event.slug])
    working, asking = organiser_client(user), organiser_client(user)
    for _hour in range(3):
        moved(working, dt.timedelta(hours=1))
        moved(asking, dt.timedelta(hours=1))
        assert working.get(checkpoint).status_code == 200
        assert asking.get(reverse("checkin:live-event", args=[event.slug])).status_code == 200
    assert working.get("/admin/").status_code == 200
    assert asking.get("/admin/")["Location"] == "/accounts/login/?next=/admin/"


def test_door_revives_no_session_that_the_admin_has_to_end() -> None:
    build_fest()
    browser = organiser_client(in_role(OWNER))
    moved(browser, dt.timedelta(hours=2, minutes=1))
    assert browser.get("/door/").status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_person_sees_where_they_are_signed_in_and_ends_one() -> None:
    user = build_user()
    here, phone, third = (
        signed_in(user, user_agent=FIREFOX),
        signed_in(user, user_agent=PHONE),
        signed_in(user),
    )
    page = here.get(HERE)
    text = page.content.decode()
    assert ("Firefox, Linux" in text, "Chrome, Android" in text, "203.0.113.0/24" in text) == (
        True,
        True,
        True,
    )
    keys = list(AccountSession.objects.values_list("session_key", flat=True))
    assert len(keys) == 3
    assert not any(key in text for key in keys), "a key opens the session"
    session = AccountSession.objects.get(session_key=phone.session.session_key)
    here.post(HERE, {"session": sessions.handle_of(session)})
    assert [is_in(one) for one in (here, phone, third)] == [True, False, True]
    here.post(HERE, {"session": "others"})
    assert [is_in(one) for one in (here, phone, third)] == [True, False, False]
    events = SecurityEvent.objects.filter(kind="sessions_ended", account=user)
    assert list(events.values_list("detail", flat=True)) == ["1", "1"]


def test_page_ends_no_session_of_another_account() -> None:
    user, other = build_user(), signed_in(build_user())
    session = AccountSession.objects.get(session_key=other.session.session_key)
    signed_in(user).post(HERE, {"session": sessions.handle_of(session)})
    assert is_in(other)
    assert Client().get(HERE).status_code == 302


def test_owner_sees_and_ends_the_sessions_of_an_account() -> None:
    user = build_user()
    browser, client = signed_in(user, user_agent=PHONE), organiser_client(in_role(OWNER))
    sent = {"action": "end_sessions", "_selected_action": [user.pk]}
    asked = client.post(list_path(type(user)), sent, follow=True)
    assert is_asked(asked)
    assert "Chrome, Android" in asked.content.decode()
    assert str(browser.session.session_key) not in asked.content.decode()
    assert is_in(browser)
    client.post(list_path(type(user)), sent | {"confirmed": "yes"})
    assert not is_in(browser)
    event = SecurityEvent.objects.get(kind="sessions_ended", account=user)
    assert event.by is not None


def test_owner_cannot_end_sessions_of_a_superuser_and_a_lead_none_at_all() -> None:
    boss, user = in_role(OWNER, "boss", is_superuser=True), build_user()
    boss.set_password(PASSWORD)
    boss.save()
    browsers = [signed_in(one) for one in (boss, user)]
    for role, chosen in ((OWNER, boss), (LEAD, user)):
        sent = {"action": "end_sessions", "_selected_action": [chosen.pk], "confirmed": "yes"}
        organiser_client(in_role(role, f"some {role}")).post(list_path(type(boss)), sent)
    assert [is_in(one) for one in browsers] == [True, True]


def test_new_password_ends_every_other_session() -> None:
    user = build_user()
    here, elsewhere = signed_in(user), signed_in(user)
    here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": "three green words"})
    assert [is_in(one) for one in (here, elsewhere)] == [True, False]
    assert len(sessions.sessions_of(user)) == 1


def test_sessions_that_have_ended_are_cleared() -> None:
    user = build_user()
    live, old = signed_in(user), signed_in(user)
    moved(old, dt.timedelta(hours=13))
    assert AccountSession.objects.count() == 2
    tasks.clear_sessions()
    assert [one.session_key for one in AccountSession.objects.all()] == [live.session.session_key]


@pytest.mark.parametrize(
    ("said", "device"),
    [(FIREFOX, "Firefox, Linux"), (PHONE, "Chrome, Android"), ("", ""), ("curl/8", ""), ("x" * 9000, "")],
)
def test_device_is_named_in_two_words(said: str, device: str) -> None:
    assert device_of(said) == device
