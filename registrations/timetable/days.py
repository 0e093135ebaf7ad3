"""Days as people write them into cells: 2026-12-12, 12.12.2026, Sat 12 Dec, Dec 12, Day 1.

12/11/2026 is 12 November in most countries and 11 December in some. The days of the fest decide; where they do not, the
person is asked. Knows no models.
"""

import calendar
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils import dates
from django.utils.translation import gettext as _

from techfest.core.calendar_names import month_of, plain_text, weekday_of
from techfest.core.formatting import full_date

DAY_FIRST, MONTH_FIRST = "day", "month"
_FILLERS = frozenset({"of", "the", "de", "del", "den", "der", "le", "el"})
_MIDNIGHT = re.compile(r"(?:t|,?\s)\s*(?:0?0:00(?::00(?:\.0+)?)?|12:00(?::00)?\s*am)\s*z?$")
"""Spreadsheets write a day as its midnight."""
_ORDINAL = re.compile(r"(?<=\d)\s?(?:st|nd|rd|th|º|\.º)(?![a-z])")
_DOTTED = re.compile(r"\d\s?\.\s?\d")
_TOKEN = re.compile(r"\d+|[^\d\s.,/()’'–—-]+")
_NUMBERED_DAY = re.compile(r"d(?:ay)?\s*[#:.-]?\s*(\d{1,2})")
_COUNTED_DAYS = {
    f"{word} day": number
    for number, words in enumerate(("first 1st opening", "second 2nd", "third 3rd", "fourth 4th"), 1)
    for word in words.split()
} | {f"day {word}": number for number, word in enumerate(("one", "two", "three", "four", "five"), 1)}
_ROMAN_MONTHS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_EASTERN = re.compile(r"(\d{1,4})\s*([年月日號号년월일])\s*")
_RANGE = re.compile(r"\d{1,2}\s*[–—-]\s*\d{1,2}")
_SERIAL_START = dt.date(1899, 12, 30)
"""The day from which spreadsheets count."""
_MAX_LENGTH = 80


