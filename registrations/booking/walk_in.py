"""Seats that are given at the door, once the waiting list no longer moves: free ones, and those of who has not come."""

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
from registrations.booking.errors import ActionRejected, ConcurrentUpdate
from registrations.booking.seat_return import give_up
from registrations.booking.state import Origin, create, move
from registrations.holds.reserve import end_what_is_over
from registrations.locking import Deadline
from registrations.models import Change, Conflict, Registration, Student
from registrations.signals import registrations_changed
from techfest.core.formatting import moment

State = Registration.State
LatestUnclaimed = Callable[[int], Registration | None]
"""Gives the registration of an event (by number) that came last of those whose seat nobody has claimed at a
door, locked and looked at again under its lock; `None` where everybody has come."""


@dataclass(frozen=True, slots=True)
class WalkIn:
    """Somebody who stands at the door of an event without a seat, and who lets them in, and why."""

    student: Student
    event_id: int
    user: Any
    reason: str


def seat(walk_in: WalkIn, *, latest_unclaimed: LatestUnclaimed, deadline: Deadline) -> Registration:
    """Gives this person a free seat, or one that nobody came for; the registration is confirmed.

    Runs inside the caller's transaction. Locks the event's Seats row, then the student, then registrations. A
    free seat is given from `promotion_ends_at` on, seats that were held back among them; from
    `seats_are_kept_until` on also the seat of the last who has not come, who is told. No seat is given above
    the capacity. Whoever waits leaves the line; a newcomer gets a place. A place in line elsewhere at this time
    stays, and the clash is flagged. Raises `ActionRejected` with the reason, and the time from which on it would be
    possible.
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
    origin = Origin(Change.Cause.WALK_IN, Change.Actor.VOLUNTEER, now, walk_in.user, walk_in.reason)
    changes = _make_room(rows[event.pk], event, latest_unclaimed, origin)
    given = _give(walk_in, event, rows[event.pk], waiting, origin)
    clashes = [NewConflict(Conflict.Kind.CLASH, given.registration, other) for other in elsewhere]
    raise_conflicts(clashes, now=now, choose_by=event.ends_at, user=walk_in.user)
    registrations_changed.send(sender=Registration, changes=[*changes, given], now=now)
    return given.registration


def _require_eligible(
    walk_in: WalkIn, event: Event, now: datetime
) -> tuple[Registration | None, list[Registration]]:
    """The registration with which this person waits, if there is one, and those that wait for other events at
    this time; refuses whom no seat may be given."""
    if event.state != Event.State.PUBLISHED:
        raise ActionRejected(_("%(event)s does not take place.") % {"event": event.name})
    if now < event.promotion_ends_at:
        words = {"event": event.name, "from": moment(event.promotion_ends_at)}
        raise ActionRejected(
            _(
                "Free seats of %(event)s are given at the door from %(from)s. "
                "Until then the waiting list moves by itself."
            )
            % words
        )
    if now >= event.ends_at:
        raise ActionRejected(_("%(event)s is over.") % {"event": event.name})
    held = Registration.objects.active().filter(student=walk_in.student).select_related("event")
    mine, elsewhere = None, []
    for registration in held.select_for_update(no_key=True, of=("self",)).order_by("pk"):
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
        raise ActionRejected(
            _("%(event)s is for %(grades)s.") % {"event": event.name, "grades": event.grades_text}
        )
    return mine, elsewhere


def _make_room(seats: Seats, event: Event, latest_unclaimed: LatestUnclaimed, origin: Origin) -> list[Change]:
    """Nothing where a seat is free; else the last who has not come gives up theirs, if it is late enough."""
    if seats.free:
        return []
    if origin.at < event.seats_are_kept_until:
        words = {"from": moment(event.seats_are_kept_until)}
        raise ActionRejected(
            _("No seat is free. Seats of those who have not come are given from %(from)s.") % words
        )
    unclaimed = latest_unclaimed(event.pk) if seats.taken <= seats.capacity else None
    if unclaimed is None:
        raise ActionRejected(_("No seat is free, and everybody who has one has come."))
    no_show = Origin(Change.Cause.NO_SHOW, Change.Actor.VOLUNTEER, origin.at, origin.user, origin.reason)
    return give_up([unclaimed], {seats.pk: seats}, origin=no_show)


def _give(
    walk_in: WalkIn, event: Event, seats: Seats, waiting: Registration | None, origin: Origin
) -> Change:
    if waiting:
        free = Seats.objects.filter(pk=seats.pk, taken__lt=F("capacity"), waiting__gt=0)
        if not free.update(taken=F("taken") + 1, waiting=F("waiting") - 1):
            raise ConcurrentUpdate
        waiting.event, waiting.student = event, walk_in.student
        return move([waiting], to=State.CONFIRMED, origin=origin)[0]
    if not Seats.objects.add(seats.pk, taken=1, waiting=0):
        raise ConcurrentUpdate
    registration = Registration(
        event=event,
        student=walk_in.student,
        state=State.CONFIRMED,
        queue_position=seats.last_queue_position + 1,
        created_at=origin.at,
    )
    return create([registration], origin=origin)[0]
