"""Importing events pasted from a spreadsheet: all problems of all rows are listed before any event is created."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.dates import event_refusals, new_event_problems
from events.editing import set_capacity
from events.models import Category, Event, Fest, Venue
from events.venues import Booking, bookings_of, double_booking
from registrations.spreadsheets.reader import read_paste
from registrations.spreadsheets.sheet import Row
from registrations.students.names import clean_text, name_key
from registrations.timetable.clocks import split_range
from registrations.timetable.columns import (
    MAX_SEATS,
    CellContext,
    Column,
    in_column,
    in_zone,
    is_order_open,
    read_cells,
    read_clock,
    read_day,
    read_grades,
    read_number,
    read_text,
)
from registrations.timetable.days import Unreadable
from registrations.timetable.events import cell_context, free_slug
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now

PASTED_COLUMNS = (
    Column("name", gettext_lazy("Name"), read_text(120)),
    Column("category", gettext_lazy("Category"), read_text(50)),
    Column("venue", gettext_lazy("Venue"), read_text(100)),
    Column("day", gettext_lazy("Day"), read_day),
    Column("start", gettext_lazy("Start"), read_clock),
    Column("end", gettext_lazy("End"), read_clock),
    Column("capacity", gettext_lazy("Capacity"), read_number(0, MAX_SEATS)),
    Column("grades", gettext_lazy("Grades"), read_grades, is_needed=False),
)
"""In the order that applies where no header row names another one."""
COLUMNS = tuple(column.name for column in PASTED_COLUMNS)
_COLUMN: Mapping[str, Column] = {column.name: column for column in PASTED_COLUMNS}
TITLES = {
    "name": ("name", "event", "title", "event name"),
    "category": ("category", "kind", "type"),
    "venue": ("venue", "place", "hall", "room", "where"),
    "day": ("day", "date"),
    "start": (
        *("start", "starts", "from", "begin", "begins", "start time", "starting time", "time from"),
        *("time", "timing", "timings", "slot", "time slot", "hours"),
    ),
    "end": ("end", "ends", "to", "until", "till", "end time", "finish", "finishes", "time to"),
    "capacity": ("capacity", "seats", "places", "how many"),
    "grades": ("grades", "grade", "classes", "class", "who", "for"),
}
MAX_EVENTS = 300
MAX_CELL = 300
"""Characters read of a cell: more than any column accepts, so that a longer text is refused as too long."""


@dataclass(frozen=True, slots=True)
class PastedEvent:
    """One row as it was read; a row with problems is only displayed."""

    row: int
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    problems: Sequence[str] = field(default=())
    warning: str = ""
    """A sentence about a venue that is taken twice, which does not prevent the event."""
    is_order_open: bool = False
    """Whether its day can be read with the day or with the month first."""


@dataclass(frozen=True, slots=True)
class Paste:
    """All rows, and the categories and venues that would be created with them."""

    events: Sequence[PastedEvent]
    new_categories: Sequence[str]
    new_venues: Sequence[str]

    @property
    def problems(self) -> int:
        return sum(bool(event.problems) for event in self.events)

    @property
    def warnings(self) -> int:
        return sum(bool(event.warning) for event in self.events)

    @property
    def is_order_open(self) -> bool:
        return any(event.is_order_open for event in self.events)


def read_events(text: str, *, fest: Fest, order: str = "") -> Paste:
    """Return what the pasted rows would create. Writes nothing. Raises FileRefused unless the text is a table.

    `order` says which number comes first in dates such as 12/11/2026, if that was asked.
    """
    columns, rows = _columns(read_paste(text).rows)
    known = {name_key(name) for name in Event.objects.filter(fest=fest).values_list("name", flat=True)}
    events: list[PastedEvent] = []
    context, now = cell_context(fest, order=order), database_now()
    for row in rows[: MAX_EVENTS + 1]:
        event = _read(row, columns, context, fest=fest, known=known, now=now)
        events.append(event)
        known.add(name_key(event.texts["name"]))
    if len(rows) > MAX_EVENTS:
        over = _("These are more than %(maximum)d events; paste them in parts.") % {"maximum": MAX_EVENTS}
        events[-1] = PastedEvent(events[-1].row, events[-1].texts, {}, (over,))
    events = _with_warnings(events, fest)
    return Paste(events, _new(events, "category", Category, fest), _new(events, "venue", Venue, fest))


def _with_warnings(events: Sequence[PastedEvent], fest: Fest) -> list[PastedEvent]:
    """Add a sentence to rows whose venue is taken twice, by other rows or by events that exist."""
    new = {event.row: _booking(event) for event in events if event.values}
    bookings = [*bookings_of(fest), *new.values()] if new else []
    return [
        replace(event, warning=double_booking(new[event.row], bookings, fest)) if event.row in new else event
        for event in events
    ]


def _booking(event: PastedEvent) -> Booking:
    values = event.values
    return Booking(
        ("row", event.row), values["name"], values["venue"], values["starts_at"], values["ends_at"]
    )


@transaction.atomic
def make_events(text: str, *, fest: Fest, user: Any, order: str = "") -> Paste:
    """Create all events as drafts, with new categories and venues; none if any row has a problem.

    Submitting the same rows again finds the events and creates nothing. Locks the fest.
    """
    Fest.objects.select_for_update(no_key=True).get(pk=fest.pk)
    paste = read_events(text, fest=fest, order=order)
    if paste.problems:
        return paste
    slugs = set(Event.objects.filter(fest=fest).values_list("slug", flat=True))
    for one in paste.events:
        values = dict(one.values)
        capacity = values.pop("capacity")
        values["category"] = _found(Category, fest, values["category"])
        values["venue"] = _found(Venue, fest, values["venue"])
        event = Event.objects.create(fest=fest, slug=free_slug(values["name"], slugs), **values)
        set_capacity(event, capacity=capacity)
        record(event, what="pasted", now=database_now(), user=user, after={"capacity": capacity})
    return paste


def _columns(rows: Sequence[Row]) -> tuple[dict[str, int], Sequence[Row]]:
    """Return the position of each column; a first row that names at least three of them is the header row."""
    found: dict[str, int] = {}
    for at, cell in enumerate(rows[0].cells):
        title = name_key(cell[:MAX_CELL])
        for name, spellings in TITLES.items():
            if title in spellings and name not in found:
                found[name] = at
                break
    if len(found) >= 3:
        return found, rows[1:]
    return {name: at for at, name in enumerate(COLUMNS)}, rows


def _read(
    row: Row,
    columns: Mapping[str, int],
    context: CellContext,
    *,
    fest: Fest,
    known: set[str],
    now: dt.datetime,
) -> PastedEvent:
    texts = {
        name: clean_text(row.cell(columns[name])[:MAX_CELL]) if name in columns else "" for name in COLUMNS
    }
    texts |= _split_times(texts)
    values, problems = event_values(texts, context, fest=fest, now=now)
    if texts["name"] and name_key(texts["name"]) in known:
        problems.append(_("An event of this name exists already."))
    return PastedEvent(
        row.number,
        texts,
        values,
        tuple(problems),
        is_order_open=is_order_open(_COLUMN["day"], texts["day"], context),
    )


def _split_times(texts: Mapping[str, str]) -> dict[str, str]:
    """Return start and end where one cell holds both, as in "10:30 - 12"."""
    both = split_range(texts["start"]) if not texts["end"] or texts["end"] == texts["start"] else None
    return {"start": both[0], "end": both[1]} if both else {}


def event_values(
    texts: Mapping[str, str], context: CellContext, *, fest: Fest, now: dt.datetime
) -> tuple[dict[str, Any], list[str]]:
    """Return the field values of one event, or none and a sentence for each problem of its cells and dates."""
    cells, problems = read_cells(PASTED_COLUMNS, texts, context, is_new=True)
    day = cells.pop("day", None)
    times = _times(cells, day or fest.starts_on, context, problems)
    if len(times) == 2:
        event = Event(fest=fest, name=texts["name"], **times)
        if day is None:
            problems += [one.text for one in event_refusals(event)]
        else:
            problems += new_event_problems(event, now=now)
    if problems:
        return {}, problems
    low, high = cells.pop("grades", (fest.grade_min, fest.grade_max))
    return {**cells, **times, "grade_min": low, "grade_max": high}, []


def _times(
    cells: dict[str, Any], day: dt.date, context: CellContext, problems: list[str]
) -> dict[str, dt.datetime]:
    """Take the clock times out of `cells` and return the start and the end on this day."""
    times = {}
    for name, field_name in (("start", "starts_at"), ("end", "ends_at")):
        time = cells.pop(name, None)
        if time is None:
            continue
        is_next = name == "end" and time == dt.time()  # the midnight that ends the day
        try:
            times[field_name] = in_zone(day + dt.timedelta(days=is_next), time, context.zone)
        except Unreadable as error:
            problems.append(in_column(_COLUMN[name], error.text))
    return times


def _new(events: Sequence[PastedEvent], name: str, model: Any, fest: Fest) -> list[str]:
    known = {name_key(one) for one in model.objects.filter(fest=fest).values_list("name", flat=True)}
    wanted = {name_key(one.texts[name]): one.texts[name] for one in events if one.texts[name]}
    return [text for key, text in wanted.items() if key not in known]


def _found(model: Any, fest: Fest, name: str) -> Any:
    for row in model.objects.filter(fest=fest):
        if name_key(row.name) == name_key(name):
            return row
    if model is Category:
        taken = set(Category.objects.filter(fest=fest).values_list("slug", flat=True))
        position = Category.objects.filter(fest=fest).count()
        return Category.objects.create(fest=fest, name=name, slug=free_slug(name, taken), position=position)
    return model.objects.create(fest=fest, name=name)
