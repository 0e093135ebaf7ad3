"""A new fest: copied, filled with pasted events, checked before going live, and created by a command."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import Category, Event, Fest, Seats
from registrations.models import ConsentText, Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets import go_live
from tickets.mail import provider_limits
from tickets.models import Delivery, DeliveryEvent, Notice
from tickets.tests.admin_helpers import list_path, organiser, organiser_client, query_count
from tickets.tests.audited import run

TODAY = timezone.localdate()
YEAR = TODAY.year if TODAY.month < 11 else TODAY.year + 1
"""The December of the fest is always ahead."""
HEAD = "Name\tCategory\tVenue\tDay\tStart\tEnd\tCapacity\tGrades\n"


@pytest.fixture
def client() -> Client:
    return organiser_client(organiser(email="owner@school.edu"))


def page(fest: Fest, word: str) -> str:
    return reverse(f"admin:events_fest_{word}", args=[fest.pk])


def december(**values: Any) -> Fest:
    days = {"starts_on": dt.date(YEAR, 12, 12), "ends_on": dt.date(YEAR, 12, 13)}
    return build_fest(**(days | values))


def send(client: Client, path: str, form: dict[str, str]) -> Any:
    """Post the form, and confirm unusual dates."""
    response = client.post(path, form)
    if response.status_code == 200 and (digest := response.context["form"].dates_digest):
        response = client.post(path, form | {"dates_are_right": digest})
    return response


@pytest.mark.django_db
def test_last_years_fest_is_copied_without_its_people(client: Client) -> None:
    source = december(name="Fest one", slug="fest-one")
    event = build_event(source, capacity=40, hour=10, name="Robo Race")
    Event.objects.filter(pk=event.pk).update(promotes_until=event.starts_at - dt.timedelta(hours=3))
    build_submission(event)
    ConsentText.objects.create(fest=source, version=2, text="I agree to the newest.")
    form = {
        "name": "Fest two",
        "slug": "fest-two",
        "starts_on": f"{YEAR + 1}-12-11",
        "opens_at": f"{YEAR + 1}-11-01 18:00",
        "closes_at": f"{YEAR + 1}-12-01 18:00",
    }
    assert send(client, page(source, "copy"), form).status_code == 302
    fest = Fest.objects.get(slug="fest-two")
    assert (fest.is_current, fest.ends_on.isoformat(), fest.place) == (
        False,
        f"{YEAR + 1}-12-12",
        source.place,
    )
    assert fest.consent_texts.get().text == "I agree to the newest."
    copied = fest.events.get()
    local = [
        moment.astimezone(fest.zone).isoformat() for moment in (copied.starts_at, copied.promotion_ends_at)
    ]
    assert local == [f"{YEAR + 1}-12-11T10:00:00+05:30", f"{YEAR + 1}-12-11T07:00:00+05:30"]
    assert (copied.state, copied.slug, copied.category.fest, copied.venue.fest) == (
        "draft",
        event.slug,
        fest,
        fest,
    )
    assert Seats.objects.values_list("capacity", "taken", "last_queue_position").get(pk=copied.pk) == (
        40,
        0,
        0,
    )
    assert Registration.objects.filter(event__fest=fest).count() == 0


@pytest.mark.django_db
def test_times_of_a_copy_are_read_in_the_zone_that_the_page_names(client: Client) -> None:
    december(time_zone="Asia/Kolkata")
    source = december(name="Fest one", is_current=False, time_zone="America/New_York")
    for word in ("copy", "paste", "ready"):
        response = client.get(page(source, word))
        assert "Times are those of America/New_York" in response.content.decode(), word
    form = {
        "name": "Fest two",
        "slug": "fest-two",
        "starts_on": f"{YEAR + 1}-12-11",
        "opens_at": f"{YEAR + 1}-11-20 18:00",
        "closes_at": f"{YEAR + 1}-12-01 18:00",
    }
    assert "America/New_York time" in client.get(page(source, "copy")).content.decode()
    assert send(client, page(source, "copy"), form).status_code == 302
    opens, closes = Fest.objects.values_list("opens_at", "closes_at").get(slug="fest-two")
    assert [one.astimezone(source.zone).hour for one in (opens, closes)] == [18, 18]


@pytest.mark.django_db
def test_copy_with_the_same_slug_is_refused(client: Client) -> None:
    source = december()
    form = {
        "name": "x",
        "slug": source.slug,
        "starts_on": f"{YEAR + 1}-12-11",
        "opens_at": f"{YEAR + 1}-11-01 18:00",
        "closes_at": f"{YEAR + 1}-11-01 17:00",
    }
    errors = send(client, page(source, "copy"), form).context["form"].errors
    assert (sorted(errors), Fest.objects.count()) == (["closes_at", "slug"], 1)


@pytest.mark.django_db
def test_pasted_events_are_shown_first_and_created_once(client: Client) -> None:
    fest = december()
    text = (
        HEAD
        + "Robo Race\tRobots\tMain Hall\t12 Dec\t9:30\t11:00\t40\t5-8\nQuiz\tcoding\tRoom 2\t13.12.\t2 pm\t3 pm\t0\t\n"
    )
    Category.objects.create(fest=fest, name="Coding", slug="coding")
    shown = client.post(page(fest, "paste"), {"text": text})
    assert (shown.context["paste"].new_categories, shown.context["paste"].new_venues) == (
        ["Robots"],
        ["Main Hall", "Room 2"],
    )
    assert Event.objects.count() == 0
    assert client.post(page(fest, "paste"), {"text": text, "confirmed": "yes"}).status_code == 302
    made = Event.objects.order_by("pk").values_list(
        "name", "slug", "category__slug", "state", "seats__capacity", "grade_min", "grade_max"
    )
    assert list(made) == [
        ("Robo Race", "robo-race", "robots", "draft", 40, 5, 8),
        ("Quiz", "quiz", "coding", "draft", 0, 5, 12),
    ]
    again = client.post(page(fest, "paste"), {"text": text, "confirmed": "yes"})
    assert [one.problems for one in again.context["paste"].events] == [
        ("An event of this name exists already.",)
    ] * 2
    assert Event.objects.count() == 2


@pytest.mark.django_db
def test_one_bad_row_makes_no_event_at_all(client: Client) -> None:
    fest = december()
    text = "Robo Race\tRobots\tHall\t12 Dec\t9:30\t11:00\t40\t5-8\nrobo race\tRobots\tHall\tlater\t9\t8\tx\t\n<b>\n"
    response = client.post(page(fest, "paste"), {"text": text, "confirmed": "yes"})
    assert [len(one.problems) for one in response.context["paste"].events] == [0, 4, 6]
    assert (Event.objects.count(), Category.objects.count()) == (0, 0)
    assert "&lt;b&gt;" in response.content.decode()


@pytest.mark.django_db
def test_paste_that_is_no_table_is_refused(client: Client) -> None:
    response = client.post(page(december(), "paste"), {"text": " \n "})
    assert response.context["form"].errors["text"]


def wrong(fest: Fest) -> list[str]:
    return [point.title for point in go_live.points(fest, now=timezone.now()) if not point.is_well]


@pytest.mark.django_db
def test_look_before_going_live_names_what_is_missing_until_nothing_is(settings: Any, client: Client) -> None:
    fest = december(privacy_text="", opens_at=timezone.now(), is_current=False)
    build_event(fest, capacity=0, state="draft")
    settings.REQUIRE_SECOND_FACTOR = False
    settings.DEBUG = True
    assert wrong(fest) == [
        "Encrypted pages (https)",
        "Error pages",
        "Second step of owners",
        "Backup",
        "Current fest",
        "Contact",
        "Events",
        "Capacities",
        "Sender of mails",
        "Mail provider",
        "Reports about mails",
        "Provider's limits",
    ]
    settings.DEBUG, settings.HTTPS, settings.REQUIRE_SECOND_FACTOR = False, True, True
    settings.EMAIL_PROVIDER, settings.DEFAULT_FROM_EMAIL = "brevo", "Fest <tickets@school.edu>"
    settings.EMAIL_LIMIT_PER_DAY = 1000
    user = get_user_model().objects.get()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    go_live.backup_mark().touch()
    Fest.objects.update(is_current=True, privacy_text="The school.", contact_email="desk@school.edu")
    Event.objects.update(state="published")
    Seats.objects.update(capacity=5)
    submission = build_submission(Event.objects.get())
    DeliveryEvent.objects.create(
        delivery=Delivery.objects.get(submission=submission),
        event_id="1",
        kind="delivered",
        happened_at=timezone.now(),
    )
    fest.refresh_from_db()
    assert wrong(fest) == []


@pytest.mark.django_db
def test_old_backup_and_dead_workers_are_named(settings: Any) -> None:
    fest = december()
    build_submission(build_event(fest))
    import os

    go_live.backup_mark().touch()
    old = (timezone.now() - dt.timedelta(hours=27)).timestamp()
    os.utime(go_live.backup_mark(), (old, old))
    Delivery.objects.update(queued_at=timezone.now() - dt.timedelta(minutes=6))
    assert {"Backup", "Workers"} <= set(wrong(fest))


@pytest.mark.django_db
def test_test_mail_goes_to_the_signed_in_user(client: Client) -> None:
    fest = december()
    assert client.get(page(fest, "ready")).status_code == 200
    client.post(page(fest, "ready"))
    notice = Notice.objects.select_related("delivery").get()
    assert (notice.delivery.to, notice.subject) == ("owner@school.edu", f"Test mail of {fest.name}")


@pytest.mark.django_db
def test_pages_of_a_new_fest_need_permission() -> None:
    reader = organiser_client(organiser("reader", is_superuser=False))
    fest = december()
    responses = [reader.get(page(fest, word)).status_code for word in ("copy", "paste", "ready")]
    assert responses == [403, 403, 403]
    assert reader.post(page(fest, "ready")).status_code == 403
    assert Notice.objects.count() == 0


@pytest.mark.django_db
def test_look_asks_as_often_for_many_events(client: Client) -> None:
    fest = december()
    build_event(fest)
    few = query_count(client, page(fest, "ready"))
    build_event(fest)
    build_event(fest)
    assert query_count(client, page(fest, "ready")) == few


@pytest.mark.django_db
def test_admin_warns_before_the_limit_of_the_provider(settings: Any, client: Client) -> None:
    event = build_event(december(), capacity=20)
    for _one in range(8):
        build_submission(event)
    now = timezone.now()
    assert provider_limits.warnings(now) == []
    settings.EMAIL_LIMIT_PER_HOUR, settings.EMAIL_LIMIT_PER_DAY = 10, 100
    sent = Delivery.objects.order_by("pk").values("pk")[:4]
    Delivery.objects.filter(pk__in=list(sent.values_list("pk", flat=True))).update(state="sent", sent_at=now)
    (words,) = provider_limits.warnings(now)
    assert words.startswith(
        "The mail provider takes 10 mails an hour. 4 were sent within the last hour and 4 are pending"
    )
    assert "takes 10 mails an hour" in client.get(list_path(Delivery)).content.decode()
    settings.EMAIL_LIMIT_PER_HOUR = 11
    assert provider_limits.warnings(now) == []
    Delivery.objects.filter(state="sent").update(sent_at=now - dt.timedelta(hours=2))
    settings.EMAIL_LIMIT_PER_HOUR, settings.EMAIL_LIMIT_PER_DAY = 0, 10
    assert [words[:33] for words in provider_limits.warnings(now)] == ["The mail provider takes 10 mails "]


OPTIONS = {
    "name": "Lake Fest",
    "place": "Lake School",
    "first_day": f"{YEAR}-12-12",
    "last_day": f"{YEAR}-12-13",
    "opens": f"{YEAR}-11-30 18:00",
    "closes": f"{YEAR}-12-10 18:00",
    "contact_name": "Desk",
    "contact_email": "desk@school.edu",
    "privacy_text": "The school.",
    "owner": "Owner@School.edu",
}


def start(**options: Any) -> str:
    out = StringIO()
    call_command("start_fest", stdout=out, **(OPTIONS | options))
    return out.getvalue()


@pytest.mark.django_db
def test_command_creates_a_fest_and_its_owner(settings: Any) -> None:
    output = start()
    fest = Fest.objects.get()
    assert (fest.slug, fest.is_current, fest.time_zone) == ("lake-fest", True, "Asia/Kolkata")
    assert fest.opens_at.isoformat() == f"{YEAR}-11-30T12:30:00+00:00"
    assert fest.consent_texts.count() == 1
    user = get_user_model().objects.get(username="owner@school.edu")
    assert (user.is_staff, user.has_usable_password(), user.groups.get().name) == (True, False, "owner")
    path = output.split(settings.SITE_URL)[1].strip()
    browser = Client()
    form = browser.get(path, follow=True)
    response = browser.post(form.request["PATH_INFO"], {"password1": "three odd lions"})
    user.refresh_from_db()
    assert (response.status_code, user.check_password("three odd lions")) == (302, True)
    assert browser.get(path, follow=True).status_code == 200
    user.refresh_from_db()
    assert user.check_password("three odd lions")


@pytest.mark.django_db
def test_command_copies_an_older_fest() -> None:
    source = december(slug="old", place="Old Hall", time_zone="Asia/Dubai")
    build_event(source, hour=10)
    start(
        copy_from="old",
        dates_are_right=True,
        place="",
        last_day="",
        contact_name="",
        contact_email="",
        privacy_text="",
        time_zone="",
        first_day=f"{YEAR + 1}-12-11",
        opens=f"{YEAR + 1}-11-01 18:00",
        closes=f"{YEAR + 1}-12-01 18:00",
    )
    fest = Fest.objects.get(slug="lake-fest")
    assert (fest.place, fest.ends_on.isoformat(), fest.time_zone, fest.events.count()) == (
        "Old Hall",
        f"{YEAR + 1}-12-12",
        "Asia/Dubai",
        1,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"first_day": "12.12.2026"}, "12.12.2026 is no day"),
        ({"last_day": f"{YEAR}-12-01"}, "The last day must not be before"),
        ({"closes": f"{YEAR}-11-01 18:00"}, "Registration must close after"),
        ({"owner": "nobody"}, "nobody: Enter a valid"),
        ({"time_zone": "Mars/Base"}, "Mars/Base is not a time zone"),
        ({"copy_from": "none"}, "There is no fest none"),
        ({"place": ""}, "--place is missing"),
    ],
    ids=["day", "days", "hours", "owner", "zone", "source", "missing"],
)
def test_command_refuses_what_makes_no_sense_and_makes_nothing(values: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        start(**values)
    assert (Fest.objects.count(), get_user_model().objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_what_was_started_is_sound(client: Client) -> None:
    fest = december()
    text = "Robo Race\tRobots\tMain Hall\t12 Dec\t9:30\t11:00\t40\t5-8"
    client.post(page(fest, "paste"), {"text": text, "confirmed": "yes"})
    assert run() == []
