"""Giving seats and places in line back to their events, under the events' locks."""

from collections import Counter

from django.db.models import F

from events.models import Seats
from registrations.booking.state import Origin, move
from registrations.holds.reserve import take_names_off
from registrations.models import Change, Registration

State = Registration.State


def give_up(registrations: list[Registration], seats: dict[int, Seats], *, origin: Origin) -> list[Change]:
    """Cancels these registrations, locked like the `seats` of their events, and takes them off the counts.

    Nobody is promoted here, and the signal is the caller's.
    """
    _return_seats(registrations, seats)
    return move(registrations, to=State.CANCELLED, origin=origin)


def _return_seats(registrations: list[Registration], seats: dict[int, Seats]) -> None:
    held = Counter(row.event_id for row in registrations if row.holds_seat)
    waiting = Counter(row.event_id for row in registrations if not row.holds_seat)
    kept = take_names_off(registrations)
    for event_id, row in seats.items():
        free = held[event_id] - kept[event_id]
        row.taken -= free
        row.held += kept[event_id]
        row.waiting -= waiting[event_id]
        Seats.objects.filter(pk=event_id).update(
            taken=F("taken") - free,
            held=F("held") + kept[event_id],
            waiting=F("waiting") - waiting[event_id],
        )
