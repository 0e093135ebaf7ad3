"""Documents about many events: made in parts, each of which is stored, so that a killed worker goes on at the next.

One part becomes a PDF, several become a ZIP of PDFs. What is in each part is decided once and kept beside the parts
as ids; who has lost the seat or was erased since then is left out.
"""

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from events.models import Event
from registrations.booking.errors import ActionRejected
from registrations.models import Registration
from techfest.core.db.folding import in_dictionary_order
from techfest.core.db.locking import Deadline
from tickets import content as content_module
from tickets import pdf
from tickets.documents import certificates, jobs, rows, ticket_pdf
from tickets.documents.jobs import MoreToMake, Refusal
from tickets.models import Certificate, DocumentJob, Ticket
from tickets.pdf.page import ProgressCallback

Kind = DocumentJob.Kind
State = Registration.State
PART = 1000
"""Names in one PDF: half a minute of work, well within the task's time limit."""
MAX_NAMES = 20_000
"""Names in one document."""


@dataclass(frozen=True, slots=True)
class Part:
    """The ids of a part, how many names it has, and words for the name of its file."""

    ids: list[int]
    names: int
    label: str = ""


def make(job: DocumentJob) -> tuple[bytes | None, int]:
    """Makes the next part. Returns the PDF of the only part, or stores the ZIP once all are made.

    Raises Refusal if there is nothing to print or too much, and MoreToMake after each part but the last.
    """
    parts = _planned(job)
    job.options["parts"] = len(parts)
    jobs.leased(job).update(total=sum(part.names for part in parts), options=job.options)
    done = 0
    for number, part in enumerate(parts, 1):
        if not _part_path(job, number).exists():
            ticket_pdf.store(_part_path(job, number), _render(job, part, _further(job, done)))
            if number < len(parts):
                raise MoreToMake
        done += part.names
    return _finished(job, parts), done


def _part_path(job: DocumentJob, number: int) -> Path:
    return _beside(job, f"part-{number:02d}.pdf")


def _beside(job: DocumentJob, ending: str) -> Path:
    return jobs.document_path(job).parent / f"{job.pk}.{ending}"


def _further(job: DocumentJob, before: int) -> ProgressCallback:
    """Reports progress counted from what was made before."""
    return lambda done, last: jobs.report_progress(job, before + done, before + last)


def _planned(job: DocumentJob) -> list[Part]:
    """Returns the parts as they were decided at the first attempt."""
    path = _beside(job, "plan.json")
    if path.exists():
        return [Part(*one) for one in json.loads(path.read_text())]
    parts = _PLANS[job.kind](job)
    names = sum(part.names for part in parts)
    if not names:
        raise Refusal(_("There is nothing to print."))
    if names > MAX_NAMES:
        words = _("These are more than %(maximum)d names: choose a day or a category.")
        raise Refusal(words % {"maximum": MAX_NAMES})
    ticket_pdf.store(path, json.dumps([[part.ids, part.names, part.label] for part in parts]).encode())
    return parts


def _plan_attendance(job: DocumentJob) -> list[Part]:
    """Whole events in each part, by start and name."""
    active = Count("registrations", filter=~Q(registrations__state=State.CANCELLED))
    events = Event.objects.filter(pk__in=job.options["events"]).annotate(names=active).filter(names__gt=0)
    parts: list[Part] = []
    for pk, names in events.order_by("starts_at", "name", "pk").values_list("pk", "names"):
        if parts and parts[-1].names + names <= PART:
            parts[-1] = Part([*parts[-1].ids, pk], parts[-1].names + names)
        else:
            parts.append(Part([pk], names))
    return parts


def _plan_tickets(job: DocumentJob) -> list[Part]:
    """Tickets by school, class and name; a student's own stand together by start."""
    order = (
        *in_dictionary_order("student__school__name"),
        *("student__school", "student__grade", "student__section"),
        *in_dictionary_order("student__name"),
        *("student", "registration__event__starts_at", "pk"),
    )
    found = list(_live_tickets(job).order_by(*order).values_list("pk", "student__school__name"))
    return [_part_of_schools(some) for some in _in_parts(found)]


def _live_tickets(job: DocumentJob) -> Any:
    tickets = Ticket.objects.live().filter(registration__event__in=job.options["events"])
    return tickets.filter(registration__state=State.CONFIRMED, student__erased_at=None)


def _part_of_schools(found: Sequence[tuple[int, str]]) -> Part:
    first, last = (slugify(name)[:24].strip("-") for name in (found[0][1], found[-1][1]))
    label = first if first == last else f"{first}-to-{last}"
    return Part([pk for pk, _name in found], len(found), label)


