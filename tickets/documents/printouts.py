"""Printouts: documents that organisers and teachers order, made by the PDF worker and kept for a day."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from zipfile import ZIP_STORED, ZipFile

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from events.fest_choice import choice_of
from events.models import Event, Fest
from registrations.models import Registration, School
from registrations.results.service import competitors
from techfest.core.db.clock import database_now
from techfest.core.formatting import exact_time
from tickets import content as content_module
from tickets import pdf
from tickets.documents import certificates, jobs
from tickets.documents.jobs import Refusal
from tickets.models import Certificate, Printout, Ticket
from tickets.pdf.page import ProgressCallback
from tickets.wakeup import notify_workers

Kind = Printout.Kind
Row = TypeVar("Row", Ticket, Certificate)
NOTHING: Mapping[str, Any] = MappingProxyType({})
MAX_NAMES = 1000
"""Names in one printout, and pages of each kind in a school's: well within the task's time limit."""


def shown_fest(request: HttpRequest) -> Fest:
    """Returns the fest that a school's documents are about; 404 if there is none."""
    fest = choice_of(request).main
    if fest is None:
        raise Http404
    return fest


def order(
    *,
    kind: str,
    fest: Fest,
    user: Any,
    event: Event | None = None,
    school: School | None = None,
    options: Mapping[str, Any] = NOTHING,
) -> Printout:
    """Orders a printout; workers are notified after the commit."""
    printout = Printout.objects.create(
        kind=kind, fest=fest, event=event, school=school, requested_by=user, options=dict(options)
    )
    transaction.on_commit(notify_workers, robust=True)
    return printout


def printout_path(printout: Printout) -> Path:
    """Returns the path of the file; the name does not reveal the code."""
    ending = "zip" if printout.kind == Kind.SCHOOL else "pdf"
    return Path(settings.MEDIA_ROOT) / "printouts" / f"{printout.pk}.{ending}"


def file_name(printout: Printout) -> str:
    """Returns the name of the download: the kind and the event or school, in safe characters."""
    if printout.kind == Kind.SCHOOL:
        name = slugify(printout.school.name if printout.school else "")[:60]
        return f"{name or 'school'}.zip"
    return f"{printout.kind}-{printout.event.slug if printout.event else 'event'}.pdf"


def make(printout: Printout) -> int:
    """Makes the file of a claimed printout; returns the number of names. Raises Refusal, and as `pdf.render` does."""
    makers: dict[str, Callable[[Printout], tuple[bytes, int]]] = {
        Kind.ATTENDANCE: _attendance,
        Kind.BADGES: _badges,
        Kind.CERTIFICATES: _certificates,
        Kind.SCHOOL: _school,
    }
    content, names = makers[printout.kind](printout)
    jobs.store(printout, printout_path(printout), content)
    return names


def _attendance(printout: Printout) -> tuple[bytes, int]:
    event = _event(printout)
    seats: list[Any] = list(competitors(event).order_by("student__name_key", "pk")[: MAX_NAMES + 1])
    waiting = list(Registration.objects.filter(event=event).waiting().select_related("student__school"))
    total = _expected(printout, [*seats, *waiting])
    with timezone.override(printout.fest.zone):
        sheet = pdf.Attendance(
            event=event.name,
            fest_name=printout.fest.name,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            time_zone=printout.fest.time_zone,
            venue=event.venue.name,
            printed_at=database_now(),
            language=translation.get_language() or "en",
            seats=[_line(number, row, row.came_at) for number, row in enumerate(seats, 1)],
            waiting=[_line(number, row, None) for number, row in enumerate(waiting, 1)],
        )
    return pdf.render_attendance(sheet, on_progress=partial(jobs.report_progress, printout)), total


def _line(number: int, row: Registration, came_at: Any) -> pdf.AttendanceRow:
    student = row.student
    return pdf.AttendanceRow(
        number=number,
        person=student.name,
        reference=student.reference,
        grade=student.grade,
        section=student.section,
        school=student.school.name,
        note=_("in %(time)s") % {"time": exact_time(came_at)} if came_at else "",
    )


def _badges(printout: Printout) -> tuple[bytes, int]:
    tickets = _tickets(printout, registration__event=_event(printout))
    total = _expected(printout, tickets)
    found = [content_module.content_of(ticket) for ticket in tickets]
    return pdf.render_badges(found, on_progress=partial(jobs.report_progress, printout)), total


