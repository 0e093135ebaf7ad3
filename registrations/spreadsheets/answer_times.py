"""Which of several answers to a form is the latest, by the times that the form noted."""

import datetime as dt
import re
from collections.abc import Mapping

_NUMBERS = re.compile(r"(\d+)\D+(\d+)\D+(\d+)(?:\D+?(\d{1,2})\D(\d{2})(?:\D(\d{2}))?)?")
_AFTERNOON = re.compile(r"\bp\.?\s?m\b", re.IGNORECASE)
_MORNING = re.compile(r"\ba\.?\s?m\b", re.IGNORECASE)
_ZONE = re.compile(r":\d{2}[^+-]*([+-])(\d{1,2}):?(\d{2})?\s*$")


def latest(times: Mapping[int, str]) -> int:
    """Return the key of the latest time; 0 if that is not clear.

    12/11/2026 is read with the day first and with the month first, and both readings must agree.
    """
    if not all(_parts(text) for text in times.values()):
        return 0
    found = set()
    for is_day_first in (True, False):
        read = {key: _moment(text, is_day_first=is_day_first) for key, text in times.items()}
        known = {key: moment for key, moment in read.items() if moment}
        if len(known) < len(times):
            # In this order of day and month one of them is no date.
            continue
        if len(set(known.values())) < len(known):
            return 0
        found.add(max(known, key=lambda key: known[key]))
    return found.pop() if len(found) == 1 else 0


def _parts(text: str) -> re.Match[str] | None:
    return _NUMBERS.search(text[:60])


def _moment(text: str, *, is_day_first: bool) -> dt.datetime | None:
    found = _parts(text)
    if not found:
        return None
    first, second, third = found[1], found[2], found[3]
    if len(first) == 4:
        year, month, day = int(first), int(second), int(third)
    else:
        day, month = (int(first), int(second)) if is_day_first else (int(second), int(first))
        year = int(third) + (2000 if len(third) == 2 else 0)
    hour, minute, seconds = (int(part or 0) for part in found.group(4, 5, 6))
    if _AFTERNOON.search(text) and hour < 12:
        hour += 12
    elif _MORNING.search(text) and hour == 12:
        hour = 0
    try:
        return dt.datetime(year, month, day, hour, minute, seconds) - _offset(text)  # noqa: DTZ001  # compared only
    except (ValueError, OverflowError):
        return None


def _offset(text: str) -> dt.timedelta:
    found = _ZONE.search(text)
    if not found:
        return dt.timedelta()
    offset = dt.timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return offset if found[1] == "+" else -offset