class Unreadable(Exception):
    """A cell does not hold what its column needs; the text is fit to show."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class AmbiguousDay(Unreadable):
    """A day of numbers that can be read with the day or with the month first."""


@dataclass(frozen=True, slots=True)
class FestDays:
    """The first and last day of a fest, and which number comes first in its dates, if a person has said so."""

    first: dt.date
    last: dt.date
    order: str = ""

    def __contains__(self, day: dt.date) -> bool:
        return self.first <= day <= self.last

    def within(self, month: int, day: int) -> dt.date | None:
        """Return this day in a year of the fest, or in its first year; None if there is no such day."""
        years = range(self.first.year, self.last.year + 1)
        found = [one for year in years if (one := _date(year, month, day))]
        return next((one for one in found if one in self), found[0] if found else None)


@dataclass(frozen=True, slots=True)
class Reading:
    """A day that a text may mean; `order` is the order of its numbers, empty if there is only one."""

    day: dt.date
    order: str = ""


def day_of(text: str, days: FestDays) -> dt.date | None:
    """Return the day that this text means, or None if it is not a day.

    Raises AmbiguousDay if it may be two days and both or neither are days of the fest, Unreadable if its weekday is
    another one.
    """
    plain = plain_text(text).strip(" ,;")
    if len(plain) > _MAX_LENGTH:
        return None
    plain = _EASTERN.sub(_without_units, _MIDNIGHT.sub("", plain)).strip(" -")
    if number := _number_of_day(plain):
        day = days.first + dt.timedelta(days=number - 1)
        return day if day in days else None
    tokens, weekday = _tokens(plain)
    readings = _without_doubles(_readings(plain, tokens, days))
    if weekday is None:
        return _chosen(text, readings, days)
    if not tokens:
        return _onlyweekday_of(weekday, days)
    return _onweekday_of(text, readings, weekday, days)


def _number_of_day(plain: str) -> int:
    """Return 2 for "Day 2" and "second day"; 0 for anything else."""
    found = _NUMBERED_DAY.fullmatch(plain)
    return int(found[1]) if found else _COUNTED_DAYS.get(plain, 0)


def _without_units(found: re.Match[str]) -> str:
    """Return the number of a year or day alone, and a month by its name: 2026年12月11日 is 2026 dec 11."""
    number = int(found[1])
    if found[2] not in "月월":
        return f"{number} "
    return f"{calendar.month_abbr[number].lower()} " if 1 <= number <= 12 else found[0]


def _tokens(plain: str) -> tuple[list[int | str], int | None]:
    """Return the numbers and words of a text, without a weekday, and that weekday."""
    found = [int(one) if one.isdecimal() else one for one in _TOKEN.findall(_ORDINAL.sub("", plain))]
    words = [one for one in found if one not in _FILLERS]
    weekdays = [at for at in (0, len(words) - 1) if words and weekday_of(words[at]) is not None]
    if not weekdays:
        return words, None
    weekday = weekday_of(words.pop(weekdays[0]))
    return words, weekday


def _readings(plain: str, tokens: Sequence[int | str], days: FestDays) -> Iterator[Reading]:
    """Yield each day that the numbers and words may mean."""
    if all(isinstance(one, int) for one in tokens):
        yield from _of_numbers(plain, [int(one) for one in tokens], days)
        return
    months = [at for at, one in enumerate(tokens) if isinstance(one, str)]
    month = _month(str(tokens[months[0]]), is_between=months[0] == 1)
    numbers = [one for one in tokens if isinstance(one, int)]
    if len(months) != 1 or month is None or not 1 <= len(numbers) <= 2:
        return
    at = months[0]
    if len(numbers) == 1:
        found = days.within(month, numbers[0])
    elif at == 2:  # 12 2026 Dec, or 12 and 13 Dec
        return
    elif at == 1 and numbers[0] > 31:  # 2026 Dec 12
        found = _date(numbers[0], month, numbers[1])
    else:
        found = _date(_year(numbers[1]), month, numbers[0])
    if found:
        yield Reading(found)


def _month(word: str, *, is_between: bool) -> int | None:
    """Return the number of a month; a Roman one stands between day and year."""
    if is_between and word in _ROMAN_MONTHS:
        return _ROMAN_MONTHS.index(word) + 1
    return month_of(word)


def _of_numbers(plain: str, numbers: Sequence[int], days: FestDays) -> Iterator[Reading]:
    found: list[tuple[dt.date | None, str]] = []
    if len(numbers) == 1:
        found = [(_of_one_number(plain, numbers[0], days), "")]
    elif len(numbers) == 2 and not _RANGE.fullmatch(plain):
        one, two = numbers
        found = [(days.within(two, one), DAY_FIRST), (days.within(one, two), MONTH_FIRST)]
    elif len(numbers) == 3 and numbers[0] > 31:
        found = [(_date(*numbers), "")]
    elif len(numbers) == 3:
        one, two, year = numbers[0], numbers[1], _year(numbers[2])
        found = [(_date(year, two, one), DAY_FIRST), (_date(year, one, two), MONTH_FIRST)]
    if _DOTTED.search(plain):  # dots between numbers are written only where the day comes first
        found = found[:1]
    yield from (Reading(day, order) for day, order in found if day)


def _of_one_number(plain: str, number: int, days: FestDays) -> dt.date | None:
    """Return the day of 20261212, or of the number that a spreadsheet shows for a day without its format."""
    if re.fullmatch(r"20\d{6}", plain):
        return _date(number // 10_000, number // 100 % 100, number % 100)
    day = _SERIAL_START + dt.timedelta(days=min(number, 99_999))
    return day if re.fullmatch(r"\d{5}(?:\.0+)?", plain) and day in days else None


def _without_doubles(readings: Iterator[Reading]) -> list[Reading]:
    """Return one reading for each day: 12/12 has one meaning."""
    by_day = {reading.day: reading for reading in readings}
    return list(by_day.values())


def _chosen(text: str, readings: Sequence[Reading], days: FestDays) -> dt.date | None:
    if len(readings) < 2:
        return readings[0].day if readings else None
    if days.order:
        return next(one.day for one in readings if one.order == days.order)
    inside = [one.day for one in readings if one.day in days]
    if len(inside) == 1:
        return inside[0]
    first, second = (full_date(one.day) for one in readings)
    words = _(
        "Day or month first? “%(text)s” can be %(first)s or %(second)s. Choose below, or write the month as a word."
    )
    raise AmbiguousDay(words % {"text": text.strip(), "first": first, "second": second})


def _onweekday_of(text: str, readings: Sequence[Reading], weekday: int, days: FestDays) -> dt.date | None:
    """Return the day that is on this weekday."""
    right = [one for one in readings if one.day.weekday() == weekday]
    if right or not readings:
        return _chosen(text, right, days)
    day = next((one.day for one in readings if one.day in days), readings[0].day)
    words = _("%(day)s is a %(right)s, not a %(wrong)s. Correct the day or the weekday.")
    named = {"right": dates.WEEKDAYS[day.weekday()], "wrong": dates.WEEKDAYS[weekday]}
    raise Unreadable(words % {"day": full_date(day), **named})


def _onlyweekday_of(weekday: int, days: FestDays) -> dt.date | None:
    """Return the only day of the fest on this weekday; None if there are none or several."""
    length = min((days.last - days.first).days + 1, 31)
    found = [days.first + dt.timedelta(days=at) for at in range(length)]
    found = [day for day in found if day.weekday() == weekday]
    return found[0] if len(found) == 1 else None


def _date(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except (ValueError, OverflowError):
        return None


def _year(number: int) -> int:
    return number + 2000 if number < 100 else number
