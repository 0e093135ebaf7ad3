"""How full each event is, day by day: seats taken, held, waited for, and who came in."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.timezone import localtime

from events.models import Event, Fest
from registrations.models import Hold, Registration
from tickets.dashboard.visibility import Sight, list_path
from tickets.models import CheckIn, Ticket

WIDTH = 100
"""Of a fill bar, in its own units."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Where the numbers of all events lead to, but for the event's own number at the end; "" where they are closed."""

    event: str
    going: str
    waiting: str
    held: str
    came_in: str


@dataclass(frozen=True, slots=True)
class Fill:
    """One event as a line: its numbers, and its bar in hundredths."""

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
        """How much of the bar has names; whoever is there shows, be it one of a thousand."""
        return self._share(self.taken - self.held)

    @property
    def taken_width(self) -> int:
        """The same with the seats that are held."""
        return self._share(self.taken)

    def _share(self, seats: int) -> int:
        if not seats:
            return 0
        return min(WIDTH, max(2, round(WIDTH * seats / self.capacity))) if self.capacity else WIDTH


@dataclass(frozen=True, slots=True)
class Day:
    date: dt.date
    fills: list[Fill]


@dataclass(frozen=True, slots=True)
class Board:
    """All events that the person may see, by day, with where their numbers lead."""

    days: list[Day]
    paths: Paths

    @property
    def fills(self) -> list[Fill]:
        return [fill for day in self.days for fill in day.fills]

    @property
    def full(self) -> int:
        return sum(fill.is_full for fill in self.fills)

    @property
    def empty(self) -> int:
        return sum(fill.is_empty for fill in self.fills)

    @property
    def sums(self) -> dict[str, int]:
        """Over all events that take place."""
        names = ("capacity", "taken", "held", "waiting", "came_in")
        return {name: sum(getattr(fill, name) for fill in self.fills if fill.is_on) for name in names}


def board(sight: Sight, fest: Fest) -> Board | None:
    """Two queries, whatever the number of events; `None` where events or who comes to them are closed."""
    events = sight.rows(Event)
    if events is None or sight.rows(Registration) is None:
        return None
    columns = ("pk", "name", "starts_at", "state", "seats__capacity", "seats__taken", "seats__held")
    rows = events.filter(fest=fest).order_by("starts_at", "name", "pk")
    came_in = _came_in(sight, fest)
    counted = rows.values_list(*columns, "seats__waiting")
    fills = [Fill(*[*row, came_in.get(row[0], 0)]) for row in counted]
    return Board(_days(fills), _paths(sight))


def _came_in(sight: Sight, fest: Fest) -> Mapping[int, int]:
    """How many came in, by the event's number."""
    tickets = sight.rows(Ticket)
    if tickets is None:
        return {}
    inside = tickets.filter(voided_at=None, checked_in_at__isnull=False, registration__event__fest=fest)
    return dict(inside.values_list("registration__event").annotate(count=Count("pk")))


def _days(fills: Sequence[Fill]) -> list[Day]:
    by_day = itertools.groupby(fills, key=lambda fill: localtime(fill.starts_at).date())
    return [Day(date, list(group)) for date, group in by_day]


def _paths(sight: Sight) -> Paths:
    state = Registration.State
    inside = {"undone_at__isempty": 1, "is_reentry__exact": 0, "ticket__registration__event__id__exact": ""}
    return Paths(
        event=reverse("admin:events_event_changelist"),
        going=list_path(Registration, state__exact=state.CONFIRMED, event__id__exact=""),
        waiting=list_path(Registration, state__exact=state.WAITING, event__id__exact=""),
        held="" if sight.rows(Hold) is None else list_path(Hold, state="held", event__id__exact=""),
        came_in="" if sight.rows(CheckIn) is None else list_path(CheckIn, **inside),
    )
