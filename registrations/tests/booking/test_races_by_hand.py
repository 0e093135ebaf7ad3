"""Organisers at once on one free seat, and a school that is merged while its students register."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest
from django.db.models import F

from events.locked_reads import read_locked_events
from events.models import Event, Fest
from events.querysets import SeatsQuerySet
from registrations.booking.policy import SeatCounter
from registrations.booking.promotion import promote_chosen
from registrations.booking.transfer import Move, move_to
from registrations.models import Registration, Student
from registrations.students.merge import merge_students
from registrations.students.merge_schools import merge_schools
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_late_event,
    build_request,
    build_school,
    build_submission,
    build_user,
    submit_now,
)
from registrations.tests.counting import counts, recount
from registrations.tests.races import at_once, with_places_of_their_own, without_condition, without_lock
from techfest.core.db.locking import Deadline
from tickets.models import Ticket
from tickets.tests.audited import run

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MANY = 6


@pytest.fixture
def fest() -> Fest:
    build_school()
    return build_fest()


@contextmanager
def meeting(monkeypatch: pytest.MonkeyPatch, module: str) -> Iterator[None]:
    """Everybody waits for the others once the counts were read, for half a second at most."""
    line = threading.Barrier(MANY)

    def meet(event_ids: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            line.wait(0.5)
        return read_locked_events(event_ids)

    with monkeypatch.context() as patch:
        patch.setattr(f"registrations.booking.{module}.read_locked_events", meet)
        yield


def advance_without_condition(self: SeatsQuerySet, event_id: int, *, seats: int, from_held: int) -> bool:
    moved = seats + from_held
    self.filter(pk=event_id).update(
        taken=F("taken") + seats, held=F("held") - from_held, waiting=F("waiting") - moved
    )
    return True


def promote_at_once(event: Event, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """As many organisers as wait, each with a favourite, and one free seat."""
    user = build_user()
    requests = [
        partial(promote_chosen, [row.pk], user=user, reason="Mine", deadline=Deadline(30))
        for row in event.registrations.waiting()
    ]
    with meeting(monkeypatch, "promotion"):
        return Counter(
            "promoted" if result and isinstance(result, list) else type(result).__name__
            for result in at_once(requests)
        )


def test_organisers_at_once_promote_one_for_one_free_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    event = build_late_event(waiting=MANY)
    assert promote_at_once(event, monkeypatch) == {"promoted": 1, "ActionRejected": MANY - 1}
    assert (counts(event), recount(event)) == ((1, MANY - 1, MANY + 1), (1, MANY - 1))
    assert Ticket.objects.live().count() == 1
    assert run() == []


def test_organisers_at_once_without_any_wall_oversell(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the race is real, and only the walls keep it exact."""
    event = build_late_event(waiting=MANY)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatsQuerySet, "advance", advance_without_condition)
    assert promote_at_once(event, monkeypatch)["promoted"] > 1
    assert recount(event)[0] > 1


def test_organisers_at_once_without_lock_are_held_by_the_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    event = build_late_event(waiting=MANY)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    assert promote_at_once(event, monkeypatch)["promoted"] == 1
    assert recount(event)[0] == counts(event)[0] == 1


def move_at_once(old: Event, new: Event, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many of those who were moved at once by an organiser each have a seat in the new event."""
    user = build_user()
    requests = [
        partial(move_to, [row.pk], event_id=new.pk, user=user, reason="Mine", deadline=Deadline(30))
        for row in old.registrations.active()
    ]
    with meeting(monkeypatch, "transfer"):
        results = at_once(requests)
    return sum(bool(one.successor) for result in results for one in _moves(result))


def _moves(result: Any) -> list[Move]:
    return result if isinstance(result, list) else []


def two_events(fest: Fest) -> tuple[Event, Event]:
    old, new = build_event(fest, capacity=MANY), build_event(fest, capacity=1)
    for _number in range(MANY):
        build_submission(old)
    return old, new


def test_organisers_at_once_move_one_into_one_free_seat(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = two_events(fest)
    assert move_at_once(old, new, monkeypatch) == 1
    assert (counts(old)[0], counts(new)) == (MANY - 1, (1, 0, 1))
    assert (recount(old)[0], recount(new)[0]) == (MANY - 1, 1)
    assert run() == []


def test_organisers_at_once_move_too_many_without_any_wall(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control."""
    old, new = two_events(fest)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatsQuerySet, "queue_add", without_condition)
    monkeypatch.setattr(SeatCounter, "give_queue_position", with_places_of_their_own())
    assert move_at_once(old, new, monkeypatch) > 1
    assert recount(new)[0] > 1


def test_two_who_change_places_at_once_do_not_wait_crosswise(fest: Fest) -> None:
    first, second = build_event(fest, capacity=20), build_event(fest, capacity=20)
    for event in (first, second):
        for _number in range(4):
            build_submission(event)
    user = build_user()
    requests = [
        partial(move_to, [row.pk], event_id=target.pk, user=user, reason="Swap", deadline=Deadline(30))
        for source, target in ((first, second), (second, first))
        for row in source.registrations.all()
    ]
    results = at_once(requests)
    assert [bool(_moves(result)) for result in results] == [True] * 8
    assert (counts(first)[0], counts(second)[0]) == (4, 4)
    assert run() == []


def test_submissions_while_their_school_is_merged_are_all_of_the_kept_one(fest: Fest) -> None:
    kept, gone = build_school("St Mary's School"), build_school("Saint Mary School")
    event = build_event(fest, capacity=20)
    booking_requests = [
        partial(submit_now, build_request(event, school=gone.name)) for _number in range(MANY)
    ]
    user = build_user()
    merging = partial(merge_schools, kept.pk, [gone.pk], user=user, reason="One", deadline=Deadline(30))
    results = at_once([*booking_requests[:3], merging, *booking_requests[3:]])
    assert [result for result in results if isinstance(result, Exception)] == []
    assert (Student.objects.filter(school=kept).count(), Student.objects.count()) == (MANY, MANY)
    assert counts(event) == (MANY, 0, MANY)
    assert run() == []


def test_submission_of_a_student_who_is_merged_meanwhile_is_nobody_elses(fest: Fest) -> None:
    first, second, third = (build_event(fest) for _number in range(3))
    kept = build_submission(first, name="Asha Rao", section="A", email="a@example.org").student
    gone = build_submission(second, name="Asha Rao", section="B", email="b@example.org").student
    again = build_request(third, name="Asha Rao", section="B", email="b@example.org")
    user = build_user()
    merging = partial(merge_students, kept.pk, gone.pk, user=user, reason="One", deadline=Deadline(30))
    at_once([merging, partial(submit_now, again)])
    rows = Registration.objects.filter(event__in=(first, second))
    assert set(rows.values_list("student", flat=True)) == {kept.pk}
    assert run() == []
