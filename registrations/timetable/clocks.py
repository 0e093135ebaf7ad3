"""Clock times as people write them into cells: 10:30, 10h30, 2 pm, noon, 24:00, "10:30 - 12". Knows no models."""

import datetime as dt
import re

from django.utils.translation import gettext as _

from registrations.timetable.days import Unreadable
from techfest.core.calendar_names import plain_text

END_OF_DAY = 24 * 3600
_HALF = r"(?P<half>[ap])(?:\.?\s?m\.?)?"
_TIME = re.compile(
    r"(?P<hour>\d{1,2})"
    r"(?:\s?(?:[:.]|:?h\s?|-(?=(?:1[3-9]|[2-5]\d)\s?[ap]))(?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:\.0+)?)?)?"
    rf"\s?(?P<unit>h|hrs?\.?|hours?|uhr|heures?|horas?|min|o['’]?clock)?\s?(?:{_HALF})?"
)
_TOGETHER = re.compile(r"(?P<hour>\d{2})(?P<minute>\d{2})\s?(?:h|hrs?\.?|hours|uhr)")
_NOON = re.compile(r"(?:12(?:[:.]00)?\s?)?(?:noon|midday)")
_MIDNIGHT = re.compile(r"(?:(?:00|12)(?:[:.]00)?\s?)?midnight")
_FRACTION = re.compile(r"0[.,](?:\d{3,}|5)")
_QUARTER = re.compile(r"0[.,]\d{2}")
"""0.25 is 0:25 to a person and 6:00 to a spreadsheet."""
_EMPTY_DAY = re.compile(r"(?:1899-12-3[01]|1900-01-0[01]|12/3[01]/1899|3[01]/12/1899)[t ]")
"""The day that spreadsheets give to a time without one."""
_RANGE = re.compile(
    r"(?:from\s+)?(?P<start>.+?)\s*(?:[-–—~]|(?<=[:.]\d\d)\s*/(?=\s*\d{1,2}[:.]\d\d)|\bto\b|\btill?\b|\buntil\b|\bbis\b)\s*(?P<end>.+)"
)
_ENDS_WITH_HALF = re.compile(rf"\d\s?{_HALF}")
_TWELVE_AM = re.compile(r"12(?:[:.]00)?\s?a(?:\.?\s?m\.?)?")
_NO_HALF = re.compile(r"\d([:.]\d\d)?(?:\s?(?:hours?|hrs?\.?))?")
_MORNING = range(1, 6)
"""Hours that are meant as afternoon where no word says so: no event begins at 2 in the night."""


def seconds_of(text: str) -> int | None:
    """Return the seconds since midnight, up to 24:00; None if this is not a time.

    Raises Unreadable if it may be a time in the night or in the afternoon.
    """
    plain = _EMPTY_DAY.sub("", plain_text(text).strip(" ,"))
    if _NOON.fullmatch(plain):
        return END_OF_DAY // 2
    if _MIDNIGHT.fullmatch(plain):
        return END_OF_DAY
    if _QUARTER.fullmatch(plain):
        return None
    if _FRACTION.fullmatch(plain):  # the number that a spreadsheet shows for a time without its format
        return round(float(plain.replace(",", ".")) * END_OF_DAY)
    found = _TOGETHER.fullmatch(plain) or _TIME.fullmatch(plain)
    return _seconds(text, found) if found else None


def _seconds(text: str, found: re.Match[str]) -> int | None:
    parts = found.groupdict()
    if parts.get("unit") == "min" and not parts["minute"]:
        return None  # a length: 15 min
    hour, half = int(parts["hour"]), parts.get("half")
    minute, second = int(parts["minute"] or 0), int(parts.get("second") or 0)
    if half and not 1 <= hour <= 12:
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif hour in _MORNING and _NO_HALF.fullmatch(found[0]):
        words = _("Morning or afternoon? Write “%(text)s pm”, or %(late)d:%(minute)02d.")
        raise Unreadable(words % {"text": text.strip(), "late": hour + 12, "minute": minute})
    seconds = hour * 3600 + minute * 60 + second
    return seconds if minute < 60 and second < 60 and seconds <= END_OF_DAY else None


def time_of(text: str) -> dt.time | None:
    """Return the clock time; 24:00 and midnight are 0:00."""
    seconds = seconds_of(text)
    return None if seconds is None else time_at(seconds)


def time_at(seconds: int) -> dt.time:
    minutes, second = divmod(seconds % END_OF_DAY, 60)
    return dt.time(minutes // 60, minutes % 60, second)


def split_range(text: str) -> tuple[str, str] | None:
    """Return start and end of "10:30 - 12" or "2-4 pm" as texts of their own; None if this is no such range."""
    found = _RANGE.fullmatch(plain_text(text))
    if not found:
        return None
    start, end = found["start"], found["end"]
    half = _ENDS_WITH_HALF.search(end)
    if half and start.replace(":", "").replace(".", "").isdecimal():
        if _TWELVE_AM.fullmatch(end):
            return None  # noon or midnight: the cell is refused
        start = _with_half(start, end, half["half"])
    return (start, end) if _is_time(start) and _is_time(end) else None


def _is_time(text: str) -> bool:
    """Return whether this is a time, even one of which the half of the day is not clear."""
    try:
        return seconds_of(text) is not None
    except Unreadable:
        return True


def _with_half(start: str, end: str, half: str) -> str:
    """Return the start with the half of the day that it shares with the end, or the morning: "11-1 pm"."""
    same = f"{start} {half}m"
    if (early := seconds_of(same)) is not None and early <= (seconds_of(end) or 0):
        return same
    return f"{start} am" if half == "p" and seconds_of(f"{start} am") is not None else start
