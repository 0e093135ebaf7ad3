"""Between the events of a fest and the rows of its timetable."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core import signing
from django.db.models import QuerySet

from events.models import Category, Event, Venue
from events.models import Fest as StoredFest
from registrations.event_changes.apply import values_of
from registrations.timetable.columns import BY_NAME, COLUMNS, TIMES, Fest, by_folded_name, folded

_SALT = "registrations.timetable.mark"


def read_by(fest: StoredFest) -> Fest:
    """What the cells of this fest's timetable are read by; three queries."""
    states = {folded(str(state.label)): state.value for state in Event.State}
    return Fest(
        fest.zone,
        by_folded_name(fest.venues.values_list("name", flat=True)),
        by_folded_name(fest.categories.values_list("name", flat=True)),
        states | {state.value: state.value for state in Event.State},
    )


def row_of(event: Event) -> dict[str, Any]:
    """The values of an event, by the column's name; it comes with its venue, category and seats."""
    names = {column.name for column in COLUMNS} - {"capacity"}
    # A spreadsheet knows no smaller parts of a second; a time must not seem changed for want of them.
    times = {
        name: getattr(event, name).replace(microsecond=0).astimezone(dt.UTC).isoformat() for name in TIMES
    }
    return values_of(event, names) | times | {"capacity": event.seats.capacity}


def mark_of(event: Event, row: Mapping[str, Any]) -> str:
    """The number of the event and what it is now, signed, for the hidden column."""
    return signing.dumps([event.pk, [row[column.name] for column in COLUMNS]], salt=_SALT)


def read_mark(text: str) -> tuple[int, dict[str, Any]]:
    """The event's number, and its values when the workbook was made. Raises signing.BadSignature."""
    key, values = signing.loads(text, salt=_SALT)
    if len(values) != len(COLUMNS):
        raise signing.BadSignature("a workbook of another release")
    return key, dict(zip(BY_NAME, values, strict=True))


def events_of(rows: "QuerySet[Event]", fest: StoredFest) -> list[Event]:
    """The events of a fest that this reader may see, in the order of their times."""
    found = rows.filter(fest=fest).select_related("fest", "venue", "category", "seats")
    return list(found.order_by("starts_at", "name", "pk"))


def put(event: Event, values: Mapping[str, Any], choices: "FestChoices") -> None:
    """Gives an event these values of a timetable, but for its seats. Nothing is saved."""
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
    """The venues and categories of a fest, by their names."""

    def __init__(self, fest: StoredFest) -> None:
        self.venues: Mapping[str, Venue] = {row.name: row for row in fest.venues.all()}
        self.categories: Mapping[str, Category] = {row.name: row for row in fest.categories.all()}


def labels(names: Sequence[str]) -> list[str]:
    """The titles of these columns."""
    return [str(BY_NAME[name].title) for name in names]
