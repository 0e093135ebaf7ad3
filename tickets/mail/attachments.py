"""What mails bring along: tickets as PDF, and entries for the calendar."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from anymail.message import AnymailMessage
from django.utils import timezone

from registrations.models import Registration
from tickets.content import calendar_entry
from tickets.mail.calendar import ics
from tickets.models import Delivery

if TYPE_CHECKING:
    from tickets.mail.compose import Entry

Kind = Delivery.Kind


def attach_tickets(message: AnymailMessage, entries: Iterable["Entry"]) -> None:
    for entry in entries:
        if entry.has_pdf:
            message.attach(f"ticket-{entry.event.slug}.pdf", entry.pdf, "application/pdf")


def attach_calendar(message: AnymailMessage, delivery: Delivery, entries: Iterable["Entry"]) -> None:
    """Confirmed events for the calendar, or the same entries taken back."""
    rows = [entry for entry in entries if entry.is_confirmed or delivery.kind == Kind.CANCELLED]
    if rows:
        method = "CANCEL" if delivery.kind == Kind.CANCELLED else "PUBLISH"
        content = ics(
            [calendar_entry(entry.registration, url=entry.ticket_url) for entry in rows],
            method=method,
            now=timezone.now(),
        )
        message.attach("events.ics", content.decode(), f"text/calendar; method={method}")


def attach_withdrawal(message: AnymailMessage, left: Registration | None) -> None:
    """Takes the entry of what was left out of the calendar."""
    if left:
        content = ics([calendar_entry(left, url="")], method="CANCEL", now=timezone.now())
        message.attach("left.ics", content.decode(), "text/calendar; method=CANCEL")
