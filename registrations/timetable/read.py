"""Reads an uploaded timetable and compares its rows with the events: what changes, and what is wrong."""

import copy
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from events.dates import concerning, event_refusals, new_event_problems
from events.models import Event, Fest
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.timetable.columns import (
    BY_NAME,
    COLUMNS,
    MARK,
    TIMES,
    CellContext,
    is_order_open,
    read_cells,
)
from registrations.timetable.events import read_mark, row_of
from techfest.core.spreadsheet_cells import unguarded
from techfest.core.text import folded
from techfest.core.three_way import Edit, compare

State = Event.State


@dataclass(frozen=True, slots=True)
class CellConflict:
    """A cell that was changed in the file and in the database: its exported, current and wanted values."""

    name: str
    was: Any
    now: Any
    wanted: Any


@dataclass
class ReadRow:
    """One row: `was` are its exported values, `changes` the new values by column.

    A row without an event is a new event. A row with problems or conflicts is not applied.
    """

    number: int
    title: str
    event: Event | None = None
    was: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    conflicts: list[CellConflict] = field(default_factory=list)
    is_known: bool = False
    """Whether this new event exists already, because the file was uploaded before."""
    is_order_open: bool = False
    """Whether one of its dates can be read with the day or with the month first."""

    @property
    def is_good(self) -> bool:
        return bool(self.changes) and not self.problems and not self.conflicts and not self.is_known


@dataclass(frozen=True, slots=True)
class Timetable:
    """All rows of a file, and the events that are in none of them."""

    rows: list[ReadRow]
    missing: list[Event]

    @property
    def good(self) -> list[ReadRow]:
        return [row for row in self.rows if row.is_good]

    @property
    def is_order_open(self) -> bool:
        return any(row.is_order_open for row in self.rows)


def read(sheet: Sheet, events: Sequence[Event], context: CellContext, *, may_add: bool) -> Timetable:
    """Return what the file would change in these events. No queries. Raises FileRefused."""
    known = {event.pk: event for event in events}
    names = {folded(event.name): event for event in events}
    positions, first = _positions(sheet)
    rows: list[ReadRow] = []
    seen: dict[Any, int] = {}
    for row in sheet.rows[first:]:
        cells = {name: unguarded(row.cell(at)).strip() for name, at in positions.items()}
        if not any(cells.values()):
            continue
        found = _read_row(row, cells, known, context)
        _check_twice(found, seen)
        if found.event is None and not found.problems:
            _check_new(found, names, may_add=may_add)
        rows.append(found)
    met = {row.event.pk for row in rows if row.event}
    return Timetable(rows, [event for event in events if event.pk not in met])


def _positions(sheet: Sheet) -> tuple[dict[str, int], int]:
    """Return the position of each column and the number of the first row below the header."""
    wanted = {folded(str(column.title)): column.name for column in COLUMNS} | {MARK: MARK}
    for first, row in enumerate(sheet.rows[:10], 1):
        found = {wanted[folded(cell)]: at for at, cell in enumerate(row.cells) if folded(cell) in wanted}
        if "name" in found and "starts_at" in found:
            return found, first
    raise FileRefused("timetable")


def _read_row(
    row: Row, cells: Mapping[str, str], known: Mapping[int, Event], context: CellContext
) -> ReadRow:
    found = ReadRow(row.number, cells.get("name", "")[:120])
    mark = cells.get(MARK, "")
    if mark:
        _find_event(found, mark, known)
    found.is_order_open = any(is_order_open(BY_NAME[name], cells.get(name, ""), context) for name in TIMES)
    values, problems = read_cells(COLUMNS, cells, context, is_new=found.event is None)
    found.problems += problems
    if found.problems:
        return found
    if found.event is None:
        found.changes = values
        return found
    now = row_of(found.event)
    for name, value in values.items():
        edit = compare(shown=found.was[name], stored=now[name], wanted=value)
        if edit is Edit.SAVE:
            found.changes[name] = value
        elif edit is Edit.CONFLICT:
            found.conflicts.append(CellConflict(name, found.was[name], now[name], value))
    _check_whole(found, now | found.changes)
    return found


def _find_event(found: ReadRow, mark: str, known: Mapping[int, Event]) -> None:
    try:
        key, found.was = read_mark(mark)
    except signing.BadSignature:
        found.problems.append(
            _("Its hidden column is damaged. Export the timetable again and edit the new file.")
        )
        return
    found.event = known.get(key)
    if found.event is None:
        found.problems.append(_("This event no longer exists, or you may not change it."))


def _check_whole(found: ReadRow, row: Mapping[str, Any]) -> None:
    """Check what concerns several cells: the order of grades, and state changes that need the event's own page."""
    if row["grade_min"] > row["grade_max"]:
        found.problems.append(_("The highest grade must not be below the lowest."))
    if found.event is None or "state" not in found.changes:
        return
    if found.event.state == State.CANCELLED:
        found.problems.append(_("It is cancelled. It can be reinstated on its own page."))
    elif row["state"] == State.DRAFT:
        found.problems.append(
            _("It is published and cannot become a draft here. Cancel it, or use its own page.")
        )


def _check_twice(found: ReadRow, seen: dict[Any, int]) -> None:
    key = found.event.pk if found.event else folded(found.title)
    if key in seen and (found.event or found.title):
        words = _("It is already in row %(row)d.") % {"row": seen[key]}
        found.problems.append(words)
    seen.setdefault(key, found.number)


def _check_new(found: ReadRow, names: Mapping[str, Event], *, may_add: bool) -> None:
    """Check a new event: it becomes a draft, and an event of the same name is not created twice."""
    if found.changes.get("state") not in (None, State.DRAFT):
        found.problems.append(_("A new event becomes a draft. Publish it afterwards."))
    duplicate = names.get(folded(found.title))
    if duplicate:
        there = row_of(duplicate)
        if all(there[name] == value for name, value in found.changes.items() if name != "state"):
            found.is_known = True
        else:
            found.problems.append(_("An event of this name exists. Export the timetable again to change it."))
    elif not may_add:
        found.problems.append(_("You may not add events."))
    grades = {"grade_min": 1, "grade_max": 13}
    _check_whole(found, grades | found.changes)


def field_label(name: str) -> str:
    return str(BY_NAME[name].title)


def check_dates(timetable: Timetable, fest: Fest, *, now: dt.datetime) -> None:
    """Add to each applicable row the reasons why its dates are impossible.

    Unusual dates of an existing event are part of its impact, which the preview asks to confirm. A new event with
    unusual dates is left out.
    """
    for row in timetable.good:
        if set(TIMES) & row.changes.keys():
            row.problems += _problems(row, fest, now)


def _problems(row: ReadRow, fest: Fest, now: dt.datetime) -> list[str]:
    event = copy.copy(row.event) if row.event else Event(fest=fest, name=row.title)
    for name in TIMES:
        if name in row.changes:
            setattr(event, name, dt.datetime.fromisoformat(row.changes[name]))
    if row.event is None:
        return new_event_problems(event, now=now)
    return [one.text for one in concerning(event_refusals(event), row.changes)]
