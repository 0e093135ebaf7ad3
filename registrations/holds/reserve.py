"""Seats that are held for a school or reserved by an organiser: taken, and given back, under the event's lock."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.dispatch import receiver

from events.editing import ReservedCapacity, capacity_raised
from events.models import Event, Seats
from registrations.booking.ledger import change_ledger
from registrations.booking.waitlist import promote
from registrations.holds import mails
from registrations.models import Change, Hold
from techfest.core.db.clock import database_now
from techfest.core.errors import ConcurrentUpdate


def hold_seats(seats: Seats, hold: Hold, *, now: dt.datetime) -> None:
    """Take the seats of a hold. The caller has checked that they are free and that no one waits.

    `hold` may be new, and is not saved. Raises `ConcurrentUpdate` if the seats do not fit.
    """
    if not Seats.objects.hold(seats.pk, seats=hold.seats):
        raise ConcurrentUpdate
    seats.taken += hold.seats
    seats.held += hold.seats
    hold.held_at = now


def reserve_capacity(seats: Seats, reserved: ReservedCapacity, *, now: dt.datetime) -> Hold:
    """Reserve seats for an organiser: a hold without a school. Raises `ConcurrentUpdate` if they do not fit.

    The waiting list does not get these seats; the hold is the recorded reason. Needs the lock of `seats`.
    """
    hold = Hold(
        event_id=seats.pk,
        seats=reserved.seats,
        until=reserved.until,
        requested_by=reserved.user,
        approved_by=reserved.user,
    )
    hold_seats(seats, hold, now=now)
    hold.save()
    return hold


@receiver(capacity_raised)
def give_new_seats(
    *, seats: Seats, now: dt.datetime, reserved: ReservedCapacity | None = None, **_kwargs: object
) -> None:
    """Give new seats to the waiting list, except those that are reserved."""
    if reserved:
        reserve_capacity(seats, reserved, now=now)
    with change_ledger():
        promote(seats, cause=Change.Cause.CAPACITY_RAISED, now=now)


def end(seats: Seats, holds: Sequence[Hold], *, now: dt.datetime) -> None:
    """End these holds of one event, return their unused seats and promote from the waiting list.

    Registrations keep the seats they have. Raises `ConcurrentUpdate` if a hold had already ended although the
    event is locked, so its seats are returned only once.
    """
    unused = sum(hold.unused for hold in holds)
    mine = Hold.objects.unreturned().filter(pk__in=[hold.pk for hold in holds])
    if mine.update(returned_at=now) != len(holds):
        raise ConcurrentUpdate
    if unused and not Seats.objects.let_go(seats.pk, seats=unused):
        raise ConcurrentUpdate
    seats.taken -= unused
    seats.held -= unused
    for hold in holds:
        hold.returned_at = now
    with change_ledger():
        promote(seats, cause=Change.Cause.PROMOTED, now=now)


def end_all(event: Event) -> None:
    """End all holds of a cancelled event and notify the teachers. Needs the lock of its Seats row."""
    for seats in Seats.objects.locked([event.pk]):
        now = database_now()
        holds = list(Hold.objects.unreturned().filter(event=event).with_related())
        unused = {hold.pk: hold.unused for hold in holds}
        end(seats, holds, now=now)
        for hold in holds:
            if hold.held_at is None or unused[hold.pk]:
                mails.notify_of_cancelled_event(hold, now=now)


def holds_in_time(
    rows: Iterable[Seats], events: Mapping[int, Event], now: dt.datetime | None
) -> Mapping[int, list[Hold]]:
    """The open holds of these locked events, by event id, the one that ends first in front.

    Holds whose time is over are given back first, so a request finds the seats free even if no worker runs.
    Without held seats, which is the usual case, there is no query.
    """
    return end_what_is_over([row for row in rows if row.held], events, now)


def end_what_is_over(
    rows: Iterable[Seats], events: Mapping[int, Event], now: dt.datetime | None
) -> Mapping[int, list[Hold]]:
    """End the holds of these locked events whose time is over; return the others as `holds_in_time` does."""
    known = {row.pk: row for row in rows if row.pk in events}
    in_time: dict[int, list[Hold]] = defaultdict(list)
    over: dict[int, list[Hold]] = defaultdict(list)
    if not known or now is None:
        return in_time
    for hold in Hold.objects.held().filter(event__in=known).select_related("school", "requested_by"):
        hold.event = events[hold.event_id]
        (in_time if now < hold.deadline else over)[hold.event_id].append(hold)
    for event_id, holds in over.items():
        expire(known[event_id], holds, now=now)
    return in_time


def expire(seats: Seats, holds: Sequence[Hold], *, now: dt.datetime) -> None:
    """End holds whose time is over and notify the teachers who requested them."""
    unused = {hold.pk: hold.unused for hold in holds}
    end(seats, holds, now=now)
    for hold in holds:
        if hold.held_at is None or unused[hold.pk]:
            mails.notify_of_end(hold, unused=unused[hold.pk], now=now)
