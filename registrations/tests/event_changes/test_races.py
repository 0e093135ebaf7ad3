"""Events that change during registration: no clash without its conflict, no seat assigned twice."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest

from events.locked_reads import events_of
from events.models import Event
from registrations.booking.errors import RegistrationRejected
from registrations.booking.submit import BookingRequest
from registrations.event_changes import impact
from registrations.models import Conflict, Registration, Submission
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_submission,
    build_user,
    submit_now,
)
from registrations.tests.builders.event_changes import change, set_beside
from registrations.tests.counting import counts, recount, states
from registrations.tests.races import at_once
from tickets.tests.audited import run

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@contextmanager
def both_read_before_either_writes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Makes the registration and the edit wait for each other after reading, for at most half a second."""
    line = threading.Barrier(2)
    look = impact._new_conflicts

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            line.wait(0.5)

    def read(locked: Any) -> Any:
        found = events_of(locked)
        meet()
        return found

    def new_conflicts(*args: Any) -> Any:
        found = look(*args)
        meet()
        return found

    with monkeypatch.context() as patch:
        patch.setattr("registrations.booking.allocate.events_of", read)
        patch.setattr(impact, "_new_conflicts", new_conflicts)
        yield


def one_moves_while_one_registers(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Registers a student of Robots for Quiz while Robots moves to its time; returns the outcome."""
    robots = build_event(build_fest(), hour=10)
    quiz = build_event(robots.fest, hour=14)
    student = build_submission(robots).student
    booking_request = BookingRequest(
        key=Submission.new_key(),
        fest_id=robots.fest_id,
        event_ids=(quiz.pk,),
        wants_waiting=True,
        student_id=student.pk,
    )
    with both_read_before_either_writes(monkeypatch):
        result, _moved = at_once([partial(submit_now, booking_request), partial(set_beside, robots, quiz)])
    return result


def test_registration_during_a_move_is_refused_or_gets_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    result = one_moves_while_one_registers(monkeypatch)
    if isinstance(result, RegistrationRejected):
        assert (Registration.objects.active().count(), Conflict.objects.count()) == (1, 0)
    else:
        assert (Registration.objects.active().count(), Conflict.objects.count()) == (2, 1)
    assert run() == []


def test_without_the_students_lock_a_clash_has_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    monkeypatch.setattr(impact, "lock_students", lambda event_ids: None)
    one_moves_while_one_registers(monkeypatch)
    assert (Registration.objects.active().count(), Conflict.objects.count()) == (2, 0)
    assert run() != []


def test_rush_while_seats_are_added_and_some_reserved_is_exact() -> None:
    event = build_event(build_fest(), capacity=5)
    for _ in range(8):
        build_submission(event)
    user = build_user()
    booking_requests = [partial(submit_now, build_request(event)) for _ in range(12)]
    grow = partial(change, event, user=user, capacity=15, hold=4)
    at_once([*booking_requests[:6], grow, *booking_requests[6:]])
    assert counts(event) == (15, 9, 20)
    assert recount(event) == (11, 9)
    assert states(event) == ["confirmed"] * 11 + ["waiting"] * 9
    assert run() == []


def test_concurrent_edits_of_two_organisers_are_both_saved() -> None:
    event = build_event(build_fest(), capacity=5)
    results = at_once([partial(change, event, capacity=9), partial(change, event, summary="Robots again")])
    assert not any(isinstance(result, Exception) for result in results)
    stored = Event.objects.select_related("seats").get()
    assert (stored.seats.capacity, stored.summary) == (9, "Robots again")
