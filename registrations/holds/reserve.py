"""Seats that are held for a school: taken, used by names, and given back, always under the event's lock."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import F

from events.models import Event, Seats
from registrations.booking.errors import ConcurrentUpdate
from registrations.booking.waitlist import promote
from registrations.holds import mails
from registrations.models import Change, Hold, Registration
from registrations.signals import registrations_changed


def hold_seats(seats: Seats, hold: Hold, *, now: dt.datetime) -> None:
    """Holds the seats of a block from now on; whoever calls has seen that they are free and nobody waits.

    `block` may be new, and is not saved. Raises `ConcurrentUpdate` where the seats do not fit.
    """
    if not Seats.objects.hold(seats.pk, seats=hold.seats):
        raise ConcurrentUpdate
    seats.taken += hold.seats
    seats.held += hold.seats
    hold.held_at = now


def end(seats: Seats, holds: Sequence[Hold], *, now: dt.datetime) -> None:
    """Gives back what is unused of these blocks of one event, held or asked for, and promotes whoever waits.

    Names that were given keep their seats. Raises `ConcurrentUpdate` where a block had ended already although the
    event is locked: its seats come back once.
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
    if changes := promote(seats, cause=Change.Cause.PROMOTED, now=now):
        registrations_changed.send(sender=Registration, changes=changes, now=now)


def holds_in_time(
    rows: Iterable[Seats], events: Mapping[int, Event], now: dt.datetime | None
) -> Mapping[int, list[Hold]]:
    """The blocks of these locked events that have seats for names, by event, the most urgent first.

    Those whose time is over are given back first, so that a press finds the seats free although no worker
    runs. Without held seats there is no query; such is nearly every press.
    """
    return end_what_is_over([row for row in rows if row.held], events, now)


def end_what_is_over(
    rows: Iterable[Seats], events: Mapping[int, Event], now: dt.datetime | None
) -> Mapping[int, list[Hold]]:
    """Gives back the blocks of these locked events whose time is over; the others, as `blocks_in_time`."""
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
    """Ends blocks whose time is over, and tells those who asked."""
    unused = {hold.pk: hold.unused for hold in holds}
    end(seats, holds, now=now)
    for hold in holds:
        if hold.held_at is None or unused[hold.pk]:
            mails.notify_of_end(hold, unused=unused[hold.pk], now=now)


def take_names_off(registrations: Iterable[Registration]) -> Counter[int]:
    """Makes room again in the blocks of registrations that end; how many seats of each event stay held.

    A block that was given back keeps nothing: those seats are everybody's.
    """
    names = Counter(row.hold_id for row in registrations if row.hold_id and row.holds_seat)
    kept: Counter[int] = Counter()
    for hold in Hold.objects.filter(pk__in=names) if names else ():
        Hold.objects.filter(pk=hold.pk).update(used=F("used") - names[hold.pk])
        if hold.state == Hold.State.HELD:
            kept[hold.event_id] += names[hold.pk]
    return kept
