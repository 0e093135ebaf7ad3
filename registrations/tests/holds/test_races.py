"""Holds against registrations, names against the end of a hold: exact with the guards, wrong without them."""

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db.models import F

from events.models import Event, Fest, Seats
from events.querysets import SeatsQuerySet
from registrations.booking.policy import SeatCounter
from registrations.holds import service as expire_module
from registrations.holds.reserve import expire
from registrations.models import Hold, Registration, Teacher
from registrations.querysets import HoldQuerySet
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_school,
    build_teacher,
    submit_now,
)
from registrations.tests.builders import build_submission as submit
from registrations.tests.builders.holds import grant, name_now, outlive, request_now, return_now
from registrations.tests.counting import counts, recount, states
from registrations.tests.races import (
    at_once,
    meeting_after_the_lock,
    with_places_of_their_own,
    without_condition,
    without_lock,
)
from tickets.tests.admin_helpers import organiser
from tickets.tests.audited import run

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CLICKS, SEATS = 40, 10


@pytest.fixture
def fest() -> Fest:
    build_school()
    return build_fest()


@pytest.fixture
def teachers(fest: Fest) -> list[Teacher]:
    """Of four schools, each of which may hold five seats at once."""
    names = ("Riverside Public School", "Greenfield Academy", "Lotus Valley School", "Hillview School")
    return [build_teacher(build_school(name)) for name in names]


def held(event: Event) -> int:
    return sum(hold.unused for hold in Hold.objects.held().filter(event=event))


def hold_without_condition(self: SeatsQuerySet, event_id: int, *, seats: int) -> bool:
    self.filter(pk=event_id).update(taken=F("taken") + seats, held=F("held") + seats)
    return True


def rush(event: Event, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Forty students register while four schools request five seats each."""
    booking_requests = [partial(submit_now, build_request(event)) for _ in range(CLICKS)]
    requests = [partial(request_now, teacher, event, 5) for teacher in teachers]
    with meeting_after_the_lock(monkeypatch, CLICKS):
        return at_once([*booking_requests[:4], *requests, *booking_requests[4:]])


def test_holds_asked_for_while_forty_register_are_exact(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = build_event(fest, capacity=SEATS)
    results = Counter(type(result).__name__ for result in rush(event, teachers, monkeypatch))
    seats = Seats.objects.get(pk=event.pk)
    confirmed, waiting = recount(event)
    assert (seats.taken, seats.held, seats.waiting) == (SEATS, held(event), waiting)
    assert (confirmed + held(event), confirmed + waiting) == (SEATS, CLICKS)
    granted = held(event) // 5
    refused = Counter({"ActionRejected": len(teachers) - granted})
    assert results == Counter({"Submission": CLICKS, "Hold": granted}) + refused
    assert run() == []


def test_holds_and_submissions_without_any_wall_oversell(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: the race is real, and only the walls keep it exact."""
    event = build_event(fest, capacity=SEATS)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatsQuerySet, "queue_add", without_condition)
    monkeypatch.setattr(SeatsQuerySet, "hold", hold_without_condition)
    monkeypatch.setattr(SeatCounter, "give_queue_position", with_places_of_their_own())
    rush(event, teachers, monkeypatch)
    assert recount(event)[0] + held(event) > SEATS


def test_held_seats_without_lock_are_kept_by_the_condition(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = build_event(fest, capacity=SEATS)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatCounter, "give_queue_position", with_places_of_their_own())
    rush(event, teachers, monkeypatch)
    assert recount(event)[0] + held(event) == Seats.objects.get(pk=event.pk).taken <= SEATS


def test_ten_names_for_five_held_seats_use_five(fest: Fest, teachers: list[Teacher]) -> None:
    event = build_event(fest, capacity=5)
    hold = request_now(teachers[0], event, 5)
    results = at_once([partial(name_now, event)] * 10)
    assert Counter(row.state for row in results) == {"confirmed": 5, "waiting": 5}
    hold.refresh_from_db()
    assert (hold.used, counts(event), run()) == (5, (5, 5, 10), [])


