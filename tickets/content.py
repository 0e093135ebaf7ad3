"""The content of a ticket and of calendar files, built from the database rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import icalendar
from django.conf import settings
from django.utils.text import slugify

from events.models import Event
from registrations.models import Registration
from tickets.models import Ticket
from tickets.pdf import TicketContent


def absolute(path: str) -> str:
    """An absolute URL. Its host comes from a setting, never from a request."""
    return f"{settings.SITE_URL}{path}"


def content_of(ticket: Ticket) -> TicketContent:
    """The content of a ticket, which must be loaded with `with_related`."""
    event, student = ticket.registration.event, ticket.student
    fest = event.fest
    return TicketContent(
        fest_name=fest.name,
        accent=fest.accent,
        logo=bytes(fest.logo.data) if fest.logo else None,
        person=student.name,
        grade=student.grade,
        section=student.section,
        school=student.school.name,
        event=event.name,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        time_zone=fest.time_zone,
        venue=event.venue.name,
        place=fest.place,
        reference=student.reference,
        url=absolute(ticket.get_absolute_url()),
        language=student.language,
        contact=fest.contact_name,
    )


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
    organizer: str
    """The e-mail address of the organisers."""
    organizer_name: str
    cancelled: bool = False


def ticket_file_name(registration: Registration) -> str:
    """A name that differs for two students of one family, also where their names have no Latin letter."""
    student = registration.student
    parts = ("ticket", registration.event.slug, slugify(student.name), student.reference.lower())
    return "-".join(part for part in parts if part) + ".pdf"


def calendar_entry(registration: Registration, *, url: str) -> CalendarEntry:
    """The calendar entry of a registration. Its UID is stable, so a cancellation replaces the same entry."""
    is_cancelled = not registration.holds_seat or registration.event.state == Event.State.CANCELLED
    return _entry(f"registration-{registration.pk}", registration.event, url, is_cancelled=is_cancelled)


def event_entry(event: Event) -> CalendarEntry:
    """The calendar entry of an event, for visitors without a registration."""
    is_cancelled = event.state == Event.State.CANCELLED
    return _entry(f"event-{event.pk}", event, absolute(event.get_absolute_url()), is_cancelled=is_cancelled)


def _entry(name: str, event: Event, url: str, *, is_cancelled: bool) -> CalendarEntry:
    return CalendarEntry(
        uid=f"{name}@{settings.SITE_HOST}",
        sequence=event.sequence * 2 + (1 if is_cancelled else 0),
        summary=event.name,
        description=event.summary,
        location=f"{event.venue.name}, {event.fest.place}",
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        url=url,
        organizer=event.fest.contact_email,
        organizer_name=event.fest.name,
        cancelled=is_cancelled,
    )


def ics(entries: Iterable[CalendarEntry], *, method: str, now: datetime) -> bytes:
    """An iCalendar file (RFC 5545) with `method` PUBLISH or CANCEL; under CANCEL every entry is cancelled.

    Text typed by people is escaped and folded, never a property of its own. Raises ValueError for another method
    and for times without a zone.
    """
    if method not in {"PUBLISH", "CANCEL"}:
        raise ValueError("A calendar file publishes or cancels.")
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Techfest//Tickets//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(
            _calendar_event(entry, is_cancelled=entry.cancelled or method == "CANCEL", now=now)
        )
    file: bytes = calendar.to_ical()
    return file


def _calendar_event(entry: CalendarEntry, *, is_cancelled: bool, now: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", _line(entry.uid))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _utc(now))
    event.add("dtstart", _utc(entry.starts_at))
    event.add("dtend", _utc(entry.ends_at))
    event.add("summary", _line(entry.summary))
    event.add("description", _text(entry.description))
    event.add("location", _line(entry.location))
    event.add("url", _line(entry.url))
    organizer = icalendar.vCalAddress(f"mailto:{_line(entry.organizer)}")
    organizer.params["cn"] = _line(entry.organizer_name).replace('"', "'")
    event.add("organizer", organizer)
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
