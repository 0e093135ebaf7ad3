"""Saving an event that an organiser edited, and its capacity."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.dispatch import Signal

from events.models import Event, Seats
from techfest.core.db.clock import database_now

MOVING = frozenset({"starts_at", "ends_at", "venue", "state"})
"""Fields whose change updates calendar entries."""

capacity_raised = Signal()
"""Sent in the transaction that raised a capacity, with `seats` (locked), `now` and `reserved` (a ReservedCapacity or
None)."""


@dataclass(frozen=True, slots=True)
class ReservedCapacity:
    """How many of the added seats stay reserved, until when, and who reserved them."""

    seats: int
    until: dt.datetime
    user: Any


def set_capacity(event: Event, *, capacity: int, reserved: ReservedCapacity | None = None) -> Seats:
    """Set the capacity of an event, creating its Seats row if needed.

    A capacity below `taken` cancels no registration. An increase sends `capacity_raised` in the same transaction,
    so that students on the waiting list get the new seats before anyone else can see them; `reserved` seats are
    kept back first. Locks the event's Seats row.
    """
    with transaction.atomic():
        Seats.objects.bulk_create([Seats(event=event, capacity=capacity)], ignore_conflicts=True)
        (seats,) = Seats.objects.locked([event.pk])
        raised = capacity > seats.capacity
        if capacity != seats.capacity:
            seats.capacity = capacity
            seats.save(update_fields=["capacity"])
        if raised:
            capacity_raised.send(sender=Seats, seats=seats, now=database_now(), reserved=reserved)
    return seats


def write(
    event: Event, *, changed: Collection[str], capacity: int | None, reserved: ReservedCapacity | None = None
) -> None:
    """Save the changed fields of an event and its capacity; a new event is saved with all fields.

    A change of time, venue or state increments `sequence`, by which calendars recognise the update. Must run in a
    transaction in which an existing event was read after its Seats row was locked. A capacity of None leaves it
    as it is; `reserved` says how many of the added seats are kept back.
    """
    if event._state.adding:
        event.save()
    else:
        names = {field.name for field in event._meta.concrete_fields} & set(changed)
        if MOVING & names:
            event.sequence += 1
            names.add("sequence")
        event.save(update_fields=names)
    if capacity is not None:
        set_capacity(event, capacity=capacity, reserved=reserved)


def lock(event_id: int) -> None:
    """Lock the event's Seats row: bookings, cancellations and edits of this event wait."""
    Seats.objects.locked([event_id])
