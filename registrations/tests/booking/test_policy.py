"""Decisions about one request, without a database: every reason, and the exact seconds."""

import datetime as dt
from typing import Any

import pytest

from events.models import Event, Fest, Seats
from registrations.booking.policy import Decision, SeatCounter, SeatRequest, decide
from registrations.models import Registration, Student

UTC = dt.UTC
OPENS = dt.datetime(2026, 3, 1, 18, 0, 0, tzinfo=UTC)
CLOSES = dt.datetime(2026, 3, 5, 18, 0, 0, tzinfo=UTC)
STARTS = dt.datetime(2026, 3, 14, 10, 0, 0, tzinfo=UTC)
NOW = OPENS + dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


def an_event(pk: int = 1, *, hour: float = 0, buffer: int = 0, **values: Any) -> Event:
    """One hour long, `hour` hours after ten o'clock."""
    starts = STARTS + dt.timedelta(hours=hour)
    fest = values.pop("fest", None) or Fest(pk=1, opens_at=OPENS, closes_at=CLOSES)
    defaults: dict[str, Any] = {
        "pk": pk,
        "fest": fest,
        "state": Event.State.PUBLISHED,
        "grade_min": 5,
        "grade_max": 8,
        "starts_at": starts,
        "ends_at": starts + dt.timedelta(hours=1),
        "buffer_minutes": buffer,
    }
    return Event(**(defaults | values))


def decided(
    event: Event | None,
    *held: Event,
    now: dt.datetime = NOW,
    seats: tuple[int, int, int] = (10, 0, 0),
    wants_waiting: bool = True,
    grade: int = 7,
) -> Decision:
    """`seats` are capacity, taken, waiting."""
    capacity, taken, waiting = seats
    student = Student(pk=1, fest_id=1, grade=grade)
    pk = event.pk if event else 0
    seat_counter = (
        SeatCounter(Seats(pk=pk, capacity=capacity, taken=taken, waiting=waiting)) if event else None
    )
    registrations = [Registration(event=other, student=student, state="confirmed") for other in held]
    return decide(SeatRequest(student, pk, wants_waiting), event, seat_counter, registrations, now)


def test_claim_on_free_seat_is_confirmed() -> None:
    assert decided(an_event()) == Decision(state="confirmed")


def test_claim_on_unknown_event_is_unknown() -> None:
    assert decided(None) == Decision(reason="unknown")


def test_claim_on_event_of_other_fest_is_unknown() -> None:
    other = Fest(pk=2, opens_at=OPENS, closes_at=CLOSES)
    assert decided(an_event(fest=other)) == Decision(reason="unknown")


def test_claim_on_event_held_already_is_told_so() -> None:
    event = an_event()
    assert decided(event, event) == Decision(reason="already")


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (OPENS - dt.timedelta(microseconds=1), "too_soon"),
        (OPENS, ""),
        (CLOSES, ""),
        (CLOSES + 2 * 60 * SECOND - dt.timedelta(microseconds=1), ""),
        (CLOSES + 2 * 60 * SECOND, "closed"),
    ],
)
def test_claim_is_checked_by_the_very_instant(now: dt.datetime, reason: str) -> None:
    assert decided(an_event(), now=now).reason == reason


def test_claim_on_event_with_times_of_its_own_follows_them() -> None:
    event = an_event(opens_at=NOW + SECOND, closes_at=NOW + 2 * SECOND)
    assert decided(event, now=NOW) == Decision(reason="too_soon")
    assert decided(event, now=NOW + SECOND) == Decision(state="confirmed")
    assert decided(event, now=NOW + 122 * SECOND) == Decision(reason="closed")


def test_claim_on_cancelled_event_is_closed() -> None:
    assert decided(an_event(state=Event.State.CANCELLED)) == Decision(reason="closed")


def test_claim_on_paused_event_is_paused() -> None:
    assert decided(an_event(is_paused=True)) == Decision(reason="paused")


def test_claim_in_paused_fest_is_paused() -> None:
    fest = Fest(pk=1, opens_at=OPENS, closes_at=CLOSES, is_paused=True)
    assert decided(an_event(fest=fest)) == Decision(reason="paused")


@pytest.mark.parametrize(
    ("grade", "response"),
    [
        (4, Decision(reason="ineligible")),
        (5, Decision(state="confirmed")),
        (8, Decision(state="confirmed")),
        (9, Decision(reason="ineligible")),
    ],
)
def test_claim_of_grade_at_the_edges(grade: int, response: Decision) -> None:
    assert decided(an_event(), grade=grade) == response


def test_claim_at_time_of_other_event_clashes_and_names_it() -> None:
    other = an_event(2, hour=0.5)
    assert decided(an_event(), other) == Decision(reason="clash", other=other)


@pytest.mark.parametrize("hour", [-1, 1])
def test_claim_whose_ends_touch_does_not_clash(hour: int) -> None:
    assert decided(an_event(), an_event(2, hour=hour)) == Decision(state="confirmed")


def test_claim_within_the_buffer_of_the_earlier_event_clashes() -> None:
    first = an_event(1, buffer=15)
    second = an_event(2, hour=1.2)
    assert decided(second, first) == Decision(reason="clash", other=first)
    assert decided(first, second) == Decision(reason="clash", other=second)


def test_claim_at_the_end_of_the_buffer_does_not_clash() -> None:
    assert decided(an_event(2, hour=1.25), an_event(1, buffer=15)) == Decision(state="confirmed")


def test_claim_within_the_buffer_of_the_later_event_does_not_clash() -> None:
    assert decided(an_event(1), an_event(2, hour=1, buffer=60)) == Decision(state="confirmed")


@pytest.mark.parametrize("seats", [(3, 3, 0), (3, 5, 0), (0, 0, 0), (3, 2, 1)])
def test_claim_without_free_seat_or_behind_others_waits(seats: tuple[int, int, int]) -> None:
    assert decided(an_event(), seats=seats) == Decision(state="waiting")


def test_claim_of_somebody_who_will_not_wait_is_full() -> None:
    assert decided(an_event(), seats=(3, 3, 0), wants_waiting=False) == Decision(reason="full")


@pytest.mark.parametrize(
    ("waiting", "response"), [(1, Decision(state="waiting")), (2, Decision(reason="full"))]
)
def test_claim_on_waiting_list_with_limit(waiting: int, response: Decision) -> None:
    assert decided(an_event(waiting_limit=2), seats=(3, 3, waiting)) == response


def test_claim_on_full_event_without_waiting_list_is_full() -> None:
    assert decided(an_event(waiting_limit=0), seats=(3, 3, 0)) == Decision(reason="full")


@pytest.mark.parametrize(
    ("left", "response"),
    [(SECOND, Decision(state="waiting")), (0 * SECOND, Decision(reason="full"))],
)
def test_claim_on_waiting_list_that_no_longer_moves_is_full(left: dt.timedelta, response: Decision) -> None:
    assert decided(an_event(promotes_until=NOW + left), seats=(1, 1, 0)) == response
