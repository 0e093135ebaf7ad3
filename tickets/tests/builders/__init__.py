"""Build the rows that tests of tickets and mails start from, in the same way as a real submission."""

import datetime as dt
from typing import Any

from django.db.models import F

from registrations.models import Registration, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from tickets.documents import jobs, ticket_pdf
from tickets.documents.makers import MAKERS
from tickets.models import Delivery, ProviderOutage, Ticket

PDF = b"%PDF-1.7 stands for a ticket"


def build_answered(*, capacity: int = 10, fest: dict[str, Any] | None = None, **values: Any) -> Submission:
    """A successful submission for an event of its own."""
    return build_submission(build_event(build_fest(**(fest or {})), capacity=capacity), **values)


def registration_of(submission: Submission) -> Registration:
    return Registration.objects.with_related().get(submission=submission)


def ticket_of(submission: Submission) -> Ticket:
    return Ticket.objects.with_related().get(registration__submission=submission)


def delivery_of(submission: Submission) -> Delivery:
    return Delivery.objects.get(submission=submission)


def pretend_rendered(*, content: bytes = PDF) -> None:
    """Store a stand-in for each pending PDF, in tests that are not about the file."""
    for ticket in Ticket.objects.live().filter(rendered_at=None):
        ticket_pdf.store(ticket_pdf.pdf_path(ticket), content)
        Ticket.objects.filter(pk=ticket.pk).update(rendered_at=F("created_at"))


def make_files() -> int:
    """Make the pending files, as a worker does at a wake-up; return the number of attempts."""
    return jobs.make_due(MAKERS)


def let_time_pass(span: dt.timedelta) -> None:
    """Move all times of deliveries and tickets into the past, so that tests need not wait."""
    Delivery.objects.update(
        created_at=F("created_at") - span,
        queued_at=F("queued_at") - span,
        due_at=F("due_at") - span,
        claimed_at=F("claimed_at") - span,
        admitted_at=F("admitted_at") - span,
        held_at=F("held_at") - span,
    )
    Ticket.objects.update(render_claimed_at=F("render_claimed_at") - span)
    ProviderOutage.objects.update(started_at=F("started_at") - span, until=F("until") - span)
