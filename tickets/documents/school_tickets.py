"""The tickets of a school, or of some of its students, in one PDF."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Event, Fest
from registrations.models import Change, ClassListJob, ClassListRow, Registration, School
from registrations.querysets import StudentQuerySet
from techfest.core.db.folding import in_dictionary_order
from tickets import pdf
from tickets.content import content_of
from tickets.documents import jobs
from tickets.documents.jobs import NO_OPTIONS, Refusal
from tickets.models import DocumentJob, Ticket
from tickets.querysets import TicketQuerySet
from tickets.school_students import filtered, students_of

MAX_TICKETS = 1500
"""Tickets in one PDF: about a minute of work, well within the task's time limit."""
PER_PAGE = (1, 4)
"""How many tickets may share a page: A5 as it is mailed, or A4 with lines to cut along."""


def order(
    *,
    school: School,
    fest: Fest,
    user: Any,
    per_page: int = 1,
    filters: Any = NO_OPTIONS,
    class_list_job: ClassListJob | None = None,
) -> DocumentJob:
    """Orders the tickets of the students that match the filters, or those of a finished class list."""
    return jobs.order(
        kind=DocumentJob.Kind.TICKETS,
        fest=fest,
        user=user,
        school=school,
        class_list_job=class_list_job,
        options={"per_page": per_page, "filters": dict(filters)},
    )


def tickets_of(job: DocumentJob) -> TicketQuerySet:
    """Returns the live tickets of the document, by class and name, then by the start of the event."""
    rows = Ticket.objects.live().filter(student__in=students_in(job))
    if event := job.options["filters"].get("event"):
        rows = rows.filter(registration__event__slug=event)
    classes = ("student__grade", "student__section", *in_dictionary_order("student__name"), "student")
    return rows.order_by(*classes, "registration__event__starts_at", "pk")


def students_in(job: DocumentJob) -> StudentQuerySet:
    """Returns the students of the document; for a finished class list those without an address."""
    students = students_of(_school_of(job), job.fest)
    if job.class_list_job_id is not None:
        listed = ClassListRow.objects.filter(job=job.class_list_job_id)
        return students.filter(email="", pk__in=listed.values("student"))
    return filtered(students, job.options["filters"])


def _school_of(job: DocumentJob) -> School:
    if job.school is None:
        raise ValueError("Tickets are ordered for a school.")
    return job.school


def changed_since(job: DocumentJob) -> int:
    """Returns how many of its registrations changed seat or name after the worker had read them."""
    if job.claimed_at is None:
        return 0
    rows = Registration.objects.filter(student__in=students_in(job))
    if event := job.options["filters"].get("event"):
        rows = rows.filter(event__slug=event)
    seat = Registration.State.CONFIRMED
    changes = Change.objects.filter(Q(from_state=seat) | Q(to_state=seat), registration__in=rows)
    return changes.filter(at__gt=job.claimed_at).values("registration").distinct().count()


def make(job: DocumentJob) -> tuple[bytes, int]:
    """Returns the PDF and the number of tickets. Raises Refusal, and as `pdf.render` does."""
    tickets = _with_related(job, tickets_of(job)[: MAX_TICKETS + 1])
    if not tickets:
        raise Refusal(_("None of these students has a ticket."))
    if len(tickets) > MAX_TICKETS:
        words = _("These are more than %(maximum)d tickets: choose a grade, a section or an event.")
        raise Refusal(words % {"maximum": MAX_TICKETS})
    jobs.set_total(job, len(tickets))
    per_page = job.options["per_page"]
    content = pdf.render_sheets(
        [content_of(ticket) for ticket in tickets],
        per_page=per_page,
        on_progress=lambda done: jobs.report_progress(job, done, done - per_page),
    )
    return content, len(tickets)


def _with_related(job: DocumentJob, rows: Iterable[Ticket]) -> list[Ticket]:
    """Returns the tickets with related rows; shared ones, above all the logo, are loaded once."""
    tickets = list(rows.select_related("registration", "student"))  # type: ignore[attr-defined]  # a queryset
    wanted = {ticket.registration.event_id for ticket in tickets}
    events = Event.objects.select_related("venue").in_bulk(wanted)
    for ticket in tickets:
        event = ticket.registration.event = events[ticket.registration.event_id]
        event.fest, ticket.student.school = job.fest, _school_of(job)
    return tickets
