"""The columns that events are imported from, and the readers of their cells. Knows no models.

The timetable's workbook and rows pasted from a spreadsheet accept the same formats.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.timetable.clocks import seconds_of, time_of
from registrations.timetable.days import AmbiguousDay, FestDays, Unreadable, day_of
from registrations.timetable.grades import grade_of, grades_of
from techfest.core.calendar_names import plain_text
from techfest.core.text import folded, has_mark_run, has_visible

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MARK = "mark"
"""The hidden column that identifies a row's event and holds its values at the time of the export."""
TIMES = ("starts_at", "ends_at")
MAX_SEATS = 100_000
MAX_GRADE = 13
_MAX_WORDS = 12
"""Words of a day with a time."""
_NUMBER = re.compile(r"(\d{1,6})(?:\.0+)?")
_WITH_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)")
_BETWEEN = frozenset({"at", "@", "um", "-", "–", "—", "|", ","})
"""Words between a day and a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellContext:
    """What cells are read with: the fest's zone, days and grades, and the choices by their folded name."""

    zone: ZoneInfo
    days: FestDays
    grade_min: int
    grade_max: int
    venues: Mapping[str, str]
    categories: Mapping[str, str]
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an import. `read` returns the value of a cell or raises Unreadable.

    Values are as in the audit log: text, numbers, times as ISO text in UTC.
    """

    name: str
    title: "_StrPromise"
    read: Callable[[str, CellContext], Any]
    width: int = 14
    is_needed: bool = True
    """Whether a new event must have it."""


def read_cells(
    columns: Iterable[Column], cells: Mapping[str, str], context: CellContext, *, is_new: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of one row's cells by column, and one sentence per cell that cannot be used.

    A column that is not in `cells` is missing from the file, which matters for new events only. Empty cells
    of columns that are not needed are skipped.
    """
    values, problems = {}, []
    for column in columns:
        cell = cells.get(column.name)
        if cell is None:
            if is_new and column.is_needed:
                problems.append(in_column(column, _("It is missing.")))
            continue
        if not cell and not column.is_needed:
            continue
        try:
            values[column.name] = column.read(cell, context)
        except Unreadable as error:
            problems.append(in_column(column, error.text))
    return values, problems


def is_order_open(column: Column, cell: str, context: CellContext) -> bool:
    """Return whether a cell holds a date that can be read with the day or with the month first."""
    try:
        column.read(cell, context)
    except Unreadable as error:
        return isinstance(error, AmbiguousDay)
    return False


def in_column(column: Column, text: str) -> str:
    return _("%(column)s: %(text)s") % {"column": column.title, "text": text}


def read_text(max_length: int) -> Callable[[str, CellContext], str]:
    def read(cell: str, _context: CellContext) -> str:
        text = " ".join(cell.split())
        if not has_visible(text):
            raise Unreadable(_("It is empty."))
        if len(text) > max_length:
            raise Unreadable(_("It has more than %(maximum)d characters.") % {"maximum": max_length})
        if has_mark_run(text):
            raise Unreadable(_("It has too many accents stacked on one letter."))
        if "\x00" in text or not text.isprintable():
            raise Unreadable(_("It has characters that cannot be shown."))
        return text

    return read


def read_number(minimum: int, maximum: int) -> Callable[[str, CellContext], int]:
    """Read 40; a spreadsheet may have written it as 40.0."""

    def read(cell: str, _context: CellContext) -> int:
        found = _NUMBER.fullmatch(plain_text(cell))
        if not found or not minimum <= int(found[1]) <= maximum:
            words = _("Enter a whole number from %(minimum)d to %(maximum)d.")
            raise Unreadable(words % {"minimum": minimum, "maximum": maximum})
        return int(found[1])

    return read


def read_grade(cell: str, _context: CellContext) -> int:
    """Read 7, 7.0, Grade 7, 7th, VII."""
    grade = grade_of(plain_text(cell))
    if grade is None or not 1 <= grade <= MAX_GRADE:
        raise Unreadable(
            _("Enter a grade from %(minimum)d to %(maximum)d.") % {"minimum": 1, "maximum": MAX_GRADE}
        )
    return grade


def read_grades(cell: str, context: CellContext) -> tuple[int, int]:
    """Read 5-8, VI to VIII, Grade 7, 8 and above, all; within the grades of the fest."""
    grades = grades_of(cell, all_grades=(context.grade_min, context.grade_max))
    if grades is None:
        words = _("Write the grades like 5-8, from %(low)d to %(high)d.")
        raise Unreadable(words % {"low": context.grade_min, "high": context.grade_max})
    return grades