def _plan_certificates(job: DocumentJob) -> list[Part]:
    """Issues what can be issued, then plans all valid ones by event, rank and name."""
    for event in Event.objects.filter(pk__in=job.options["events"]).order_by("starts_at", "name", "pk"):
        _issue(event, job)
    order = (
        *("registration__event__starts_at", "registration__event__name", "registration__event", "rank"),
        *in_dictionary_order("student__name"),
        "pk",
    )
    found = list(_valid_certificates(job).order_by(*order).values_list("pk", flat=True))
    return [Part(list(some), len(some)) for some in _in_parts(found)]


def _issue(event: Event, job: DocumentJob) -> None:
    """An event whose results were withdrawn meanwhile, or where nobody came, is left out."""
    try:
        if job.options["kind"] == Certificate.Kind.RANK:
            certificates.issue_ranks(
                event, max_rank=job.options["max_rank"], user=job.requested_by, deadline=Deadline()
            )
        else:
            everybody = event.pk in job.options.get("everybody", ())
            certificates.issue_participation(
                event, everybody=everybody, user=job.requested_by, deadline=Deadline()
            )
    except ActionRejected:
        return


def _valid_certificates(job: DocumentJob) -> Any:
    found = Certificate.objects.filter(
        registration__event__in=job.options["events"], kind=job.options["kind"], revoked_at=None
    )
    if max_rank := job.options.get("max_rank"):
        found = found.filter(rank__lte=max_rank)
    return found.filter(student__erased_at=None)


def _in_parts(found: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Parts of the same length, as few as fit."""
    count = -(-len(found) // PART)
    limits = [len(found) * number // count for number in range(count + 1)] if count else []
    return [found[start:end] for start, end in pairwise(limits)]


_PLANS: dict[str, Callable[[DocumentJob], list[Part]]] = {
    Kind.ATTENDANCE: _plan_attendance,
    Kind.BADGES: _plan_tickets,
    Kind.ALL_TICKETS: _plan_tickets,
    Kind.CERTIFICATES: _plan_certificates,
}


def _render(job: DocumentJob, part: Part, on_progress: ProgressCallback) -> bytes:
    if job.kind == Kind.ATTENDANCE:
        return _render_attendance(job, part, on_progress)
    if job.kind == Kind.CERTIFICATES:
        issued = _loaded(_valid_certificates(job), job, part)
        return pdf.render_certificates(
            [certificates.content_of(one) for one in issued], on_progress=on_progress
        )
    shown = [content_module.content_of(ticket) for ticket in _loaded(_live_tickets(job), job, part)]
    if job.kind == Kind.BADGES:
        return pdf.render_badges(shown, on_progress=on_progress)
    return pdf.render_sheets(
        shown, per_page=4, on_progress=lambda done: on_progress(done, done - 1 - (done - 1) % 4)
    )


def _loaded(found: Any, job: DocumentJob, part: Part) -> list[Any]:
    """Returns the rows of the part that are still valid, in its order. Raises Refusal if none is left."""
    valid = {
        row.pk: row for row in found.filter(pk__in=part.ids).select_related("registration", "student__school")
    }
    ordered = [valid[pk] for pk in part.ids if pk in valid]
    if not ordered:
        raise Refusal(_("These registrations have changed meanwhile. Make the document again."))
    return rows.shared(job.fest, ordered)


def _render_attendance(job: DocumentJob, part: Part, on_progress: ProgressCallback) -> bytes:
    events = Event.objects.select_related("venue").in_bulk(part.ids)
    with timezone.override(job.fest.zone):
        sheets = [rows.attendance_of(events[pk], job.fest) for pk in part.ids if pk in events]
    sheets = [sheet for sheet in sheets if sheet.seats or sheet.waiting]
    if not sheets:
        raise Refusal(_("These registrations have changed meanwhile. Make the document again."))
    return pdf.render_attendance(sheets, on_progress=on_progress)


def _finished(job: DocumentJob, parts: Sequence[Part]) -> bytes | None:
    paths = [_part_path(job, number) for number in range(1, len(parts) + 1)]
    content = paths[0].read_bytes() if len(parts) == 1 else None
    if content is None:
        _store_archive(jobs.document_path(job), list(zip(_member_names(job, parts), paths, strict=True)))
    for path in (*paths, _beside(job, "plan.json")):
        path.unlink(missing_ok=True)
    return content


def _member_names(job: DocumentJob, parts: Sequence[Part]) -> list[str]:
    """The names of the PDFs in the ZIP, such as `badges-2-of-3-green-valley-to-modern-school.pdf`."""
    stem = jobs.file_name(job).partition("-")[0]
    return [
        "-".join(filter(None, [stem, f"{number}-of-{len(parts)}", part.label])) + ".pdf"
        for number, part in enumerate(parts, 1)
    ]


def _store_archive(path: Path, members: Sequence[tuple[str, Path]]) -> None:
    """Writes the whole ZIP or none, without loading the parts into memory."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            with ZipFile(file, "w", ZIP_STORED) as archive:
                for name, member in members:
                    archive.write(member, name)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    finally:
        Path(draft).unlink(missing_ok=True)
