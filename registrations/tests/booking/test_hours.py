"""The database's clock alone decides whether registration is open, however wrong this process's own is."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from events import cache
from events.models import Event, Fest
from registrations.booking.errors import RegistrationRejected
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_request, submit_now
from techfest.core.db.clock import database_now

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
OFFS = [HOUR, -HOUR, 24 * HOUR, -24 * HOUR]


def move_database_clock(off: dt.timedelta) -> None:
    """Puts a clock of ours before PostgreSQL's own; it ends with the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA moved")
        cursor.execute(
            "CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz VOLATILE LANGUAGE sql"
            f" AS 'SELECT pg_catalog.clock_timestamp() + interval ''{off.total_seconds()} s'''"
        )
        cursor.execute("SET LOCAL search_path = moved, pg_catalog, public")


def open_around(fest: Fest, moment: dt.datetime) -> Event:
    minutes = dt.timedelta(minutes=10)
    return build_event(fest, opens_at=moment - minutes, closes_at=moment + minutes)


@pytest.fixture(params=OFFS, ids=lambda off: f"{off / HOUR:+.0f} h")
def hours(request: pytest.FixtureRequest) -> tuple[Event, Event, str]:
    """An event that is open by the database's clock, one that is so by this process's, and its refusal."""
    move_database_clock(request.param)
    fest = build_fest()
    return (
        open_around(fest, database_now()),
        open_around(fest, timezone.now()),
        "closed" if request.param > dt.timedelta() else "too_soon",
    )


def test_submission_is_checked_by_the_databases_clock(hours: tuple[Event, Event, str]) -> None:
    theirs, ours, reason = hours
    submit_now(build_request(theirs))
    with pytest.raises(RegistrationRejected) as refused:
        submit_now(build_request(ours))
    assert [outcome.decision.reason for outcome in refused.value.seat_results] == [reason]
    registration = Registration.objects.get()
    assert (registration.event, registration.state) == (theirs, "confirmed")
    assert abs(registration.created_at - database_now()) < dt.timedelta(minutes=1)


def test_form_offers_what_is_open_by_the_databases_clock(
    hours: tuple[Event, Event, str], client: Client
) -> None:
    theirs, ours, _reason = hours
    cache.forget()
    page = client.get("/register/").content.decode()
    assert (f'value="{theirs.slug}"' in page, f'value="{ours.slug}"' in page) == (True, False)
