"""Another event instead: the old registration is given up only where the new one is obtained."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.allocate import SeatCounter, SeatRequest
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected, ConcurrentUpdate
from registrations.booking.policy import Decision, decide_seat
from registrations.booking.seat_return import give_up
from registrations.booking.state import Origin, create
from registrations.booking.waitlist import promote
from registrations.holds.reserve import end_what_is_over
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Refusal, Registration, Student
from registrations.signals import registrations_changed

State = Registration.State


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one registration: its `successor` in the new event, or the reason why it stays."""

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
    """Moves these registrations to one event, each for itself, in the order of their places.

    One transaction. Grade, clashes and the waiting list are judged by the rules of a press; the opening hours
    are not, and a clash with what is given up does not count. Nobody overtakes whoever waits: without a free
    seat a registration stays, or waits at the end of the new line where it `may_wait`. Freed seats go to
    whoever waits for them. A successor belongs to the press that its predecessor belonged to, so that every
    link that showed the one shows the other.

    Locks the Seats rows of all events concerned, then the students, then the registrations. Raises
    `ActionRejected` where the event takes nobody any more, `LockTimeout` after 3 s.
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
        raise ActionRejected(_("This event takes nobody."))
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    target, origin = events[event_id], origin_at(at=now)
    _require_takes_place(target, now)
    registrations = _locked(ids, students)
    seat_counter = SeatCounter(seats[event_id])
    moves = _decide_all(registrations, target, seat_counter, may_wait, now)
    _write(moves, seats, seat_counter, origin, notify)
    return moves


def _require_takes_place(event: Event, now: datetime) -> None:
    if event.state != Event.State.PUBLISHED:
        raise ActionRejected(_("%(event)s does not take place.") % {"event": event.name})
    if now >= event.ends_at:
        raise ActionRejected(_("%(event)s is over.") % {"event": event.name})


def _locked(ids: list[int], students: set[int]) -> list[Registration]:
    """Those that are still active, in the order of their places; all of locked students."""
    rows = Registration.objects.filter(pk__in=ids).active().with_related().select_related("submission")
    found = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))
    if {row.student_id for row in found} - students:
        raise ConcurrentUpdate  # two rows of one student became one meanwhile
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
    return decide_seat(
        SeatRequest(row.student, target.pk, wants_waiting=may_wait), target, seat_counter, others, now
    )


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


def _write(
    moves: list[Move], seats: dict[int, Seats], seat_counter: SeatCounter, origin: Origin, notify: bool
) -> None:
    successors = [move.successor for move in moves if move.successor]
    if not successors:
        return
    left = [move.registration for move in moves if move.successor]
    changes = give_up(left, seats, origin=origin) + create(successors, origin=origin)
    seat_counter.write()
    for event_id in {row.event_id for row in left}:
        changes += promote(seats[event_id], cause=Change.Cause.PROMOTED, now=origin.at)
    not_notified = frozenset() if notify else frozenset(row.pk for row in successors)
    registrations_changed.send(sender=Registration, changes=changes, now=origin.at, not_notified=not_notified)