def read_day(cell: str, context: CellContext) -> dt.date:
    day = day_of(cell, context.days)
    if day is None:
        raise Unreadable(_("Enter a day, like %(day)s.") % {"day": context.days.first.isoformat()})
    return day


def read_clock(cell: str, context: CellContext) -> dt.time:
    time = time_of(_without_zone(cell, context))
    if time is None:
        raise Unreadable(_("Enter a time, like 10:30 or 2 pm."))
    return time


def _without_zone(cell: str, context: CellContext) -> str:
    """Return the cell without the name of the fest's time zone behind it, such as IST."""
    name = dt.datetime.combine(context.days.first, dt.time(12), context.zone).tzname() or ""
    spaced = " ".join(cell.split())  # one space before the name, so that the pattern takes few steps
    return re.sub(rf"(?i) ?\(?{re.escape(name)}\)?$", "", spaced) if name.isalpha() else cell


def read_moment(cell: str, context: CellContext) -> str:
    """Read a day and a time, each as in a column of its own; a day alone is its midnight."""
    plain = plain_text(_without_zone(cell, context))
    if _WITH_OFFSET.fullmatch(plain):
        return _with_offset(plain)
    found, refusal = _moments(plain, context)
    inside = [one for one in found if one.date() in context.days]
    if len(found) > 1 and len(inside) == 1:
        found = inside
    if len(found) != 1:
        raise refusal or Unreadable(_("Enter a day and a time, like 2026-12-12 10:00."))
    [moment] = found
    return in_zone(moment.date(), moment.time(), context.zone).astimezone(dt.UTC).isoformat()


def _with_offset(plain: str) -> str:
    try:
        return dt.datetime.fromisoformat(plain.upper()).astimezone(dt.UTC).isoformat()
    except (ValueError, OverflowError):
        raise Unreadable(_("Enter a day and a time, like 2026-12-12 10:00.")) from None


def _moments(plain: str, context: CellContext) -> tuple[list[dt.datetime], Unreadable | None]:
    """Return the local times that a text may mean, and why one part of it cannot be read."""
    words = [one for one in re.sub(r"(?<=\d)t(?=\d)", " ", plain).split() if one not in _BETWEEN]
    found: list[dt.datetime] = []
    refusal = None
    for at in range(1, len(words) + 1) if len(words) <= _MAX_WORDS else ():
        left, right = " ".join(words[:at]), " ".join(words[at:])
        for day_text, time_text in ((left, right), (right, left)):
            try:
                moment = _moment(day_text, time_text, context)
            except Unreadable as error:
                refusal = refusal or error
            else:
                found += [moment] if moment and moment not in found else []
    return found, refusal


def _moment(day_text: str, time_text: str, context: CellContext) -> dt.datetime | None:
    day = day_of(day_text, context.days) if day_text else None
    seconds = seconds_of(time_text) if day and time_text else 0
    if day is None or seconds is None:
        return None
    return dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=seconds)


def in_zone(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """Return this local time. Raises Unreadable if the clocks skip it."""
    local = dt.datetime.combine(day, time, zone)
    if local.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise Unreadable(_("There is no such time: clocks are put forward then."))
    return local


def _read_choice(kind: str) -> Callable[[str, CellContext], str]:
    def read(cell: str, context: CellContext) -> str:
        known: Mapping[str, str] = getattr(context, kind)
        found = known.get(folded(cell))
        if found is None:
            words = _("“%(text)s” is none of: %(known)s.")
            raise Unreadable(words % {"text": cell[:80], "known": ", ".join(dict.fromkeys(known.values()))})
        return found

    return read


COLUMNS = (
    Column("name", gettext_lazy("Event"), read_text(120), 30),
    Column("category", gettext_lazy("Category"), _read_choice("categories"), 16),
    Column("venue", gettext_lazy("Venue"), _read_choice("venues"), 20),
    Column("starts_at", gettext_lazy("Starts"), read_moment, 18),
    Column("ends_at", gettext_lazy("Ends"), read_moment, 18),
    Column("grade_min", gettext_lazy("Lowest grade"), read_grade, 10, is_needed=False),
    Column("grade_max", gettext_lazy("Highest grade"), read_grade, 10, is_needed=False),
    Column("capacity", gettext_lazy("Seats"), read_number(0, MAX_SEATS), 8),
    Column("state", gettext_lazy("State"), _read_choice("states"), 12, is_needed=False),
    Column("summary", gettext_lazy("Summary"), read_text(200), 50, is_needed=False),
)
"""The columns of the timetable's workbook."""
BY_NAME = {column.name: column for column in COLUMNS}
