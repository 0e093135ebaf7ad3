"""Booklets: the tickets of a school, or of some of its students, in one PDF."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Event, Fest
from registrations.models import Change, ClassListRow, Registration, School
from registrations.querysets import StudentQuerySet
from tickets import pdf
from tickets.content import content_of
from tickets.documents import jobs
from tickets.documents.jobs import Refusal
from tickets.models import Booklet, Delivery, Ticket
from tickets.querysets import TicketQuerySet
from tickets.teacher.students import filtered, students_of
from tickets.wakeup import notify_workers

MAX_TICKETS = 1500
"""Tickets in one booklet: about a minute of work, well within the task's time limit."""


def order(
    *, school: School, fest: Fest, user: Any, per_page: int, chosen: dict[str, Any], job: Any = None
) -> Booklet:
    """Orders a booklet of the students that `chosen` filters; workers are notified after the commit."""
    booklet = Booklet.objects.create(
        fest=fest, school=school, requested_by=user, per_page=per_page, filters=chosen, job=job
    )
    transaction.on_commit(notify_workers, robust=True)
    return booklet


def booklet_path(booklet: Booklet) -> Path:
    """Returns the path of the file; the name does not reveal the code."""
    return Path(settings.MEDIA_ROOT) / "booklets" / f"{booklet.pk}.pdf"


def tickets_of(booklet: Booklet) -> TicketQuerySet:
    """Returns the live tickets of the booklet, by class and name, then by the start of the event."""
    rows = Ticket.objects.live().filter(student__in=students_in(booklet))
    if event := booklet.filters.get("event"):
        rows = rows.filter(registration__event__slug=event)
    classes = ("student__grade", "student__section", "student__name_key", "student")
    return rows.order_by(*classes, "registration__event__starts_at", "pk")


def students_in(booklet: Booklet) -> StudentQuerySet:
    """Returns the students of the booklet; for a finished class list those without an address."""
    students = students_of(booklet.school, booklet.fest)
    if booklet.job_id is not None:
        return students.filter(
            email="", pk__in=ClassListRow.objects.filter(job=booklet.job_id).values("student")
        )
    return filtered(students, booklet.filters)


def changed_since(booklet: Booklet) -> int:
    """Returns how many of its registrations changed seat or name after the worker had read them."""
    if booklet.claimed_at is None:
        return 0
    rows = Registration.objects.filter(student__in=students_in(booklet))
    if event := booklet.filters.get("event"):
        rows = rows.filter(event__slug=event)
    seat = Registration.State.CONFIRMED
    changes = Change.objects.filter(Q(from_state=seat) | Q(to_state=seat), registration__in=rows)
    return changes.filter(at__gt=booklet.claimed_at).values("registration").distinct().count()


def make(booklet: Booklet) -> int:
    """Makes the file of a claimed booklet; returns the number of tickets. Raises Refusal, and as `pdf.render` does."""
    tickets = _with_related(booklet, tickets_of(booklet)[: MAX_TICKETS + 1])
    if not tickets:
        raise Refusal(_("None of these students has a ticket."))
    if len(tickets) > MAX_TICKETS:
        words = _("These are more than %(maximum)d tickets: choose a grade, a section or an event.")
        raise Refusal(words % {"maximum": MAX_TICKETS})
    jobs.set_total(booklet, len(tickets))
    content = pdf.render_booklet(
        [content_of(ticket) for ticket in tickets],
        per_page=booklet.per_page,
        on_progress=lambda done: jobs.report_progress(booklet, done, done - booklet.per_page),
    )
    jobs.store(booklet, booklet_path(booklet), content)
    return len(tickets)


def _with_related(booklet: Booklet, rows: Iterable[Ticket]) -> list[Ticket]:
    """Returns the tickets with related rows; shared ones, above all the logo, are loaded once."""
    tickets = list(rows.select_related("registration", "student"))  # type: ignore[attr-defined]  # a queryset
    wanted = {ticket.registration.event_id for ticket in tickets}
    events = Event.objects.select_related("venue").in_bulk(wanted)
    for ticket in tickets:
        event = ticket.registration.event = events[ticket.registration.event_id]
        event.fest, ticket.student.school = booklet.fest, booklet.school
    return tickets


def remove_old() -> int:
    """Removes booklets and files a day after they were ordered, unless a pending mail needs them."""
    rows = Booklet.objects.exclude(deliveries__in=Delivery.objects.pending())
    return jobs.remove_old(rows, booklet_path)
