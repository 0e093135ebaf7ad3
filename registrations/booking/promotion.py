"""Seats for those whom an organiser chooses from the waiting list, out of order where need be."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected, ConcurrentUpdate
from registrations.booking.state import Origin, move
from registrations.holds.reserve import end_what_is_over
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Hold, Registration
from registrations.signals import registrations_changed

State = Registration.State


def promote_chosen(
    registration_ids: Iterable[int], *, user: Any, reason: str, deadline: Deadline, notify: bool = True
) -> list[Registration]:
    """Confirms these waiting registrations, all or none, also past an earlier place and past `promotes_until`.

    They take free seats first, then seats that an organiser held back. Each change says who chose and why:
    that is the override which the auditor knows. Whoever does not wait any more stays as it is, so a repeat
    does no harm; those who did are returned. Locks the Seats rows of all events, then the registrations.
    Raises `ActionRejected` where there are fewer seats than chosen, or the event does not take place or is over,
    and `LockTimeout` after 3 s.
    """
    ids = sorted(registration_ids)
    origin = partial(Origin, Change.Cause.CHOSEN, Change.Actor.ORGANISER, user=user, reason=reason)
    return in_transaction(lambda: _promote(ids, origin, deadline, notify), deadline=deadline)


def _promote(
    ids: list[int], origin_at: Callable[..., Origin], deadline: Deadline, notify: bool
) -> list[Registration]:
    event_ids = Registration.objects.filter(pk__in=ids).values_list("event_id", flat=True)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(list(event_ids))}
    events, now = read_locked_events(seats)
    if now is None:
        return []
    release_late(seats.values(), events, now)
    holds = end_what_is_over(seats.values(), events, now)
    rows = Registration.objects.filter(pk__in=ids).waiting().with_related().order_by("pk")
    chosen = list(rows.select_for_update(no_key=True, of=("self",)))
    for event_id, row in seats.items():
        of_event = sorted(
            (one for one in chosen if one.event_id == event_id), key=lambda one: one.queue_position
        )
        if of_event:
            reserved = [hold for hold in holds[event_id] if hold.school_id is None]
            _require_seats(events[event_id], row, reserved, len(of_event), now)
            _give_seats(row, reserved, of_event)
    if chosen:
        changes = move(chosen, to=State.CONFIRMED, origin=origin_at(at=now))
        not_notified = frozenset() if notify else frozenset(row.pk for row in chosen)
        registrations_changed.send(sender=Registration, changes=changes, now=now, not_notified=not_notified)
    return chosen


def seats_to_give(seats: Seats, reserved: Iterable[Hold]) -> int:
    """Free ones, and those that an organiser keeps back."""
    return seats.free + sum(hold.unused for hold in reserved)


def _require_seats(event: Event, seats: Seats, reserved: Sequence[Hold], wanted: int, now: datetime) -> None:
    if refusal := refusal_to_promote(event, seats, reserved, wanted, now):
        raise ActionRejected(refusal)


def refusal_to_promote(
    event: Event, seats: Seats, reserved: Iterable[Hold], wanted: int, now: datetime
) -> str:
    """Why so many cannot be given a seat, in a sentence; empty where they can."""
    known = {"event": event.name, "wanted": wanted, "seats": (there := seats_to_give(seats, reserved))}
    if event.state != Event.State.PUBLISHED:
        return _("%(event)s does not take place.") % known
    if now >= event.ends_at:
        return _("%(event)s is over.") % known
    if not there:
        return _("%(event)s has no free seat. Raise its capacity, or cancel a registration first.") % known
    if there < wanted:
        words = ngettext(
            "%(event)s has %(seats)d free seat, and %(wanted)d were chosen. Choose fewer.",
            "%(event)s has %(seats)d free seats, and %(wanted)d were chosen. Choose fewer.",
            there,
        )
        return words % known
    return ""


def _give_seats(seats: Seats, reserved: Sequence[Hold], chosen: Sequence[Registration]) -> None:
    """Counts them, and names those who take a seat that was held back, the last in line first."""
    free = min(seats.free, len(chosen))
    if not Seats.objects.advance(seats.pk, seats=free, from_held=len(chosen) - free):
        raise ConcurrentUpdate
    rest = list(chosen[free:])
    for hold in reserved:
        named, rest = rest[: hold.unused], rest[hold.unused :]
        if named:
            _name(hold, named)


def _name(hold: Hold, named: Sequence[Registration]) -> None:
    if not Hold.objects.use(hold.pk, len(named)):
        raise ConcurrentUpdate
    Registration.objects.filter(pk__in=[row.pk for row in named]).update(hold=hold)
    for row in named:
        row.hold = hold


def reserved_holds_of(event_ids: Iterable[int]) -> Mapping[int, list[Hold]]:
    """The blocks that organisers hold back, by event; for a page that says what would be taken."""
    found: dict[int, list[Hold]] = {pk: [] for pk in event_ids}
    for hold in Hold.objects.held().filter(event__in=found, school=None):
        found[hold.event_id].append(hold)
    return found