def _certificates(printout: Printout) -> tuple[bytes, int]:
    rows = Certificate.objects.filter(
        registration__event=_event(printout), kind=printout.options["kind"], revoked_at=None
    )
    if max_rank := printout.options.get("max_rank"):
        rows = rows.filter(rank__lte=max_rank)
    found = _with_related(printout, rows)
    total = _expected(printout, found)
    content = pdf.render_certificates(
        [certificates.content_of(one) for one in found], on_progress=partial(jobs.report_progress, printout)
    )
    return content, total


def _school(printout: Printout) -> tuple[bytes, int]:
    """Makes badges, tickets and certificates of a school's students, each as a PDF, in one ZIP."""
    tickets = _tickets(printout, student__school=printout.school)
    rows = Certificate.objects.filter(student__school=printout.school, revoked_at=None)
    issued = _with_related(printout, rows)
    if max(len(tickets), len(issued)) > MAX_NAMES:
        raise Refusal(_too_many())
    shown = [content_module.content_of(ticket) for ticket in tickets]
    total = _expected(printout, [*shown, *shown, *issued], maximum=3 * MAX_NAMES)
    parts: list[tuple[str, Callable[[ProgressCallback], bytes], int]] = [
        ("badges.pdf", lambda on_progress: pdf.render_badges(shown, on_progress=on_progress), len(shown)),
        ("tickets.pdf", partial(_booklet, shown), len(shown)),
        (
            "certificates.pdf",
            lambda on_progress: pdf.render_certificates(
                [certificates.content_of(one) for one in issued], on_progress=on_progress
            ),
            len(issued),
        ),
    ]
    return _zipped(printout, [part for part in parts if part[2]]), total


def _booklet(shown: Sequence[pdf.TicketContent], on_progress: ProgressCallback) -> bytes:
    return pdf.render_booklet(
        shown, per_page=4, on_progress=lambda done: on_progress(done, done - 1 - (done - 1) % 4)
    )


def _zipped(
    printout: Printout, parts: Sequence[tuple[str, Callable[[ProgressCallback], bytes], int]]
) -> bytes:
    file, before = BytesIO(), 0
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for name, render, count in parts:
            archive.writestr(name, render(_further(printout, before)))
            before += count
    return file.getvalue()


def _further(printout: Printout, before: int) -> ProgressCallback:
    """Reports progress counted from what was made before."""
    return lambda done, last: jobs.report_progress(printout, before + done, before + last)


def _expected(printout: Printout, rows: Sequence[Any], maximum: int = MAX_NAMES) -> int:
    """Returns the number of names; raises Refusal for none or too many."""
    if not rows:
        raise Refusal(_("There is nothing to print."))
    if len(rows) > maximum:
        raise Refusal(_too_many())
    jobs.set_total(printout, len(rows))
    return len(rows)


def _too_many() -> str:
    return _("These are more than %(maximum)d names, which is too many for one file.") % {
        "maximum": MAX_NAMES
    }


def _event(printout: Printout) -> Event:
    """Returns the event with its venue and the fest that is loaded already."""
    event = Event.objects.select_related("venue").get(printouts=printout)
    event.fest = printout.fest
    return event


def _tickets(printout: Printout, **chosen: Any) -> list[Ticket]:
    """Returns live tickets by class and name with related rows; shared ones are loaded once."""
    rows = Ticket.objects.live().filter(registration__event__fest=printout.fest, **chosen)
    classes = ("student__grade", "student__section", "student__name_key", "student")
    rows = rows.order_by(*classes, "registration__event__starts_at", "pk")
    return _shared(printout, list(rows.select_related("registration", "student__school")[: MAX_NAMES + 1]))


def _with_related(printout: Printout, rows: QuerySet[Certificate]) -> list[Certificate]:
    rows = rows.filter(registration__event__fest=printout.fest)
    order = ("rank", "student__grade", "student__section", "student__name_key", "pk")
    rows = rows.order_by(*order).select_related("registration", "student__school")
    return _shared(printout, list(rows[: MAX_NAMES + 1]))


def _shared(printout: Printout, rows: list[Row]) -> list[Row]:
    wanted = {row.registration.event_id for row in rows}
    events = Event.objects.select_related("venue").in_bulk(wanted)
    for row in rows:
        event = row.registration.event = events[row.registration.event_id]
        event.fest = printout.fest
    return rows


def remove_old() -> int:
    """Removes printouts and files a day after they were ordered."""
    return jobs.remove_old(Printout.objects.all(), printout_path)
