"""Seats given at the door after the waiting list has closed: free ones, and those of people who did not come."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.conflicts import NewConflict, raise_conflicts
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger, require_ledger
from registrations.booking.messages import refusal_about, why_event_is_off, why_wrong_grade
from registrations.booking.policy import has_most_events
from registrations.booking.state import Origin, create, give_up, move
from registrations.holds.reserve import end_what_is_over
from registrations.models import Change, Conflict, Refusal, Registration, Student
from techfest.core.db.locking import Deadline
from techfest.core.errors import ConcurrentUpdate
from techfest.core.formatting import moment

State = Registration.State
LatestUnclaimed = Callable[[int], Registration | None]
"""Returns, for an event id, the latest confirmed registration that has not checked in, locked; `None` if all have."""


@dataclass(frozen=True, slots=True)
class WalkIn:
    """A student at the door of an event without a seat; `user` is the volunteer who admits them."""

    student: Student
    event_id: int
    user: Any
    reason: str


def seat(walk_in: WalkIn, *, latest_unclaimed: LatestUnclaimed, deadline: Deadline) -> Registration:
    """Gives the student a free or unclaimed seat and returns the confirmed registration.

    Part of the caller's transaction; the ticket exists when this returns. Locks the event's Seats row, then the
    student, then registrations. From `promotion_ends_at` on free seats are given, reserved ones included; from
    `seats_are_kept_until` on also the seat of the latest registration that has not checked in, whose student is
    notified. The capacity is never exceeded. A waiting registration of the student is confirmed; another one
    that waits for an event at the same time stays and gets a conflict. Raises `ActionRejected` with the reason
    and, where it helps, the time from which a seat can be given.
    """
    deadline.limit_locks()
    rows = {row.pk: row for row in Seats.objects.locked([walk_in.event_id])}
    deadline.limit_locks()
    for student in Student.objects.filter(pk=walk_in.student.pk).locked():
        walk_in.student.grade = student.grade
    events, now = read_locked_events(rows)
    event = events.get(walk_in.event_id)
    if event is None or now is None:
        raise ActionRejected(_("There is no such event."))
    release_late(rows.values(), events, now)
    end_what_is_over(rows.values(), events, now)
    waiting, elsewhere = _require_eligible(walk_in, event, now)
    with change_ledger():
        origin = Origin(Change.Cause.WALK_IN, Change.Actor.VOLUNTEER, now, walk_in.user, walk_in.reason)
        _make_room(rows[event.pk], event, latest_unclaimed, origin)
        registration = _give(walk_in, event, rows[event.pk], waiting, origin)
        clashes = [NewConflict(Conflict.Kind.CLASH, registration, other) for other in elsewhere]
        raise_conflicts(clashes, now=now, choose_by=event.ends_at, user=walk_in.user)
    return registration


def _require_eligible(
    walk_in: WalkIn, event: Event, now: datetime
) -> tuple[Registration | None, list[Registration]]:
    """The student's waiting registration, if any, and those that wait for other events at the same time.

    Raises `ActionRejected` if the student may not get a seat.
    """
    if refusal := why_event_is_off(event, now):
        raise ActionRejected(refusal)
    if now < event.promotion_ends_at:
        words = {"event": event.name, "from": moment(event.promotion_ends_at)}
        raise ActionRejected(
            _(
                "Free seats of %(event)s are given at the door from %(from)s. "
                "Until then they go to the waiting list."
            )
            % words
        )
    rows = Registration.objects.active().filter(student=walk_in.student).select_related("event")
    held = list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))
    mine, elsewhere = None, []
    for registration in held:
        if registration.event_id == event.pk:
            mine = registration
        elif not event.overlaps(registration.event):
            continue
        elif registration.state == State.WAITING:
            elsewhere.append(registration)
        else:
            words = {"event": registration.event.name}
            raise ActionRejected(_("This person has a seat in %(event)s at the same time.") % words)
    if mine and mine.state != State.WAITING:
        raise ActionRejected(_("This person has a seat already. Search by name to check them in."))
    if not event.has_room_for_grade(walk_in.student.grade):
        raise ActionRejected(why_wrong_grade(event))
    if not mine and has_most_events(event, len(held)):
        raise ActionRejected(refusal_about(event, Refusal.Reason.EVENTS_CAP, None, walk_in.student.name))
    return mine, elsewhere


def _make_room(seats: Seats, event: Event, latest_unclaimed: LatestUnclaimed, origin: Origin) -> None:
    """Cancels the latest registration that has not checked in, if no seat is free and it is late enough."""
    if seats.free:
        return
    if origin.at < event.seats_are_kept_until:
        words = {"from": moment(event.seats_are_kept_until)}
        raise ActionRejected(
            _("No seat is free. Seats of people who have not come are given from %(from)s.") % words
        )
    unclaimed = latest_unclaimed(event.pk) if seats.taken <= seats.capacity else None
    if unclaimed is None:
        raise ActionRejected(_("No seat is free, and everyone with a seat has come."))
    no_show = Origin(Change.Cause.NO_SHOW, Change.Actor.VOLUNTEER, origin.at, origin.user, origin.reason)
    give_up([unclaimed], {seats.pk: seats}, origin=no_show)


def _give(
    walk_in: WalkIn, event: Event, seats: Seats, waiting: Registration | None, origin: Origin
) -> Registration:
    if waiting:
        free = Seats.objects.filter(pk=seats.pk, taken__lt=F("capacity"), waiting__gt=0)
        if not free.update(taken=F("taken") + 1, waiting=F("waiting") - 1):
            raise ConcurrentUpdate
        waiting.event, waiting.student = event, walk_in.student
        move([waiting], to=State.CONFIRMED, origin=origin)
        return waiting
    Seats.objects.queue_add(require_ledger().batch, seats.pk, taken=1, waiting=0)
    registration = Registration(
        event=event,
        student=walk_in.student,
        state=State.CONFIRMED,
        queue_position=seats.last_queue_position + 1,
        created_at=origin.at,
    )
    create([registration], origin=origin)
    return registration
