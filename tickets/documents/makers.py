"""Makes the content of each kind of document: attendance sheets, badges, certificates, and a school's ZIP."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event
from techfest.core.db.folding import in_dictionary_order
from tickets import content as content_module
from tickets import pdf
from tickets.documents import batches, certificates, jobs, school_tickets
from tickets.documents import rows as rows_module
from tickets.documents.jobs import Maker, Refusal
from tickets.models import Certificate, DocumentJob, Ticket
from tickets.pdf.page import ProgressCallback

Kind = DocumentJob.Kind
MAX_NAMES = 1000
"""Names in one document, and pages of each kind in a school's ZIP: well within the task's time limit."""


def _attendance(job: DocumentJob) -> tuple[bytes, int]:
    event = _event(job)
    with timezone.override(job.fest.zone):
        sheet = rows_module.attendance_of(event, job.fest, maximum=MAX_NAMES + 1)
    total = _expected(job, [*sheet.seats, *sheet.waiting])
    return pdf.render_attendance([sheet], on_progress=partial(jobs.report_progress, job)), total


def _badges(job: DocumentJob) -> tuple[bytes, int]:
    tickets = _tickets(job, registration__event=_event(job))
    total = _expected(job, tickets)
    found = [content_module.content_of(ticket) for ticket in tickets]
    return pdf.render_badges(found, on_progress=partial(jobs.report_progress, job)), total


def _certificates(job: DocumentJob) -> tuple[bytes, int]:
    rows = Certificate.objects.filter(
        registration__event=_event(job), kind=job.options["kind"], revoked_at=None
    )
    if max_rank := job.options.get("max_rank"):
        rows = rows.filter(rank__lte=max_rank)
    found = _with_related(job, rows)
    total = _expected(job, found)
    content = pdf.render_certificates(
        [certificates.content_of(one) for one in found], on_progress=partial(jobs.report_progress, job)
    )
    return content, total


def _school(job: DocumentJob) -> tuple[bytes, int]:
    """Makes badges, tickets and certificates of a school's students, each as a PDF, in one ZIP."""
    tickets = _tickets(job, student__school=job.school)
    rows = Certificate.objects.filter(student__school=job.school, revoked_at=None)
    issued = _with_related(job, rows)
    if max(len(tickets), len(issued)) > MAX_NAMES:
        raise Refusal(_too_many())
    shown = [content_module.content_of(ticket) for ticket in tickets]
    total = _expected(job, [*shown, *shown, *issued], maximum=3 * MAX_NAMES)
    parts: list[tuple[str, Callable[[ProgressCallback], bytes], int]] = [
        ("badges.pdf", lambda on_progress: pdf.render_badges(shown, on_progress=on_progress), len(shown)),
        ("tickets.pdf", partial(_school_tickets, shown), len(shown)),
        (
            "certificates.pdf",
            lambda on_progress: pdf.render_certificates(
                [certificates.content_of(one) for one in issued], on_progress=on_progress
            ),
            len(issued),
        ),
    ]
    return _zipped(job, [part for part in parts if part[2]]), total


def _school_tickets(shown: Sequence[pdf.TicketContent], on_progress: ProgressCallback) -> bytes:
    return pdf.render_sheets(
        shown, per_page=4, on_progress=lambda done: on_progress(done, done - 1 - (done - 1) % 4)
    )


def _zipped(job: DocumentJob, parts: Sequence[tuple[str, Callable[[ProgressCallback], bytes], int]]) -> bytes:
    file, before = BytesIO(), 0
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, render, count in parts:
            archive.writestr(name, render(_further(job, before)))
            before += count
    return file.getvalue()


def _further(job: DocumentJob, before: int) -> ProgressCallback:
    """Reports progress counted from what was made before."""
    return lambda done, last: jobs.report_progress(job, before + done, before + last)


def _expected(job: DocumentJob, rows: Sequence[Any], maximum: int = MAX_NAMES) -> int:
    """Returns the number of names; raises Refusal for none or too many."""
    if not rows:
        raise Refusal(_("There is nothing to print."))
    if len(rows) > maximum:
        raise Refusal(_too_many())
    jobs.set_total(job, len(rows))
    return len(rows)


def _too_many() -> str:
    return _("These are more than %(maximum)d names, which is too many for one file.") % {
        "maximum": MAX_NAMES
    }


def _event(job: DocumentJob) -> Event:
    """Returns the event with its venue and the fest that is loaded already."""
    event = Event.objects.select_related("venue").get(documents=job)
    event.fest = job.fest
    return event


def _tickets(job: DocumentJob, **chosen: Any) -> list[Ticket]:
    """Returns live tickets by class and name with related rows; shared ones are loaded once."""
    rows = Ticket.objects.live().filter(registration__event__fest=job.fest, **chosen)
    classes = ("student__grade", "student__section", *in_dictionary_order("student__name"), "student")
    rows = rows.order_by(*classes, "registration__event__starts_at", "pk")
    return rows_module.shared(
        job.fest, list(rows.select_related("registration", "student__school")[: MAX_NAMES + 1])
    )


def _with_related(job: DocumentJob, rows: QuerySet[Certificate]) -> list[Certificate]:
    rows = rows.filter(registration__event__fest=job.fest)
    order = ("rank", "student__grade", "student__section", *in_dictionary_order("student__name"), "pk")
    rows = rows.order_by(*order).select_related("registration", "student__school")
    return rows_module.shared(job.fest, list(rows[: MAX_NAMES + 1]))


def _of_event(make: Maker) -> Maker:
    """Return the maker of a document that is about one event, or about many if the job names none."""
    return lambda job: batches.make(job) if job.is_of_many else make(job)


MAKERS: Mapping[str, Maker] = MappingProxyType(
    {
        Kind.TICKETS: school_tickets.make,
        Kind.SCHOOL: _school,
        Kind.ATTENDANCE: _of_event(_attendance),
        Kind.BADGES: _of_event(_badges),
        Kind.CERTIFICATES: _of_event(_certificates),
        Kind.ALL_TICKETS: batches.make,
    }
)
