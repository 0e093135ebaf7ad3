"""Why nobody was promoted: each reason once, and none if `promote` would give a seat."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from events.models import Event, Seats
from registrations.booking.ledger import change_ledger
from registrations.booking.waitlist import promote, why_nobody, why_waiting
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher, build_user
from registrations.tests.builders.event_changes import change
from registrations.tests.builders.holds import request_now
from techfest.core.admin.base import page_of
from tickets.tests.admin_helpers import organiser_client

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def event() -> Event:
    """One seat, one who has it, two who wait."""
    event = build_event(build_fest(), capacity=1)
    for name in ("Asha", "Bea", "Chen"):
        build_submission(event, name=name)
    return event


def why(event: Event, **later: dt.timedelta) -> str:
    fresh = Event.objects.with_related().get(pk=event.pk)
    return why_nobody(fresh, fresh.seats, now=timezone.now() + later.get("after", dt.timedelta()))


def test_full_event_says_so(event: Event) -> None:
    assert why(event) == "The only seat is taken."


def test_capacity_below_what_is_taken_says_how_many_are_over(event: Event) -> None:
    change(event, user=build_user(), capacity=3)
    change(event, user=build_user(), capacity=1)
    Seats.objects.update(waiting=1)
    assert why(event) == "2 more seats are taken than there are (3 of 1)."
    Seats.objects.update(waiting=0)


def test_seats_that_are_held_and_kept_back_are_named_with_their_ends() -> None:
    event = build_event(build_fest(), capacity=3)
    request_now(build_teacher(), event, 2)
    for name in ("Asha", "Bea"):
        build_submission(event, name=name)
    change(event, user=build_user(), capacity=4, hold=1)
    sentences = why(event).split(". ")
    assert sentences[0] == "All 4 seats are taken"
    assert sentences[1].startswith("2 of them are held for schools, until ")
    assert sentences[2].startswith("1 of them is held back by an organiser, until ")


def test_list_that_no_longer_moves_says_since_when(event: Event) -> None:
    days = event.promotion_ends_at - timezone.now() + HOUR
    assert why(event, after=days).startswith("The waiting list closed on ")


@pytest.mark.parametrize(
    ("state", "words"),
    [("cancelled", "The event is cancelled."), ("draft", "The event is not published.")],
)
def test_event_that_does_not_take_place_says_so(event: Event, state: str, words: str) -> None:
    Event.objects.update(state=state)
    assert why(event) == words
    Event.objects.update(state="published")


def test_nobody_waits() -> None:
    assert why(build_event(build_fest())) == "The waiting list is empty."


def test_it_says_nothing_exactly_where_somebody_would_be_promoted(event: Event) -> None:
    """Whatever it answers, `promote` agrees."""
    for capacity, moves in ((1, True), (2, True), (2, False), (0, True)):
        Seats.objects.update(capacity=capacity)
        end = timezone.now() + (HOUR if moves else -HOUR)
        Event.objects.update(promotes_until=end)
        with transaction.atomic():
            (seats,) = Seats.objects.locked([event.pk])
            with change_ledger():
                given = promote(seats, cause=Change.Cause.PROMOTED, now=timezone.now())
            transaction.set_rollback(True)
        assert (why(event) == "") == bool(given), (capacity, moves)
    Seats.objects.update(capacity=1)
    Event.objects.update(promotes_until=None)


def test_one_who_waits_reads_how_many_are_ahead(event: Event) -> None:
    rows = Registration.objects.order_by("queue_position")
    reasons = [why_waiting(row, now=timezone.now()) for row in rows]
    assert reasons == [
        "",
        "First on the waiting list. The only seat is taken.",
        "1 person is ahead. The only seat is taken.",
    ]


def test_admin_answers_on_the_pages_of_the_event_and_of_who_waits(event: Event) -> None:
    client = organiser_client()
    waiting = Registration.objects.filter(state="waiting").order_by("queue_position")[0]
    pages = [client.get(page_of(row)).content.decode() for row in (event, waiting)]
    assert ["The only seat is taken." in page for page in pages] == [True, True]
