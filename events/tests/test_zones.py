"""Changing the time zone of a fest: every effect is shown, and times are entered in the new zone."""

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from events.models import AuditEntry, Event, Fest
from registrations.event_changes.zones import same_clock
from registrations.models import Hold
from registrations.tests.builders import build_event, build_fest, build_school, build_submission, build_user
from techfest.core.admin.base import page_of
from techfest.core.formatting import dated_moment
from tickets.models import Delivery
from tickets.tests.admin_helpers import filled_in, organiser_client, sent_by
from tickets.tests.audited import offenders

pytestmark = pytest.mark.django_db
KOLKATA, NEW_YORK = zoneinfo.ZoneInfo("Asia/Kolkata"), zoneinfo.ZoneInfo("America/New_York")
EARLIER = dt.timedelta(hours=10, minutes=30)
ZONES = [
    "UTC",
    "Asia/Kolkata",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
]


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def fest() -> Fest:
    return build_fest(privacy_text="We do.")


def clock(moment: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def post(client: Client, fest: Fest, **values: str) -> Any:
    values = {"time_zone": "America/New_York"} | values
    return client.post(page_of(fest), filled_in(client, page_of(fest), **values))


def agree(client: Client, fest: Fest, response: Any, **values: str) -> Any:
    return client.post(page_of(fest), sent_by(response) | values)


def test_change_of_the_zone_is_asked_about_event_by_event(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    build_submission(event)
    response = post(client, fest)
    assert Fest.objects.get().time_zone == "Asia/Kolkata"
    assert response.context["keeps_clock"] is True
    row = response.context["rows"][-1]
    day = f"{event.starts_at.astimezone(KOLKATA):%a %-d %b %Y}"
    assert (row.name, row.was, row.by_clock) == (event.name, f"{day}, 10:00am", f"{day}, 10:00am")
    assert row.by_moment == dated_moment(event.starts_at, zone=NEW_YORK)
    assert [one.text for one in response.context["sentences"]] == [
        "1 mail announces the new time to people who are registered or waiting."
    ]


def test_clock_times_stay_unless_moments_are_to(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    build_submission(event)
    hold = Hold.objects.create(
        event=event,
        school=build_school(),
        seats=2,
        until=event.starts_at - 3 * EARLIER,
        requested_by=build_user(),
    )
    assert agree(client, fest, post(client, fest)).status_code == 302
    changed, after = Fest.objects.get(), Event.objects.get()
    assert changed.time_zone == "America/New_York"
    pairs = [
        (fest.opens_at, changed.opens_at),
        (fest.closes_at, changed.closes_at),
        (event.starts_at, after.starts_at),
        (event.ends_at, after.ends_at),
        (hold.until, Hold.objects.get().until),
    ]
    assert [clock(new, NEW_YORK) for _old, new in pairs] == [clock(old, KOLKATA) for old, _new in pairs]
    assert after.sequence == event.sequence + 1
    assert Delivery.objects.filter(kind="changed").count() == 1
    entry = AuditEntry.objects.get(what="time zone changed")
    assert (entry.before, entry.after) == (
        {"time_zone": "Asia/Kolkata"},
        {"time_zone": "America/New_York", "kept": "clock times"},
    )
    assert offenders() == []


def test_moments_stay_where_that_is_chosen_and_nobody_is_notified(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    build_submission(event)
    Delivery.objects.all().delete()
    response = agree(client, fest, post(client, fest), keeps="moments")
    assert (response.context["keeps_clock"], response.context["is_changed"]) == (False, True)
    assert Fest.objects.get().time_zone == "Asia/Kolkata"
    assert agree(client, fest, response).status_code == 302
    changed, after = Fest.objects.get(), Event.objects.get()
    assert (changed.time_zone, changed.opens_at, changed.closes_at) == (
        "America/New_York",
        fest.opens_at,
        fest.closes_at,
    )
    assert (after.starts_at, after.ends_at, Delivery.objects.count()) == (event.starts_at, event.ends_at, 0)


@pytest.mark.parametrize("keeps", ["clock", "moments"])
def test_time_typed_in_the_same_save_is_read_in_the_new_zone(client: Client, fest: Fest, keeps: str) -> None:
    build_event(fest, hour=10)
    day = (fest.starts_on - dt.timedelta(days=2)).isoformat()
    response = post(client, fest, closes_at_0=day, closes_at_1="18:00:00")
    if keeps == "moments":
        response = agree(client, fest, response, keeps=keeps)
    assert agree(client, fest, response).status_code == 302
    changed = Fest.objects.get()
    assert clock(changed.closes_at, NEW_YORK) == f"{day} 18:00"
    kept = clock(fest.opens_at, KOLKATA) if keeps == "clock" else clock(fest.opens_at, NEW_YORK)
    assert clock(changed.opens_at, NEW_YORK) == kept


def test_zone_of_a_fest_without_events_is_saved_at_once(client: Client, fest: Fest) -> None:
    assert post(client, fest).status_code == 302
    changed = Fest.objects.get()
    assert clock(changed.opens_at, NEW_YORK) == clock(fest.opens_at, KOLKATA)


def test_event_moved_between_page_and_button_is_shown_again(client: Client, fest: Fest) -> None:
    event = build_event(fest, hour=10)
    build_submission(event)
    response = post(client, fest)
    Event.objects.filter(pk=event.pk).update(state="cancelled")
    build_submission(build_event(fest, hour=12))
    again = agree(client, fest, response)
    assert (again.status_code, again.context["is_changed"]) == (200, True)
    assert Fest.objects.get().time_zone == "Asia/Kolkata"


def test_form_that_is_wrong_beside_the_zone_saves_nothing(client: Client, fest: Fest) -> None:
    build_event(fest, hour=10)
    response = post(client, fest, contact_email="nowhere")
    assert list(response.context["adminform"].form.errors) == ["contact_email"]
    assert Fest.objects.get().time_zone == "Asia/Kolkata"
    second = client.post(page_of(fest), sent_by(response) | {"contact_email": "desk@fest.example"})
    assert second.context["old"] == "Asia/Kolkata"
    assert agree(client, fest, second).status_code == 302
    assert clock(Fest.objects.get().closes_at, NEW_YORK) == clock(fest.closes_at, KOLKATA)


def test_choice_of_what_stays_outlasts_a_question_about_dates(client: Client, fest: Fest) -> None:
    build_event(fest, hour=10)
    far = (fest.ends_on + dt.timedelta(days=400)).isoformat()
    response = post(client, fest)
    asked = client.post(page_of(fest), sent_by(response) | {"keeps": "moments", "ends_on": far})
    form = asked.context["adminform"].form
    assert form.date_questions
    sent = sent_by(asked)
    assert sent["keeps"] == "moments"
    again = client.post(page_of(fest), sent | {"dates_are_right": form.dates_digest})
    assert again.context["keeps_clock"] is False


def test_stale_page_of_another_zone_misreads_no_time(client: Client, fest: Fest) -> None:
    build_event(fest, hour=10)
    stale = filled_in(client, page_of(fest), closes_at_1="18:00:00")
    agree(client, fest, post(client, fest))
    before = Fest.objects.get()
    response = client.post(page_of(fest), stale)
    errors = str(response.context["adminform"].form.errors)
    assert "The time zone was changed by someone else in the meantime." in errors
    assert Fest.objects.get().closes_at == before.closes_at


@given(
    minutes=st.integers(0, 8_000_000),
    old=st.sampled_from(ZONES),
    new=st.sampled_from(ZONES),
)
def test_clock_shows_the_same_in_both_zones(minutes: int, old: str, new: str) -> None:
    """Except in the hour that a zone skips."""
    moment = dt.datetime(2020, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minutes)
    before, after = zoneinfo.ZoneInfo(old), zoneinfo.ZoneInfo(new)
    shown = moment.astimezone(before).replace(tzinfo=None)
    moved = same_clock(moment, before, after).astimezone(after).replace(tzinfo=None)
    assert moved - shown in (dt.timedelta(), dt.timedelta(minutes=30), dt.timedelta(hours=1))
    exists = shown.replace(tzinfo=after).astimezone(dt.UTC).astimezone(after).replace(tzinfo=None) == shown
    assert (moved == shown) == exists
