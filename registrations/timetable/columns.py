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

from techfest.core.text import has_mark_run, has_visible, normalized

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MARK = "mark"
"""The hidden column that identifies a row's event and holds its values at the time of the export."""
TIMES = ("starts_at", "ends_at")
MAX_SEATS = 100_000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[t ].*)?")
_NUMBERS = re.compile(r"(?P<day>\d{1,2})[./-](?P<month>\d{1,2})(?:[./-](?P<year>\d{4}|\d{2}))?\.?")
_WORDS = re.compile(
    r"(?:[a-z]+,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<word>[a-z]{3,9})\.?,?(?:[\s-]+(?P<year>\d{4}))?,?"
)
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?::(?P<second>\d{2}))?\s*(?P<half>[ap])?\.?m?\.?"
)
_NUMBER = re.compile(r"(\d{1,6})(?:\.0+)?")
_GRADE = re.compile(r"(?:grade|class)?\s*(\d{1,2})(?:\.0+)?")
_GRADES = re.compile(r"(?:grades?|classe?s?)?\s*(?P<low>\d{1,2})(?:\s*(?:-|–|to)\s*(?P<high>\d{1,2}))?")


class Unreadable(Exception):
    """A cell does not hold what its column needs; the text is fit to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class CellContext:
    """What cells are read with: the fest's zone, first day and grades, and the choices by their folded name."""

    zone: ZoneInfo
    first_day: dt.date
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


def read_number(
    minimum: int, maximum: int, pattern: re.Pattern[str] = _NUMBER
) -> Callable[[str, CellContext], int]:
    """Read 40; a spreadsheet may have written it as 40.0."""

    def read(cell: str, _context: CellContext) -> int:
        found = pattern.fullmatch(_plain(cell))
        if not found or not minimum <= int(found[1]) <= maximum:
            words = _("Enter a whole number from %(minimum)d to %(maximum)d.")
            raise Unreadable(words % {"minimum": minimum, "maximum": maximum})
        return int(found[1])

    return read


def read_grades(cell: str, context: CellContext) -> tuple[int, int]:
    """Read 5-8, 5 to 8, Grade 7, all; within the grades of the fest."""
    grades = grades_of(cell, all_grades=(context.grade_min, context.grade_max))
    if grades is None:
        words = _("Write the grades like 5-8, from %(low)d to %(high)d.")
        raise Unreadable(words % {"low": context.grade_min, "high": context.grade_max})
    return grades


def read_day(cell: str, context: CellContext) -> dt.date:
    day = day_of(cell, year=context.first_day.year)
    if day is None:
        raise Unreadable(_("Enter a day, like %(day)s.") % {"day": context.first_day.isoformat()})
    return day


def read_clock(cell: str, _context: CellContext) -> dt.time:
    time = time_of(cell)
    if time is None:
        raise Unreadable(_("Enter a time, like 10:30 or 2 pm."))
    return time


def read_moment(cell: str, context: CellContext) -> str:
    """Read a day and a time, each as in a column of its own; a day alone is its midnight."""
    words = re.sub(r"(?<=\d)t(?=\d)", " ", _plain(cell)).split()
    for at in range(1, len(words) + 1):
        day = day_of(" ".join(words[:at]), year=context.first_day.year)
        time = time_of(" ".join(words[at:])) if at < len(words) else dt.time()
        if day and time and (at < len(words) or ":" not in cell):
            return in_zone(day, time, context.zone).astimezone(dt.UTC).isoformat()
    raise Unreadable(_("Enter a day and a time, like 2026-12-12 10:00."))


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


def day_of(text: str, *, year: int) -> dt.date | None:
    """Read 2026-12-12, 12.12.2026, 12/12 and Sat 12 Dec: the day before the month, `year` where none is given."""
    plain = _plain(text)
    found = _ISO.fullmatch(plain) or _NUMBERS.fullmatch(plain) or _WORDS.fullmatch(plain)
    if not found:
        return None
    parts = found.groupdict()
    month = _month(parts["word"]) if "word" in parts else int(parts["month"])
    year = int(parts["year"] or year)
    try:
        return dt.date(year + 2000 if year < 100 else year, month, int(parts["day"]))
    except ValueError:
        return None


def _month(word: str) -> int:
    return _MONTHS.index(word[:3]) + 1 if word[:3] in _MONTHS else 0


def time_of(text: str) -> dt.time | None:
    """Read 10:30, 10.30, 14:00:00, 2 pm and 2:30pm."""
    found = _TIME.fullmatch(_plain(text))
    if not found:
        return None
    hour, half = int(found["hour"]), found["half"]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return dt.time(hour, int(found["minute"] or 0), int(found["second"] or 0))
    except ValueError:
        return None


def grades_of(text: str, *, all_grades: tuple[int, int]) -> tuple[int, int] | None:
    """Read 5-8, 5 to 8 and Grade 7; empty text and "all" mean every grade of the fest."""
    plain = _plain(text)
    if plain in ("", "all", "everybody"):
        return all_grades
    found = _GRADES.fullmatch(plain)
    if not found:
        return None
    low = int(found["low"])
    high = int(found["high"] or low)
    return (low, high) if all_grades[0] <= low <= high <= all_grades[1] else None


def _plain(text: str) -> str:
    return " ".join(normalized("NFKC", text).lower().split())


def folded(text: str) -> str:
    """Return a name in the form in which typed names are compared."""
    return " ".join(text.split()).casefold()


COLUMNS = (
    Column("name", gettext_lazy("Event"), read_text(120), 30),
    Column("category", gettext_lazy("Category"), _read_choice("categories"), 16),
    Column("venue", gettext_lazy("Venue"), _read_choice("venues"), 20),
    Column("starts_at", gettext_lazy("Starts"), read_moment, 18),
    Column("ends_at", gettext_lazy("Ends"), read_moment, 18),
    Column("grade_min", gettext_lazy("Lowest grade"), read_number(1, 13, _GRADE), 10, is_needed=False),
    Column("grade_max", gettext_lazy("Highest grade"), read_number(1, 13, _GRADE), 10, is_needed=False),
    Column("capacity", gettext_lazy("Seats"), read_number(0, MAX_SEATS), 8),
    Column("state", gettext_lazy("State"), _read_choice("states"), 12, is_needed=False),
    Column("summary", gettext_lazy("Summary"), read_text(200), 50, is_needed=False),
)
"""The columns of the timetable's workbook."""
BY_NAME = {column.name: column for column in COLUMNS}