def test_ten_names_for_five_held_seats_without_any_wall_use_more(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of names: without lock and conditions ten students hold five seats."""
    event = build_event(fest, capacity=5)
    request_now(teachers[0], event, 5)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatsQuerySet, "queue_add", lambda *_args, **_kwargs: None)
    monkeypatch.setattr(HoldQuerySet, "queue_use", lambda *_args: None)
    monkeypatch.setattr(SeatCounter, "give_queue_position", with_places_of_their_own())
    with meeting_after_the_lock(monkeypatch, 10):
        at_once([partial(name_now, event)] * 10)
    assert recount(event)[0] > 5


@pytest.mark.parametrize("end", [expire_module.process_due, None], ids=["worker", "submission"])
def test_names_against_the_end_of_their_time(fest: Fest, teachers: list[Teacher], end: Any) -> None:
    """Whichever comes first, each seat is used or returned, and never both."""
    event = build_event(fest, capacity=6)
    hold = request_now(teachers[0], event, 5)
    for _ in range(4):
        submit(event)
    works = [partial(name_now, event) for _ in range(5)]
    works.insert(2, partial(outlive_and, hold, end or partial(submit_now, build_request(event))))
    results = at_once(works)
    assert [result for result in results if isinstance(result, Exception)] == []
    expire_module.process_due()
    hold.refresh_from_db()
    assert hold.used == Registration.objects.filter(hold=hold).active().count()
    assert (counts(event)[0], recount(event)[0], hold.state) == (6, 6, "returned")
    assert run() == []


def outlive_and(hold: Hold, work: Any) -> Any:
    outlive(hold)
    return work()


def five_workers(event: Event, hold: Hold, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All five read the hold before the first one ends it, unless a lock admits one at a time."""
    outlive(hold)
    line = threading.Barrier(5)

    def meet(*args: Any, **kwargs: Any) -> None:
        with suppress(threading.BrokenBarrierError):
            line.wait(0.5)
        expire(*args, **kwargs)

    monkeypatch.setattr("registrations.holds.service.expire", meet)
    return sorted(at_once([expire_module.process_due] * 5))


def test_five_workers_give_a_hold_back_once(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = build_event(fest, capacity=5)
    hold = request_now(teachers[0], event, 4)
    for _ in range(8):
        submit(event)
    assert five_workers(event, hold, monkeypatch) == [0, 0, 0, 0, 1]
    assert (states(event), counts(event)) == (["confirmed"] * 5 + ["waiting"] * 3, (5, 3, 8))
    assert run() == []


def test_five_workers_without_lock_give_a_hold_back_once(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second guard alone: a transaction that finds it ended is repeated, and then has nothing to do."""
    event = build_event(fest, capacity=30)
    hold = request_now(teachers[0], event, 4)
    for _ in range(20):
        submit(event)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    assert five_workers(event, hold, monkeypatch) == [0, 0, 0, 0, 1]
    assert (counts(event), run()) == ((20, 0, 20), [])


def test_five_workers_without_any_wall_give_a_hold_back_more_than_once(
    fest: Fest, teachers: list[Teacher], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: taken falls below what is held."""
    event = build_event(fest, capacity=30)
    hold = request_now(teachers[0], event, 4)
    for _ in range(20):
        submit(event)

    def end(seats: Seats, holds: Sequence[Hold], *, now: Any) -> None:
        unused = sum(hold.unused for hold in holds)
        Hold.objects.filter(pk__in=[hold.pk for hold in holds]).update(returned_at=now)
        Seats.objects.filter(pk=seats.pk).update(taken=F("taken") - unused, held=0)

    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr("registrations.holds.reserve.end", end)
    five_workers(event, hold, monkeypatch)
    assert counts(event)[0] < recount(event)[0]


def test_given_back_and_granted_at_once_are_exact(fest: Fest, teachers: list[Teacher]) -> None:
    """Ten seats, four requests for six: one is held at a time, and each is returned once."""
    event = build_event(fest, capacity=SEATS)
    holds = [request_now(teacher, event, 6) for teacher in teachers]
    boss = organiser()
    grants = [partial(grant, hold, boss) for hold in holds for _ in range(2)]
    returns = [partial(return_now, hold, boss) for hold in holds[:2] for _ in range(2)]
    at_once([*grants, *returns])
    seats = Seats.objects.get(pk=event.pk)
    assert (seats.taken, seats.held) == (held(event), held(event))
    assert (held(event) in (0, 6), run()) == (True, [])
