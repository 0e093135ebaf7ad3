"""Attachments of mails: tickets as PDF, and calendar files."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from anymail.message import AnymailMessage
from django.utils import timezone

from registrations.models import Registration
from tickets.content import calendar_entry, ics, ticket_file_name

if TYPE_CHECKING:
    from tickets.mail.kinds.base import Entry


def attach_tickets(message: AnymailMessage, entries: Iterable["Entry"]) -> None:
    for entry in entries:
        if entry.has_pdf:
            message.attach(ticket_file_name(entry.registration), entry.pdf, "application/pdf")


def attach_calendar(message: AnymailMessage, entries: Iterable["Entry"], *, method: str) -> None:
    """Attaches a calendar file for each entry that adds its event (PUBLISH) or takes it out again (CANCEL).

    One file each, because mail programs import only the first event of a file.
    """
    for entry in entries:
        _attach(message, entry.registration, url=entry.ticket_url, method=method)


def attach_withdrawal(message: AnymailMessage, left: Registration | None) -> None:
    """Takes the event that the student left out of the calendar."""
    if left:
        _attach(message, left, url="", method="CANCEL")


def _attach(message: AnymailMessage, registration: Registration, *, url: str, method: str) -> None:
    prefix = "cancelled-" if method == "CANCEL" else ""
    content = ics([calendar_entry(registration, url=url)], method=method, now=timezone.now())
    name = f"{prefix}{registration.event.slug}.ics"
    message.attach(name, content.decode(), f"text/calendar; method={method}")
