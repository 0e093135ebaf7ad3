"""Writing an event as an organiser changed it."""

from collections.abc import Collection

from events.capacity import ReservedCapacity, set_capacity
from events.models import Event, Seats

MOVING = frozenset({"starts_at", "ends_at", "venue", "state"})
"""What makes a calendar entry another one when it changes."""


def write(
    event: Event, *, changed: Collection[str], capacity: int | None, reserved: ReservedCapacity | None = None
) -> None:
    """Saves these fields of an event and its number of seats; a new event is saved whole, with its seats.

    Calendars that have the event learn of another time, venue or state by the raised `sequence`. Needs the
    caller's transaction, in which an event that was there must have been read after its Seats row was
    locked. `None` leaves the capacity as it is; what is `reserved` of new seats goes to nobody yet.
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
    """Makes everybody else wait who gives or takes a seat of this event, or changes it."""
    Seats.objects.locked([event_id])
