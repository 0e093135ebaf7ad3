"""The occupancy of events by day (seats taken and held, waiting list, check-ins), and the schools that take part."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.timezone import localtime

from events.models import Event, Fest
from registrations.models import Hold, Registration, School, Student
from techfest.core.db.folding import in_dictionary_order
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import CheckIn, Ticket

WIDTH = 100
"""The width of a bar, in SVG units."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of lists, to be completed with the id of an event; "" where the user may not see the list."""

    event: str
    going: str
    waiting: str
    held: str
    came_in: str


@dataclass(frozen=True, slots=True)
class EventOccupancy:
    """The numbers of one event, and its bar in hundredths."""

    pk: int
    name: str
    starts_at: dt.datetime
    state: str
    capacity: int
    taken: int
    held: int
    waiting: int
    came_in: int

    @property
    def over(self) -> int:
        return max(0, self.taken - self.capacity)

    @property
    def is_on(self) -> bool:
        return self.state == Event.State.PUBLISHED

    @property
    def is_draft(self) -> bool:
        return self.state == Event.State.DRAFT

    @property
    def is_full(self) -> bool:
        return self.is_on and self.taken >= self.capacity

    @property
    def is_empty(self) -> bool:
        return self.is_on and not self.taken and not self.is_full

    @property
    def going_width(self) -> int:
        """The part of the bar for registered students, visible even for one of a thousand."""
        return self._share(self.taken - self.held)

    @property
    def taken_width(self) -> int:
        """The part of the bar for registered students and held seats."""
        return self._share(self.taken)

    def _share(self, seats: int) -> int:
        if not seats:
            return 0
        return min(WIDTH, max(2, round(WIDTH * seats / self.capacity))) if self.capacity else WIDTH


@dataclass(frozen=True, slots=True)
class Day:
    date: dt.date
    events: list[EventOccupancy]


@dataclass(frozen=True, slots=True)
class Occupancy:
    """The events that the user may see by day, and the lists that their numbers link to."""

    days: list[Day]
    paths: Paths

    @property
    def events(self) -> list[EventOccupancy]:
        return [event for day in self.days for event in day.events]

    @property
    def full(self) -> int:
        return sum(event.is_full for event in self.events)

    @property
    def empty(self) -> int:
        return sum(event.is_empty for event in self.events)

    @property
    def sums(self) -> dict[str, int]:
        """Sums over all published events."""
        names = ("capacity", "taken", "held", "waiting", "came_in")
        return {name: sum(getattr(event, name) for event in self.events if event.is_on) for name in names}


def occupancy(viewer: Viewer, fest: Fest) -> Occupancy | None:
    """Return the occupancy in two queries; `None` if the user may not see events or registrations."""
    events = viewer.rows(Event)
    if events is None or viewer.rows(Registration) is None:
        return None
    columns = ("pk", "name", "starts_at", "state", "seats__capacity", "seats__taken", "seats__held")
    rows = events.filter(fest=fest).order_by("starts_at", "name", "pk")
    came_in = _came_in(viewer, fest)
    counted = rows.values_list(*columns, "seats__waiting")
    found = [EventOccupancy(*[*row, came_in.get(row[0], 0)]) for row in counted]
    return Occupancy(_days(found), _paths(viewer))


def _came_in(viewer: Viewer, fest: Fest) -> Mapping[int, int]:
    """Return the number of checked-in tickets by event id."""
    tickets = viewer.rows(Ticket)
    if tickets is None:
        return {}
    inside = tickets.filter(voided_at=None, checked_in_at__isnull=False, registration__event__fest=fest)
    return dict(inside.values_list("registration__event").annotate(count=Count("pk")))


def _days(events: Sequence[EventOccupancy]) -> list[Day]:
    by_day = itertools.groupby(events, key=lambda event: localtime(event.starts_at).date())
    return [Day(date, list(group)) for date, group in by_day]


def _paths(viewer: Viewer) -> Paths:
    state = Registration.State
    inside = {"undone_at__isempty": 1, "is_reentry__exact": 0, "ticket__registration__event__id__exact": ""}
    return Paths(
        event=reverse("admin:events_event_changelist"),
        going=list_path(Registration, state__exact=state.CONFIRMED, event__id__exact=""),
        waiting=list_path(Registration, state__exact=state.WAITING, event__id__exact=""),
        held="" if viewer.rows(Hold) is None else list_path(Hold, state="held", event__id__exact=""),
        came_in="" if viewer.rows(CheckIn) is None else list_path(CheckIn, **inside),
    )


LARGEST = 5
"""Schools listed by name."""


@dataclass(frozen=True, slots=True)
class Sender:
    name: str
    students: int
    path: str


@dataclass(frozen=True, slots=True)
class Schools:
    count: int
    students: int
    largest: list[Sender]
    pending: int
    path: str
    pending_path: str


def schools(viewer: Viewer, fest: Fest) -> Schools | None:
    """Return the schools in two queries, for owners. Students count while they are not erased."""
    students, rows = viewer.rows(Student), viewer.rows(School)
    if students is None or rows is None or not viewer.is_owner:
        return None
    counted = (
        students.known()  # type: ignore[attr-defined]  # of StudentQuerySet
        .filter(fest=fest)
        .values_list("school", "school__name")
        .annotate(count=Count("pk"))
        .order_by("-count", *in_dictionary_order("school__name"))
    )
    sizes = list(counted)
    largest = [
        Sender(name, count, list_path(Student, school__id__exact=pk)) for pk, name, count in sizes[:LARGEST]
    ]
    state = School.State.PENDING
    return Schools(
        count=len(sizes),
        students=sum(count for _pk, _name, count in sizes),
        largest=largest,
        pending=rows.filter(state=state).count(),
        path=list_path(School),
        pending_path=list_path(School, state__exact=state),
    )
