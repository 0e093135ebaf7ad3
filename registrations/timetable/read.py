"""The rows of a timetable that came back, compared with the events as they stand: what changes, what is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from events.models import Event
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.timetable.columns import BY_NAME, COLUMNS, MARK, Column, Fest, Unreadable, folded
from registrations.timetable.events import read_mark, row_of
from techfest.core.spreadsheet_cells import unguarded

State = Event.State


@dataclass(frozen=True, slots=True)
class Clash:
    """A cell that its reader changed, and somebody else, too: what it was, is, and was to be."""

    name: str
    was: Any
    now: Any
    wanted: Any


@dataclass
class ReadRow:
    """One row: `changes` are the values it wants, by column, where it wants others than those it was made with.

    `was` are the values it was made with. A row without an event is a new one; one with problems or
    conflicts is not applied.
    """

    number: int
    title: str
    event: Event | None = None
    was: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    conflicts: list[Clash] = field(default_factory=list)
    is_known: bool = False
    """Whether this new event is there already: somebody sent the file a second time."""

    @property
    def is_good(self) -> bool:
        return bool(self.changes) and not self.problems and not self.conflicts and not self.is_known


@dataclass(frozen=True, slots=True)
class Timetable:
    """All rows of a file, and the events that stand in none of them."""

    rows: list[ReadRow]
    missing: list[Event]

    @property
    def good(self) -> list[ReadRow]:
        return [row for row in self.rows if row.is_good]


def read(sheet: Sheet, events: Sequence[Event], fest: Fest, *, may_add: bool) -> Timetable:
    """What the file wants of these events. No query, nothing is written. Raises FileRefused."""
    known = {event.pk: event for event in events}
    names = {folded(event.name): event for event in events}
    positions, first = _positions(sheet)
    rows: list[ReadRow] = []
    seen: dict[Any, int] = {}
    for row in sheet.rows[first:]:
        cells = {name: unguarded(row.cell(at)).strip() for name, at in positions.items()}
        if not any(cells.values()):
            continue
        found = _read_row(row, cells, known, fest)
        _check_twice(found, seen)
        if found.event is None and not found.problems:
            _check_new(found, names, may_add=may_add)
        rows.append(found)
    met = {row.event.pk for row in rows if row.event}
    return Timetable(rows, [event for event in events if event.pk not in met])


def _positions(sheet: Sheet) -> tuple[dict[str, int], int]:
    """Where each column stands, and the number of the row below the titles."""
    wanted = {folded(str(column.title)): column.name for column in COLUMNS} | {MARK: MARK}
    for first, row in enumerate(sheet.rows[:10], 1):
        found = {wanted[folded(cell)]: at for at, cell in enumerate(row.cells) if folded(cell) in wanted}
        if "name" in found and "starts_at" in found:
            return found, first
    raise FileRefused("timetable")


def _read_row(row: Row, cells: Mapping[str, str], known: Mapping[int, Event], fest: Fest) -> ReadRow:
    found = ReadRow(row.number, cells.get("name", "")[:120])
    mark = cells.get(MARK, "")
    if mark:
        _find_event(found, mark, known)
    values = _values(found, cells, fest)
    if found.problems:
        return found
    if found.event is None:
        found.changes = values
        return found
    now = row_of(found.event)
    for name, value in values.items():
        if value == found.was[name] or value == now[name]:
            continue
        if now[name] == found.was[name]:
            found.changes[name] = value
        else:
            found.conflicts.append(Clash(name, found.was[name], now[name], value))
    _check_whole(found, now | found.changes)
    return found


def _find_event(found: ReadRow, mark: str, known: Mapping[int, Event]) -> None:
    try:
        key, found.was = read_mark(mark)
    except signing.BadSignature:
        found.problems.append(
            _("Its hidden mark is damaged. Export the timetable again, and change that file.")
        )
        return
    found.event = known.get(key)
    if found.event is None:
        found.problems.append(_("This event is not there any more, or not yours to change."))


def _values(found: ReadRow, cells: Mapping[str, str], fest: Fest) -> dict[str, Any]:
    values = {}
    for column in COLUMNS:
        if column.name not in cells:
            if found.event is None and column.is_needed:
                found.problems.append(_in_column(column, _("It is missing.")))
            continue
        if not cells[column.name] and not column.is_needed:
            continue
        try:
            values[column.name] = column.read(cells[column.name], fest)
        except Unreadable as error:
            found.problems.append(_in_column(column, error.text))
    return values


def _in_column(column: Column, text: str) -> str:
    return _("%(column)s: %(text)s") % {"column": column.title, "text": text}


def _check_whole(found: ReadRow, row: Mapping[str, Any]) -> None:
    """What no single cell says: the order of grades, and steps that the event's own page asks about."""
    if row["grade_min"] > row["grade_max"]:
        found.problems.append(_("The highest grade must not be below the lowest."))
    if found.event is None or "state" not in found.changes:
        return
    if found.event.state == State.CANCELLED:
        found.problems.append(_("It was cancelled. On its own page it can take place after all."))
    elif row["state"] == State.DRAFT:
        found.problems.append(
            _("It was published and cannot be hidden here. Call it off, or use its own page.")
        )


def _check_twice(found: ReadRow, seen: dict[Any, int]) -> None:
    key = found.event.pk if found.event else folded(found.title)
    if key in seen and (found.event or found.title):
        words = _("It stands in row %(row)d already.") % {"row": seen[key]}
        found.problems.append(words)
    seen.setdefault(key, found.number)


def _check_new(found: ReadRow, names: Mapping[str, Event], *, may_add: bool) -> None:
    """A new event becomes a draft; the one that is there by this name is not made a second time."""
    if found.changes.get("state") not in (None, State.DRAFT):
        found.problems.append(_("A new event becomes a draft. Publish it when it is there."))
    duplicate = names.get(folded(found.title))
    if duplicate:
        there = row_of(duplicate)
        if all(there[name] == value for name, value in found.changes.items() if name != "state"):
            found.is_known = True
        else:
            found.problems.append(
                _("There is an event of this name. Export the timetable again to change it.")
            )
    elif not may_add:
        found.problems.append(_("You may not add events."))
    grades = {"grade_min": 1, "grade_max": 13}
    _check_whole(found, grades | found.changes)


def field_label(name: str) -> str:
    return str(BY_NAME[name].title)
