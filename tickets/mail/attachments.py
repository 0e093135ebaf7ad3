"""Attachments of mails: tickets as PDF, and calendar files."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from anymail.message import AnymailMessage
from django.utils import timezone

from registrations.models import Registration
from tickets.content import CalendarEntry, calendar_entry, ics

if TYPE_CHECKING:
    from tickets.mail.kinds.base import Entry


def attach_tickets(message: AnymailMessage, entries: Iterable["Entry"]) -> None:
    for entry in entries:
        if entry.has_pdf:
            message.attach(f"ticket-{entry.event.slug}.pdf", entry.pdf, "application/pdf")


def attach_calendar(message: AnymailMessage, entries: Sequence["Entry"], *, method: str) -> None:
    """One calendar file that adds these events (PUBLISH) or takes them out of the calendar (CANCEL)."""
    if entries:
        rows = [calendar_entry(entry.registration, url=entry.ticket_url) for entry in entries]
        _attach(message, "events.ics", rows, method=method)


def attach_withdrawal(message: AnymailMessage, left: Registration | None) -> None:
    """Takes the event that the student left out of the calendar."""
    if left:
        _attach(message, "left.ics", [calendar_entry(left, url="")], method="CANCEL")


def _attach(message: AnymailMessage, name: str, rows: Iterable[CalendarEntry], *, method: str) -> None:
    content = ics(rows, method=method, now=timezone.now())
    message.attach(name, content.decode(), f"text/calendar; method={method}")
