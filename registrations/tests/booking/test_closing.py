"""Registration ends with the event: at its start by default, at its end at the latest, wherever it is checked."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from events import cache
from events.availability import Availability
from events.models import GRACE, Event, Fest
from registrations.booking.errors import RegistrationRejected
from registrations.holds.service import latest
from registrations.invariants.seats import registrations_were_made_while_it_was_open
from registrations.tests.builders import build_event, build_fest, build_request, build_submission, submit_now
from registrations.tests.builders.class_lists import build_list, forecast_of, row
from techfest.core.db.clock import database_now
from techfest.core.invariants import CLOSES_AT
from tickets.tests.audited import damage, offenders

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def fest() -> Fest:
    """Its registration closes long after its events."""
    now = timezone.now()
    return build_fest(
        starts_on=(now - 2 * HOUR).date(), ends_on=(now + 400 * HOUR).date(), closes_at=now + 300 * HOUR
    )


def build_timed(fest: Fest, *, starts: dt.timedelta, ends: dt.timedelta, **values: Any) -> Event:
    now = database_now()
    return build_event(fest, starts_at=now + starts, ends_at=now + ends, **values)


def reason_of(event: Event) -> str:
    """Why a submission for this event is refused; empty where it is not."""
    try:
        submit_now(build_request(event))
    except RegistrationRejected as refused:
        return str(refused.seat_results[0].decision.reason)
    return ""


def test_by_default_registration_closes_at_the_start(fest: Fest) -> None:
    events = [
        build_timed(fest, starts=starts, ends=starts + 2 * HOUR) for starts in (MINUTE, -MINUTE, -3 * MINUTE)
    ]
    assert [event.registration_closes_at == event.starts_at for event in events] == [True, True, True]
    assert [reason_of(event) for event in events] == ["", "", "closed"]
    assert [str(Availability(event, database_now()).state) for event in events] == [
        "open",
        "closed",
        "closed",
    ]


def test_explicit_closing_after_the_start_holds_until_the_end(fest: Fest) -> None:
    now = database_now()
    event = build_timed(fest, starts=-HOUR, ends=HOUR, closes_at=now + HOUR / 2)
    assert (reason_of(event), Availability(event, now).state) == ("", "open")
    Event.objects.filter(pk=event.pk).update(ends_at=now + HOUR / 2)
    assert reason_of(event) == ""


def test_grace_ends_with_the_event(fest: Fest) -> None:
    now = database_now()
    event = build_timed(fest, starts=-HOUR, ends=-GRACE / 2, closes_at=now - GRACE / 2)
    assert reason_of(event) == "closed"
    longer = build_timed(fest, starts=-HOUR, ends=HOUR, closes_at=now - GRACE / 2)
    assert reason_of(longer) == ""


def test_database_keeps_no_closing_after_the_end_and_the_transaction_would_not_believe_it(fest: Fest) -> None:
    event = build_timed(fest, starts=-2 * HOUR, ends=-HOUR)
    with pytest.raises(IntegrityError, match="event_closes_by_its_end"), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() + HOUR)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE events_event DROP CONSTRAINT event_closes_by_its_end")
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() + HOUR)
    event.refresh_from_db()
    assert (event.registration_closes_at, reason_of(event)) == (event.ends_at, "closed")
    assert latest(event) <= event.ends_at


def test_catalogue_and_event_page_say_when_it_closes(fest: Fest, client: Client) -> None:
    event = build_timed(fest, starts=-HOUR, ends=HOUR)
    cache.forget()
    page = client.get(event.get_absolute_url()).content.decode()
    assert ("Registration is closed" in page, "/register/?event" in page) == (True, False)
    assert f'datetime="{event.starts_at.astimezone(fest.zone):%Y-%m-%dT%H:%M:%S}' in page
    assert "Registration is closed" in client.get("/").content.decode()


def test_forecast_of_a_class_list_says_closed(fest: Fest) -> None:
    events = [
        build_timed(fest, starts=-HOUR, ends=HOUR, name="Running"),
        build_timed(fest, starts=-HOUR, ends=HOUR, closes_at=database_now() + HOUR / 2, name="Late"),
    ]
    found = forecast_of(build_list(fest, [row("Asha Rao", event) for event in events]))
    assert [[entry.outcome for entry in one.entries] for one in found.rows.values()] == [["closed"], ["seat"]]


def test_cached_fest_ends_where_an_event_begins(fest: Fest) -> None:
    build_timed(fest, starts=dt.timedelta(seconds=2), ends=HOUR)
    cache.forget()
    assert cache.cached_fest().lifetime <= 2


def test_audit_finds_whoever_was_let_in_after_the_start(fest: Fest) -> None:
    event = build_timed(fest, starts=MINUTE, ends=2 * HOUR)
    build_submission(event)
    assert offenders() == []
    damage("UPDATE events_event SET starts_at = starts_at - interval '1 hour', hours_changed_at = NULL")
    assert len(list(registrations_were_made_while_it_was_open.find())) == 1
    damage("UPDATE events_event SET closes_at = ends_at, hours_changed_at = NULL")
    assert list(registrations_were_made_while_it_was_open.find()) == []


def test_moved_event_has_changed_hours(fest: Fest) -> None:
    event = build_timed(fest, starts=MINUTE, ends=2 * HOUR)
    build_submission(event)
    Event.objects.filter(pk=event.pk).update(starts_at=timezone.now() - HOUR)
    assert Event.objects.get().hours_changed_at is not None
    assert offenders() == []


@settings(deadline=None, max_examples=60)
@given(
    starts=st.integers(-500, 500),
    length=st.integers(1, 500),
    fest_closes=st.integers(-500, 500),
    own=st.none() | st.integers(-1000, 1000),
)
def test_database_reckons_the_closing_as_the_model_does(
    starts: int, length: int, fest_closes: int, own: int | None
) -> None:
    base = dt.datetime(2026, 12, 12, tzinfo=dt.UTC)
    event = Event(
        fest=Fest(closes_at=base + fest_closes * MINUTE),
        starts_at=base + starts * MINUTE,
        ends_at=base + (starts + length) * MINUTE,
        closes_at=None if own is None else base + own * MINUTE,
    )
    given_values = [event.closes_at, event.starts_at, event.ends_at, event.fest.closes_at]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {CLOSES_AT} FROM (SELECT %s::timestamptz AS closes_at, %s::timestamptz AS starts_at,"
            " %s::timestamptz AS ends_at) e, (SELECT %s::timestamptz AS closes_at) f",
            given_values,
        )
        assert cursor.fetchone() == (event.registration_closes_at,)
    assert event.registration_closes_at <= event.registration_accepted_until <= event.ends_at
