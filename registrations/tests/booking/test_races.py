"""Races for one row: exact with all guards, oversold without them, exact again with the second guard alone."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from events.editing import set_capacity
from events.models import Event, Fest, Seats
from events.querysets import SeatsQuerySet
from registrations.booking.allocate import add_counts
from registrations.booking.cancel import cancel
from registrations.booking.errors import AmbiguousIdentity, RegistrationRejected
from registrations.booking.ledger import change_ledger
from registrations.booking.policy import SeatCounter
from registrations.models import Change, Registration, Student, Submission
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_school,
    build_submission,
    submit_now,
)
from registrations.tests.counting import counts, recount, states
from registrations.tests.races import (
    at_once,
    meeting_after_the_lock,
    with_places_of_their_own,
    without_condition,
    without_lock,
)
from techfest.core.db import locking
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import columns
from techfest.core.db.locking import Deadline
from techfest.core.errors import ConcurrentUpdate
from tickets.models import Delivery, Ticket

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CLICKS, SEATS = 40, 10


@pytest.fixture
def fest() -> Fest:
    build_school()
    return build_fest()


def rush(event: Event, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Forty students register for one event at once; returns each outcome."""
    booking_requests = [build_request(event) for _ in range(CLICKS)]
    with meeting_after_the_lock(monkeypatch, CLICKS):
        results = at_once([partial(submit_now, booking_request) for booking_request in booking_requests])
    return Counter(outcome(result) for result in results)


def outcome(result: Any) -> str:
    if isinstance(result, Submission):
        return " ".join(sorted(set(result.registrations.values_list("state", flat=True))))
    return type(result).__name__


class OneByOne(Result):
    """The rows of several statements."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[Result] = []

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return sorted(row for result in self.results for row in result.rows)


def test_forty_submissions_for_ten_seats_are_exact(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    event = build_event(fest, capacity=SEATS)
    assert rush(event, monkeypatch) == {"confirmed": 10, "waiting": 30}
    assert counts(event) == (10, 30, 40)
    assert states(event) == ["confirmed"] * 10 + ["waiting"] * 30
    assert Ticket.objects.count() == 10
    assert Delivery.objects.count() == 40


def test_forty_submissions_without_any_wall_oversell(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: the race is real, and only the walls keep it exact."""
    event = build_event(fest, capacity=SEATS)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatsQuerySet, "queue_add", without_condition)
    monkeypatch.setattr(SeatCounter, "give_queue_position", with_places_of_their_own())
    assert rush(event, monkeypatch)["confirmed"] > SEATS
    assert recount(event)[0] > SEATS


