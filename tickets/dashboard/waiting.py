"""Who waits for a seat, by event: seats taken, held and free, and why nobody is promoted."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse

from events.models import Event, Fest
from registrations.booking.waitlist import UnusedSeats, unused_seats, why_nobody
from registrations.models import Hold, Registration
from tickets.dashboard.visibility import Viewer, list_path

State = Registration.State


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the list with what it counts; without a path it is plain text."""

    count: int
    path: str


@dataclass(frozen=True, slots=True)
class EventWaiting:
    """The figures of one event. `why` is empty if a free seat goes to the waiting list at this moment."""

    name: str
    path: str
    starts_at: dt.datetime
    capacity: int
    waiting: Figure
    taken: Figure
    held: Figure
    unconfirmed: Figure
    free: int
    why: str

    @property
    def is_stuck(self) -> bool:
        """Whether seats are free although students wait."""
        return bool(self.free and self.why)


@dataclass(frozen=True, slots=True)
class Overview:
    """The events with a waiting list, those first whose free seats nobody gets, and how many have none."""

    events: list[EventWaiting]
    waiting: int
    without: int

    @property
    def has_unconfirmed(self) -> bool:
        return any(event.unconfirmed.count for event in self.events)


def overview(viewer: Viewer, fest: Fest, *, now: dt.datetime) -> Overview | None:
    """Return the overview in three queries; `None` if the user may not see events or registrations."""
    events, registrations = viewer.rows(Event), viewer.rows(Registration)
    if events is None or registrations is None:
        return None
    found = list(events.filter(fest=fest).select_related("fest", "seats").order_by("starts_at", "name", "pk"))
    with_list = [event for event in found if event.seats.waiting]
    ids = [event.pk for event in with_list]
    unconfirmed = registrations.filter(event__in=ids, confirm_by__isnull=False).exclude(state=State.CANCELLED)
    counts = dict(unconfirmed.values_list("event").annotate(count=Count("pk")))
    unused = unused_seats(ids)
    rows = [_of_event(viewer, event, counts, unused, now) for event in with_list]
    rows.sort(key=lambda row: not row.is_stuck)
    return Overview(rows, sum(event.seats.waiting for event in with_list), len(found) - len(with_list))


def _of_event(
    viewer: Viewer, event: Event, unconfirmed: Mapping[int, int], unused: UnusedSeats, now: dt.datetime
) -> EventWaiting:
    seats, of_event = event.seats, {"event__id__exact": event.pk}
    holds = list_path(Hold, state=Hold.State.HELD, **of_event) if viewer.rows(Hold) is not None else ""
    return EventWaiting(
        name=event.name,
        path=reverse("admin:events_event_page", args=[event.pk]),
        starts_at=event.starts_at,
        capacity=seats.capacity,
        waiting=Figure(seats.waiting, list_path(Registration, state__exact=State.WAITING, **of_event)),
        taken=Figure(
            seats.taken - seats.held, list_path(Registration, state__exact=State.CONFIRMED, **of_event)
        ),
        held=Figure(seats.held, holds),
        unconfirmed=Figure(
            unconfirmed.get(event.pk, 0), list_path(Registration, unconfirmed="yes", **of_event)
        ),
        free=seats.free,
        why=why_nobody(event, seats, now=now, unused=unused),
    )
