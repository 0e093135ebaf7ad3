"""Changes of an event's capacity."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from events.models import Event, Seats
from events.signals import capacity_raised
from techfest.core.db.clock import database_now


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
