"""Conversion between the events of a fest and the rows of its timetable."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core import signing
from django.db.models import QuerySet
from django.utils.text import slugify

from events.models import Category, Event, Fest, Venue
from registrations.event_changes.apply import values_of
from registrations.timetable.columns import BY_NAME, COLUMNS, TIMES, CellContext
from registrations.timetable.days import FestDays
from techfest.core.text import folded

_SALT = "registrations.timetable.mark"


def cell_context(fest: Fest, *, order: str = "") -> CellContext:
    """Return what the cells of this fest's events are read with; three queries.

    `order` says which number comes first in dates such as 12/11/2026, if a person has decided.
    """
    states = {folded(str(state.label)): state.value for state in Event.State}
    return CellContext(
        zone=fest.zone,
        days=FestDays(fest.starts_on, fest.ends_on, order),
        grade_min=fest.grade_min,
        grade_max=fest.grade_max,
        venues={folded(name): name for name in fest.venues.values_list("name", flat=True)},
        categories={folded(name): name for name in fest.categories.values_list("name", flat=True)},
        states=states | {state.value: state.value for state in Event.State},
    )


def row_of(event: Event) -> dict[str, Any]:
    """Return an event's values by column; the event comes with its venue, category and seats."""
    names = {column.name for column in COLUMNS} - {"capacity"}
    # Spreadsheets store whole seconds; without rounding a time would seem to have changed.
    times = {
        name: getattr(event, name).replace(microsecond=0).astimezone(dt.UTC).isoformat() for name in TIMES
    }
    return values_of(event, names) | times | {"capacity": event.seats.capacity}


def mark_of(event: Event, row: Mapping[str, Any]) -> str:
    """Return the event's id and current values as a signed text for the hidden column."""
    return signing.dumps([event.pk, [row[column.name] for column in COLUMNS]], salt=_SALT)


def read_mark(text: str) -> tuple[int, dict[str, Any]]:
    """Return the event's id, and its values at the time of the export. Raises signing.BadSignature."""
    key, values = signing.loads(text, salt=_SALT)
    if len(values) != len(COLUMNS):
        raise signing.BadSignature("a workbook of another release")
    return key, dict(zip(BY_NAME, values, strict=True))


def events_of(rows: "QuerySet[Event]", fest: Fest) -> list[Event]:
    """Return the events of a fest that are in `rows`, ordered by time."""
    found = rows.filter(fest=fest).select_related("fest", "venue", "category", "seats")
    return list(found.order_by("starts_at", "name", "pk"))


def put(event: Event, values: Mapping[str, Any], choices: "FestChoices") -> None:
    """Set these values of a timetable row on an event, except the number of seats. Does not save."""
    for name, value in values.items():
        if name == "venue":
            event.venue = choices.venues[value]
        elif name == "category":
            event.category = choices.categories[value]
        elif name in ("starts_at", "ends_at"):
            setattr(event, name, dt.datetime.fromisoformat(value))
        elif name != "capacity":
            setattr(event, name, value)


class FestChoices:
    """The venues and categories of a fest by name."""

    def __init__(self, fest: Fest) -> None:
        self.venues: Mapping[str, Venue] = {row.name: row for row in fest.venues.all()}
        self.categories: Mapping[str, Category] = {row.name: row for row in fest.categories.all()}


def free_slug(name: str, taken: set[str]) -> str:
    """Return a slug that is not `taken`, and add it; names without Latin letters are numbered."""
    stem = slugify(name)[:40] or "event"
    slug = next(one for one in (stem, *(f"{stem}-{n}" for n in range(2, 10_000))) if one not in taken)
    taken.add(slug)
    return slug
