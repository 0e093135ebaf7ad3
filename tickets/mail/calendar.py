"""Calendar files: they add an event to a calendar, or cancel it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One entry. `uid` never changes while the registration lives; `sequence` grows with every change of it.

    Times are aware. They are written in UTC, which every calendar shows in its owner's zone, so no zone table is
    needed.
    """

    uid: str
    sequence: int
    summary: str
    description: str
    location: str
    starts_at: datetime
    ends_at: datetime
    url: str
    cancelled: bool = False


def ics(entries: Iterable[CalendarEntry], *, method: str, now: datetime) -> bytes:
    """An iCalendar file (RFC 5545) with `method` PUBLISH or CANCEL; under CANCEL every entry is cancelled.

    Text typed by people is escaped and folded, never a property of its own. Raises ValueError for another method
    and for times without a zone.
    """
    if method not in {"PUBLISH", "CANCEL"}:
        raise ValueError("A calendar file publishes or cancels.")
    calendar = Calendar()
    calendar.add("prodid", "-//Techfest//Tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(_event(entry, is_cancelled=entry.cancelled or method == "CANCEL", now=now))
    file: bytes = calendar.to_ical()
    return file


def _event(entry: CalendarEntry, *, is_cancelled: bool, now: datetime) -> Event:
    event = Event()
    event.add("uid", _line(entry.uid))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _utc(now))
    event.add("dtstart", _utc(entry.starts_at))
    event.add("dtend", _utc(entry.ends_at))
    event.add("summary", _line(entry.summary))
    event.add("description", _text(entry.description))
    event.add("location", _line(entry.location))
    event.add("url", _line(entry.url))
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    return event


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("A calendar entry needs times with a zone.")
    return moment.astimezone(UTC)


def _line(text: str) -> str:
    """`text` on one line, without control characters."""
    return " ".join(_text(text).split())


def _text(text: str) -> str:
    """`text` without control characters except line ends, which iCalendar writes as a backslash and an n."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character in lines
        if character == "\n" or character.isprintable() or ord(character) > 0x9F
    )
