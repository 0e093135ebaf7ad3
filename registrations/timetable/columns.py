"""The columns of a timetable: what each means, and how a cell of it is read. Knows no models."""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from techfest.core.text import has_mark_run

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MARK = "mark"
"""The hidden column that says which event a row is, and what it was when the workbook was made."""
MAX_SEATS = 100_000
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M", "%Y-%m-%d")
_NUMBER = re.compile(r"\d{1,6}")


class Unreadable(Exception):
    """A cell that is not what its column asks for, in words fit to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Fest:
    """What cells are read by: the zone, and what may be chosen, by its folded name."""

    zone: ZoneInfo
    venues: Mapping[str, str]
    categories: Mapping[str, str]
    states: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Column:
    """`read` makes a value of the trail's kind (text, number, time in UTC) out of a cell. Raises Unreadable."""

    name: str
    title: "_StrPromise"
    read: Callable[[str, Fest], Any]
    width: int = 14
    is_needed: bool = True
    """Whether a new event must have it."""


def _text(maximum: int) -> Callable[[str, Fest], str]:
    def read(cell: str, _fest: Fest) -> str:
        text = " ".join(cell.split())
        if not text:
            raise Unreadable(_("It is empty."))
        if len(text) > maximum:
            raise Unreadable(_("It has more than %(maximum)d characters.") % {"maximum": maximum})
        if has_mark_run(text):
            raise Unreadable(_("It has too many accents stacked on one letter."))
        if "\x00" in text or not text.isprintable():
            raise Unreadable(_("It has characters that cannot be shown."))
        return text

    return read


def _number(minimum: int, maximum: int) -> Callable[[str, Fest], int]:
    def read(cell: str, _fest: Fest) -> int:
        text = cell.strip()
        if not _NUMBER.fullmatch(text) or not minimum <= int(text) <= maximum:
            words = _("Enter a whole number from %(minimum)d to %(maximum)d.")
            raise Unreadable(words % {"minimum": minimum, "maximum": maximum})
        return int(text)

    return read


def _time(cell: str, fest: Fest) -> str:
    for form in _FORMATS:
        try:
            naive = dt.datetime.strptime(cell.strip(), form)  # noqa: DTZ007 - the zone comes in the next line
        except ValueError:
            continue
        local = naive.replace(tzinfo=fest.zone)
        if local.astimezone(dt.UTC).astimezone(fest.zone).replace(tzinfo=None) != naive:
            raise Unreadable(_("There is no such time: clocks are put forward then."))
        return local.astimezone(dt.UTC).isoformat()
    raise Unreadable(_("Enter a day and a time, like 2026-12-12 10:00."))


def _choice(kind: str) -> Callable[[str, Fest], str]:
    def read(cell: str, fest: Fest) -> str:
        known: Mapping[str, str] = getattr(fest, kind)
        found = known.get(folded(cell))
        if found is None:
            words = _("“%(text)s” is none of: %(known)s.")
            raise Unreadable(words % {"text": cell[:80], "known": ", ".join(dict.fromkeys(known.values()))})
        return found

    return read


COLUMNS = (
    Column("name", gettext_lazy("Event"), _text(120), 30),
    Column("category", gettext_lazy("Category"), _choice("categories"), 16),
    Column("venue", gettext_lazy("Venue"), _choice("venues"), 20),
    Column("starts_at", gettext_lazy("Starts"), _time, 18),
    Column("ends_at", gettext_lazy("Ends"), _time, 18),
    Column("grade_min", gettext_lazy("Lowest grade"), _number(1, 13), 10, is_needed=False),
    Column("grade_max", gettext_lazy("Highest grade"), _number(1, 13), 10, is_needed=False),
    Column("capacity", gettext_lazy("Seats"), _number(0, MAX_SEATS), 8),
    Column("state", gettext_lazy("State"), _choice("states"), 12, is_needed=False),
    Column("summary", gettext_lazy("Summary"), _text(200), 50, is_needed=False),
)
BY_NAME = {column.name: column for column in COLUMNS}
TIMES = ("starts_at", "ends_at")


def folded(text: str) -> str:
    """As two names are compared that people typed."""
    return " ".join(text.split()).casefold()


def by_folded_name(names: Iterable[str]) -> dict[str, str]:
    return {folded(name): name for name in names}
