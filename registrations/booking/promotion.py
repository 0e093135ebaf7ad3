"""Seats that an organiser gives to chosen people on the waiting list, out of order if need be."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger
from registrations.booking.messages import why_event_is_off
from registrations.booking.state import Origin, move
from registrations.holds.reserve import end_what_is_over
from registrations.models import Change, Hold, Registration
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

State = Registration.State


def promote_chosen(
    registration_ids: Iterable[int], *, user: Any, reason: str, deadline: Deadline, notify: bool = True
) -> list[Registration]:
    """Confirms these waiting registrations, all or none, whatever their rank, also after `promotes_until`.

    They take free seats first, then reserved ones. Each change names the organiser and the reason, which the
    invariants require of a promotion out of order. Registrations that no longer wait stay as they are, so a
    repeat is harmless; those that were promoted are returned. Locks the Seats rows of all events, then the
    registrations. Raises `ActionRejected` if seats are missing or the event is cancelled or over, and
    `LockTimeout` after 3 s.
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
    with change_ledger() as ledger:
        rows = Registration.objects.filter(pk__in=ids).waiting().with_related().order_by("pk")
        chosen = list(rows.select_for_update(no_key=True, of=("self",)))
        for event_id, row in seats.items():
            reserved = [hold for hold in holds[event_id] if hold.school_id is None]
            of_event = [one for one in chosen if one.event_id == event_id]
            if of_event:
                _require_seats(events[event_id], row, reserved, len(of_event), now)
                _give_seats(row, reserved, sorted(of_event, key=lambda one: one.queue_position))
        if chosen:
            move(chosen, to=State.CONFIRMED, origin=origin_at(at=now))
            if not notify:
                ledger.leave_not_notified(chosen)
    return chosen


def seats_to_give(seats: Seats, reserved: Iterable[Hold]) -> int:
    """Free seats and those that an organiser reserved."""
    return seats.free + sum(hold.unused for hold in reserved)


def _require_seats(event: Event, seats: Seats, reserved: Sequence[Hold], wanted: int, now: datetime) -> None:
    if refusal := refusal_to_promote(event, seats, reserved, wanted, now):
        raise ActionRejected(refusal)


def refusal_to_promote(
    event: Event, seats: Seats, reserved: Iterable[Hold], wanted: int, now: datetime
) -> str:
    """Why this number of people cannot get seats; empty if they can."""
    if refusal := why_event_is_off(event, now):
        return refusal
    there = seats_to_give(seats, reserved)
    known = {"event": event.name, "wanted": wanted, "seats": there}
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
    """Updates the counts; the last of the chosen take reserved seats."""
    free = min(seats.free, len(chosen))
    if not Seats.objects.advance(seats.pk, seats=free, from_held=len(chosen) - free):
        raise ConcurrentUpdate
    rest = list(chosen[free:])
    for hold in reserved:
        named, rest = rest[: hold.unused], rest[hold.unused :]
        if named:
            _use_hold(hold, named)


def _use_hold(hold: Hold, named: Sequence[Registration]) -> None:
    if not Hold.objects.use(hold.pk, len(named)):
        raise ConcurrentUpdate
    Registration.objects.filter(pk__in=[row.pk for row in named]).update(hold=hold)
    for row in named:
        row.hold = hold


def reserved_holds_of(event_ids: Iterable[int]) -> Mapping[int, list[Hold]]:
    """The reserved seats of these events, by event id, for a page that says what would be used."""
    found: dict[int, list[Hold]] = {pk: [] for pk in event_ids}
    for hold in Hold.objects.held().filter(event__in=found, school=None):
        found[hold.event_id].append(hold)
    return found
