"""The content of a ticket and of calendar entries, built from the database rows."""

from django.conf import settings

from events.models import Event
from registrations.models import Registration
from tickets.mail.calendar import CalendarEntry
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
        cancelled=is_cancelled,
    )