def test_forty_submissions_without_lock_are_held_by_the_condition(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Transactions that lose are repeated; the seats are exact even without the lock."""
    event = build_event(fest, capacity=SEATS)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatCounter, "give_queue_position", with_places_of_their_own())
    assert rush(event, monkeypatch)["confirmed"] == SEATS
    assert recount(event)[0] == counts(event)[0] == SEATS


def test_forty_submissions_without_lock_and_condition_are_held_by_the_places(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Queue positions are unique: of two transactions that read the same counts, one gets nothing."""
    event = build_event(fest, capacity=SEATS)
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(SeatsQuerySet, "queue_add", without_condition)
    seat_results = rush(event, monkeypatch)
    assert seat_results[IntegrityError.__name__] > 0
    assert recount(event)[0] == seat_results["confirmed"] <= SEATS


def test_forty_submissions_with_lock_need_no_condition(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    event = build_event(fest, capacity=SEATS)
    monkeypatch.setattr(SeatsQuerySet, "queue_add", without_condition)
    assert rush(event, monkeypatch) == {"confirmed": 10, "waiting": 30}
    assert counts(event) == (10, 30, 40)


def test_counts_moved_by_somebody_without_lock_are_not_overwritten(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    seat_counter = SeatCounter(Seats.objects.get(pk=event.pk))
    seat_counter.give_queue_position("confirmed")
    Seats.objects.filter(pk=event.pk).update(taken=1)
    with pytest.raises(ConcurrentUpdate), transaction.atomic(), change_ledger() as ledger:
        add_counts(seat_counter, ledger.batch)
    assert counts(event) == (1, 0, 0)


def test_fifty_identical_submissions_are_one_registration(fest: Fest) -> None:
    event = build_event(fest)
    booking_request = build_request(event)
    results = at_once([partial(submit_now, booking_request)] * 50)
    assert set(results) == {Submission.objects.get()}
    assert counts(event) == (1, 0, 1)
    assert [model.objects.count() for model in (Student, Registration, Ticket, Delivery, Change)] == [1] * 5


def test_fifty_identical_submissions_without_email_are_one_registration(fest: Fest) -> None:
    event = build_event(fest)
    booking_request = build_request(event, email="")
    results = at_once([partial(submit_now, booking_request)] * 50)
    assert set(results) == {Submission.objects.get()}
    assert (counts(event), Delivery.objects.count()) == ((1, 0, 1), 0)


def test_same_student_in_two_tabs_is_registered_once(fest: Fest) -> None:
    event = build_event(fest)
    who: dict[str, Any] = {"name": "Asha Rao", "email": "asha@example.org"}
    results = at_once([partial(submit_now, build_request(event, **who)) for _ in range(2)])
    assert sorted(outcome(result) for result in results) == ["RegistrationRejected", "confirmed"]
    assert [
        line.decision.reason
        for result in results
        if isinstance(result, RegistrationRejected)
        for line in result.seat_results
    ] == ["already"]
    assert (counts(event), Student.objects.count(), Submission.objects.count()) == ((1, 0, 1), 1, 1)


def test_two_of_one_name_at_once_are_not_mixed_up(fest: Fest) -> None:
    event = build_event(fest)
    booking_requests = [build_request(event, name="Asha Rao", email=f"{n}@example.org") for n in range(2)]
    results = at_once([partial(submit_now, booking_request) for booking_request in booking_requests])
    assert sorted(outcome(result) for result in results) == [AmbiguousIdentity.__name__, "confirmed"]
    assert counts(event) == (1, 0, 1)


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_one_student_for_two_clashing_events_at_once_gets_one(fest: Fest, known: bool) -> None:
    one, other = build_event(fest, hour=10), build_event(fest, hour=10.5)
    who: dict[str, Any] = {"name": "Asha Rao", "email": "asha@example.org"}
    if known:
        build_submission(build_event(fest, hour=15), **who)
    results = at_once([partial(submit_now, build_request(event, **who)) for event in (one, other)])
    assert sorted(outcome(result) for result in results) == ["RegistrationRejected", "confirmed"]
    assert sorted([counts(one), counts(other)]) == [(0, 0, 0), (1, 0, 1)]


def test_first_in_line_gets_the_seat_before_ten_newcomers(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    held, *waiting = [build_submission(event).registrations.get() for _ in range(6)]
    give_up = partial(cancel, [held.pk], actor=Change.Actor.STUDENT, deadline=Deadline(30))
    newcomers = [partial(submit_now, build_request(event)) for _ in range(10)]
    at_once([*newcomers[:5], give_up, *newcomers[5:]])
    assert states(event) == ["cancelled", "confirmed"] + ["waiting"] * 14
    assert Registration.objects.holding_seats().get() == waiting[0]
    assert counts(event) == (1, 14, 16)


def test_seats_added_while_twenty_wait_and_twenty_register_go_to_those_who_waited(fest: Fest) -> None:
    event = build_event(fest, capacity=0)
    for _ in range(20):
        build_submission(event)
    newcomers = [partial(submit_now, build_request(event)) for _ in range(20)]
    at_once([*newcomers[:10], partial(set_capacity, event, capacity=15), *newcomers[10:]])
    assert states(event) == ["confirmed"] * 15 + ["waiting"] * 25
    assert counts(event) == (15, 25, 40)


def test_seats_taken_away_while_twenty_register_evict_nobody(fest: Fest) -> None:
    event = build_event(fest, capacity=15)
    booking_requests = [partial(submit_now, build_request(event)) for _ in range(20)]
    at_once([*booking_requests[:10], partial(set_capacity, event, capacity=5), *booking_requests[10:]])
    taken, waiting, last_queue_position = counts(event)
    assert 5 <= taken <= 15
    assert (taken + waiting, last_queue_position, recount(event)) == (20, 20, (taken, waiting))
    assert states(event) == ["confirmed"] * taken + ["waiting"] * waiting


def test_submissions_over_events_in_opposite_order_meet_no_deadlock(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "ATTEMPTS", 1)  # a deadlock would be an answer
    events = [build_event(fest, capacity=8) for _ in range(4)]
    orders = [events, events[::-1]] * 10
    results = at_once([partial(submit_now, build_request(*order)) for order in orders])
    assert [type(result) for result in results] == [Submission] * 20
    assert [counts(event) for event in events] == [(8, 12, 20)] * 4


def test_submissions_that_lock_in_their_own_order_meet_in_a_deadlock(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the lock order."""
    monkeypatch.setattr(locking, "ATTEMPTS", 1)

    def one_by_one(self: SeatsQuerySet, batch: Batch, event_ids: Iterable[int]) -> Result:
        statement = (
            f"SELECT {', '.join(columns(Seats))} FROM events_seats WHERE event_id = $1 FOR NO KEY UPDATE"
        )
        found = OneByOne()
        for event_id in event_ids:
            found.results.append(batch.add(statement, [event_id]))
            batch.add("SELECT pg_sleep(0.5)")
        return found

    events = [build_event(fest), build_event(fest)]
    monkeypatch.setattr(SeatsQuerySet, "queue_lock", one_by_one)
    booking_requests = [build_request(*order) for order in (events, events[::-1])]
    results = at_once([partial(submit_now, booking_request) for booking_request in booking_requests])
    assert sorted(outcome(result) for result in results) == ["LockTimeout", "confirmed"]


def test_promotions_cancellations_and_submissions_over_events_show_no_deadlock(fest: Fest) -> None:
    events = [build_event(fest, capacity=3) for _ in range(3)]
    submissions = [build_submission(*events) for _ in range(8)]
    ids = [list(submission.registrations.values_list("pk", flat=True)) for submission in submissions]
    cancels = [partial(cancel, keys[::-1], actor="student", deadline=Deadline(30)) for keys in ids[:4]]
    raises = [partial(set_capacity, event, capacity=5) for event in events[::-1]]
    booking_requests = [partial(submit_now, build_request(*events[::-1])) for _ in range(8)]
    results = at_once([*booking_requests, *cancels, *raises])
    assert [result for result in results if isinstance(result, Exception)] == []
    assert [counts(event) for event in events] == [(5, 7, 16)] * 3
    assert [recount(event) for event in events] == [(5, 7)] * 3


def test_one_registration_cancelled_by_two_at_once_frees_one_seat(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    held, *_waiting = [build_submission(event).registrations.get() for _ in range(3)]
    at_once([partial(cancel, [held.pk], actor="student", deadline=Deadline(30))] * 5)
    assert states(event) == ["cancelled", "confirmed", "waiting"]
    assert counts(event) == (1, 1, 3)
