"""Moving registrations to another event: the old one is given up only if the new one is obtained."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.allocate import add_counts
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger, require_ledger
from registrations.booking.messages import why_event_is_off
from registrations.booking.policy import Decision, SeatCounter, SeatRequest, decide_seat
from registrations.booking.state import Origin, create, give_up
from registrations.booking.waitlist import promote
from registrations.holds.reserve import end_what_is_over
from registrations.models import Change, Refusal, Registration, Student
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

State = Registration.State


@dataclass(frozen=True, slots=True)
class Move:
    """The outcome for one registration: its `successor` in the new event, or the decision why it stays."""

    registration: Registration
    decision: Decision
    successor: Registration | None = None


def move_to(
    registration_ids: Iterable[int],
    *,
    event_id: int,
    user: Any,
    reason: str,
    deadline: Deadline,
    may_wait: bool = False,
    notify: bool = True,
) -> list[Move]:
    """Moves these registrations to one event, one by one, in the order of their queue positions.

    One transaction. Grade, clashes and the waiting list are decided as for every request; opening hours are
    not, and what is given up does not clash. Without a free seat a registration stays, or joins the waiting
    list if it `may_wait`. Freed seats go to the old event's waiting list. A successor belongs to the same
    submission, so every link that showed the old registration shows the new one.

    The number of a student's events stays, so the limit of the fest is not asked.

    Locks the Seats rows of all events, then the students, then the registrations. Raises `ActionRejected` if
    the event is cancelled or over, and `LockTimeout` after 3 s.
    """
    ids = sorted(registration_ids)
    origin = partial(Origin, Change.Cause.MOVED, Change.Actor.ORGANISER, user=user, reason=reason)
    work = partial(_move, ids, event_id, origin, deadline, may_wait, notify)
    return in_transaction(work, deadline=deadline)


def _move(
    ids: list[int],
    event_id: int,
    origin_at: Callable[..., Origin],
    deadline: Deadline,
    may_wait: bool,
    notify: bool,
) -> list[Move]:
    known = list(Registration.objects.filter(pk__in=ids).values_list("event_id", "student_id"))
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked([event_id, *(event for event, _who in known)])}
    deadline.limit_locks()
    students = {row.pk for row in Student.objects.filter(pk__in={who for _event, who in known}).locked()}
    events, now = read_locked_events(seats)
    if now is None or event_id not in events:
        raise ActionRejected(_("There is no such event."))
    target = events[event_id]
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    if refusal := why_event_is_off(target, now):
        raise ActionRejected(refusal)
    with change_ledger() as ledger:
        seat_counter = SeatCounter(seats[event_id])
        moves = _decide_all(_locked(ids, students), target, seat_counter, may_wait, now)
        _write(moves, seats, seat_counter, origin_at(at=now))
        if not notify:
            ledger.leave_not_notified(move.successor for move in moves if move.successor)
    return moves


def _locked(ids: list[int], students: set[int]) -> list[Registration]:
    """The active registrations of these locked students, in the order of their queue positions."""
    rows = Registration.objects.filter(pk__in=ids).active().with_related().select_related("submission")
    found = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))
    if {row.student_id for row in found} - students:
        raise ConcurrentUpdate  # two students were merged meanwhile
    return sorted(found, key=lambda row: (row.event_id, row.queue_position))


def _decide_all(
    registrations: list[Registration], target: Event, seat_counter: SeatCounter, may_wait: bool, now: datetime
) -> list[Move]:
    engaged: Mapping[int, list[Registration]] = defaultdict(list)
    of_them = Registration.objects.active().filter(student__in={row.student_id for row in registrations})
    for row in of_them.select_related("event"):
        engaged[row.student_id].append(row)
    moves = []
    for row in registrations:
        others = [one for one in engaged[row.student_id] if one.pk != row.pk]
        decision = _decide(row, target, seat_counter, others, may_wait, now)
        successor = _successor(row, target, seat_counter, decision, now) if decision.state else None
        if successor:
            engaged[row.student_id][:] = [*others, successor]
        moves.append(Move(row, decision, successor))
    return moves


def _decide(
    row: Registration,
    target: Event,
    seat_counter: SeatCounter,
    others: list[Registration],
    may_wait: bool,
    now: datetime,
) -> Decision:
    if row.event_id == target.pk or any(one.event_id == target.pk for one in others):
        return Decision(reason=Refusal.Reason.ALREADY)
    if row.event.fest_id != target.fest_id:
        return Decision(reason=Refusal.Reason.UNKNOWN)
    seat_request = SeatRequest(row.student, target.pk, wants_waiting=may_wait, is_move=True)
    return decide_seat(seat_request, target, seat_counter, others, now)


def _successor(
    row: Registration, target: Event, seat_counter: SeatCounter, decision: Decision, now: datetime
) -> Registration:
    return Registration(
        event=target,
        student=row.student,
        submission=row.submission,
        state=decision.state,
        queue_position=seat_counter.give_queue_position(decision.state),
        created_at=now,
    )


def _write(moves: list[Move], seats: dict[int, Seats], seat_counter: SeatCounter, origin: Origin) -> None:
    successors = [move.successor for move in moves if move.successor]
    if not successors:
        return
    left = [move.registration for move in moves if move.successor]
    give_up(left, seats, origin=origin)
    create(successors, origin=origin)
    add_counts(seat_counter, require_ledger().batch)
    for event_id in {row.event_id for row in left}:
        promote(seats[event_id], cause=Change.Cause.PROMOTED, now=origin.at)
