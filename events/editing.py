"""Saving an event that an organiser edited."""

from collections.abc import Collection

from events.capacity import ReservedCapacity, set_capacity
from events.models import Event, Seats

MOVING = frozenset({"starts_at", "ends_at", "venue", "state"})
"""Fields whose change updates calendar entries."""


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
