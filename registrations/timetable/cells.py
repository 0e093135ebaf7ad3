"""Days, times, numbers and grades as organisers write them into a timetable."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from events.dates import event_refusals, new_event_problems
from events.models import Event, Fest
from techfest.core.text import normalized

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?:[T ].*)?")
_NUMBERS = re.compile(r"(?P<day>\d{1,2})[./-](?P<month>\d{1,2})(?:[./-](?P<year>\d{4}|\d{2}))?\.?")
_WORDS = re.compile(
    r"(?:[a-z]+,?\s+)?(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<word>[a-z]{3,9})\.?,?(?:[\s-]+(?P<year>\d{4}))?"
)
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))?(?::\d{2})?\s*(?P<half>[ap])?\.?m?\.?")
_GRADES = re.compile(r"(?:grades?|classe?s?)?\s*(?P<low>\d{1,2})(?:\s*(?:-|–|to)\s*(?P<high>\d{1,2}))?")
MAX_SEATS = 100_000


def event_values(
    texts: Mapping[str, str], *, fest: Fest, now: dt.datetime
) -> tuple[dict[str, Any], list[str]]:
    """The columns of one event as its cells say, and a sentence for each cell that cannot be used."""
    problems = [words for name, maximum, words in _texts() if not 0 < len(texts[name]) <= maximum]
    day, start, end = day_of(texts["day"], fest=fest), time_of(texts["start"]), time_of(texts["end"])
    seats, grades = number_of(texts["capacity"]), grades_of(texts["grades"], fest=fest)
    if day is None:
        problems.append(_("Write the day like %(day)s.") % {"day": fest.starts_on.isoformat()})
    if start is None or end is None:
        problems.append(_("Write start and end like 10:30 or 2 pm."))
    times = _times(day or fest.starts_on, start, end, fest)
    if times:
        event = Event(fest=fest, name=texts["name"], **times)
        if day is None:
            problems += [one.text for one in event_refusals(event)]
        else:
            problems += new_event_problems(event, now=now)
    if seats is None:
        problems.append(_("Write the capacity as a number."))
    if grades is None:
        words = _("Write the grades like 5-8, within %(low)d and %(high)d.")
        problems.append(words % {"low": fest.grade_min, "high": fest.grade_max})
    if problems or grades is None:
        return {}, problems
    return {
        "name": texts["name"],
        "category": texts["category"],
        "venue": texts["venue"],
        **times,
        "capacity": seats,
        "grade_min": grades[0],
        "grade_max": grades[1],
    }, []


def _times(day: dt.date, start: dt.time | None, end: dt.time | None, fest: Fest) -> dict[str, dt.datetime]:
    """When the event starts and ends, where both could be read."""
    if start is None or end is None:
        return {}
    return {
        "starts_at": dt.datetime.combine(day, start, fest.zone),
        "ends_at": dt.datetime.combine(day, end, fest.zone),
    }


def _texts() -> list[tuple[str, int, str]]:
    return [
        ("name", 120, _("Give the event a name of 120 characters or less.")),
        ("category", 50, _("Name a category of 50 characters or less.")),
        ("venue", 100, _("Name a venue of 100 characters or less.")),
    ]


def day_of(text: str, *, fest: Fest) -> dt.date | None:
    """2026-12-12, 12.12.2026, 12/12, Sat 12 Dec: the day first; without a year that of the fest."""
    plain = _plain(text)
    found = _ISO.fullmatch(plain) or _NUMBERS.fullmatch(plain) or _WORDS.fullmatch(plain)
    if not found:
        return None
    parts = found.groupdict()
    month = _month(parts["word"]) if "word" in parts else int(parts["month"])
    year = int(parts["year"] or fest.starts_on.year)
    try:
        return dt.date(year + 2000 if year < 100 else year, month, int(parts["day"]))
    except ValueError:
        return None


def _month(word: str) -> int:
    return _MONTHS.index(word[:3]) + 1 if word[:3] in _MONTHS else 0


def time_of(text: str) -> dt.time | None:
    """10:30, 10.30, 14:00:00, 2 pm, 2:30pm."""
    found = _TIME.fullmatch(_plain(text))
    if not found:
        return None
    hour, half = int(found["hour"]), found["half"]
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return dt.time(hour, int(found["minute"] or 0))
    except ValueError:
        return None


def number_of(text: str) -> int | None:
    """A whole number; a spreadsheet may have written it as 40.0."""
    found = re.fullmatch(r"(\d{1,6})(?:\.0+)?", _plain(text))
    number = int(found[1]) if found else None
    return number if number is not None and number <= MAX_SEATS else None


def grades_of(text: str, *, fest: Fest) -> tuple[int, int] | None:
    """5-8, 5 to 8, Grade 7; empty or "all" for every grade of the fest."""
    plain = _plain(text)
    if plain in ("", "all", "everybody"):
        return fest.grade_min, fest.grade_max
    found = _GRADES.fullmatch(plain)
    if not found:
        return None
    low = int(found["low"])
    high = int(found["high"] or low)
    return (low, high) if fest.grade_min <= low <= high <= fest.grade_max else None


def _plain(text: str) -> str:
    return " ".join(normalized("NFKC", text).lower().split())
