"""Changes events as the admin does, without the browser."""

import copy
import datetime as dt
from typing import Any

from django.db import transaction

from events.editing import ReservedCapacity
from events.models import Event, Seats
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Edit, Impact, preview_impact
from techfest.core.db.clock import database_now


def change(event: Event, *, user: Any = None, reason: str = "", hold: int = 0, **values: Any) -> Impact:
    """Changes these values of the event with everything that follows; returns the impact."""
    with transaction.atomic():
        (seats,) = Seats.objects.locked([event.pk])
        before = Event.objects.select_related("fest", "venue", "category").get(pk=event.pk)
        after = copy.copy(before)
        capacity = values.pop("capacity", seats.capacity)
        for name, value in values.items():
            setattr(after, name, value)
        now = database_now()
        changed = frozenset(name for name in values if getattr(before, name) != getattr(after, name))
        impacts = preview_impact([Edit(before, after, seats, capacity, changed)], now=now)
        held = {event.pk: ReservedCapacity(hold, now + dt.timedelta(days=1), user)} if hold else {}
        apply_edits(impacts, ApplyOptions(user, reason, held), now=now)
    return impacts[0]


def set_beside(event: Event, other: Event) -> Impact:
    """Moves the event to the time of another one."""
    return change(event, starts_at=other.starts_at, ends_at=other.ends_at)
