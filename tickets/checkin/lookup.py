"""Whose code or reference it is: registrations with their tickets, as they stand at this moment."""

from dataclasses import dataclass

from django.db.models import Q

from events.models import Fest
from registrations.models import MergedReference, Registration, Student
from tickets.models import Ticket

State = Registration.State


@dataclass(frozen=True, slots=True)
class Found:
    """A registration with its event, venue, student and school at hand; who waits has no ticket."""

    registration: Registration
    ticket: Ticket | None


def by_code(code: str, fest: Fest) -> list[Found]:
    """The ticket of this code, live or void; one at most."""
    tickets = Ticket.objects.select_related("registration__event__venue", "registration__student__school")
    return [Found(one.registration, one) for one in tickets.filter(code=code, registration__event__fest=fest)]


def by_reference(reference: str, fest: Fest) -> list[Found]:
    """Everything of the student of this reference, or of the one whom it names since two were merged.

    What was cancelled is left out where the student holds the same event again.
    """
    merged = MergedReference.objects.filter(reference=reference).values("student")
    students = Student.objects.filter(Q(reference=reference) | Q(pk__in=merged), fest=fest)
    rows = Registration.objects.filter(student__in=students).order_by("event__starts_at", "pk")
    registrations = list(rows.select_related("event__venue", "student__school"))
    held = {row.event_id for row in registrations if row.is_active}
    kept = [row for row in registrations if row.is_active or row.event_id not in held]
    tickets: dict[int, Ticket] = {}
    for ticket in Ticket.objects.filter(registration__in=kept).order_by("created_at", "pk"):
        before = tickets.get(ticket.registration_id)
        if before is None or not before.is_live:
            tickets[ticket.registration_id] = ticket
    return [Found(row, tickets.get(row.pk)) for row in kept]


def again(found: Found) -> Found:
    """The same one, as it stands by now."""
    registration = Registration.objects.select_related("event__venue", "student__school").get(
        pk=found.registration.pk
    )
    ticket = Ticket.objects.filter(pk=found.ticket.pk).first() if found.ticket else None
    return Found(registration, ticket)
