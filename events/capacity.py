"""Changing how many fit."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from events.models import Event, Seats
from events.signals import capacity_raised
from techfest.core.db.clock import database_now


@dataclass(frozen=True, slots=True)
class ReservedCapacity:
    """Of the seats that are added, how many nobody gets yet: until when, and who wants it so."""

    seats: int
    until: dt.datetime
    user: Any


def set_capacity(event: Event, *, capacity: int, reserved: ReservedCapacity | None = None) -> Seats:
    """Gives the event this many seats, also its first ones.

    Lowering it below `taken` throws nobody out. Raising it is heard above inside the same transaction, so
    that whoever waits has the seat before a newcomer can see it; what is `reserved` of the new seats is
    taken before anybody has them. Locks the event's Seats row.
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
