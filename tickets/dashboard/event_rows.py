"""The events of a fest as Today shows them, read in one query, and those that share a venue at the same time."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from events.models import Event, Fest
from tickets.dashboard.visibility import Viewer

State = Event.State


@dataclass(frozen=True, slots=True)
class EventRow:
    """What the timetable reads of an event; the order of the fields is that of `_COLUMNS`."""

    pk: int
    name: str
    venue: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    is_paused: bool
    capacity: int | None
    taken: int | None
    held: int | None
    waiting: int | None


_COLUMNS = (
    *("pk", "name", "venue__name", "starts_at", "ends_at", "state", "is_paused"),
    *("seats__capacity", "seats__taken", "seats__held", "seats__waiting"),
)


class Overlap(NamedTuple):
    """The other events in the same venue at the same time: the name of one, and how many they are."""

    name: str
    others: int


def event_rows(viewer: Viewer, fest: Fest) -> list[EventRow] | None:
    """Return the events that the user may see in one query; `None` if the user sees no events."""
    events = viewer.rows(Event)
    if events is None:
        return None
    found = events.filter(fest=fest).order_by("starts_at", "name", "pk")
    return [EventRow(*row) for row in found.values_list(*_COLUMNS)]


def overlapping(rows: Iterable[EventRow]) -> dict[int, Overlap]:
    """Return, by event, the others that take the same venue at the same time; cancelled events take none."""
    by_venue: dict[str, list[EventRow]] = defaultdict(list)
    for row in rows:
        if row.state != State.CANCELLED:
            by_venue[row.venue].append(row)
    names: dict[int, str] = {}
    counts: Counter[int] = Counter()
    for events in by_venue.values():
        running: list[EventRow] = []
        for row in events:
            running = [other for other in running if other.ends_at > row.starts_at]
            if running:
                names[row.pk], counts[row.pk] = running[0].name, len(running)
            for other in running:
                names.setdefault(other.pk, row.name)
                counts[other.pk] += 1
            running.append(row)
    return {pk: Overlap(name, counts[pk]) for pk, name in names.items()}
