"""Document jobs: a row orders a file, a worker claims it with a lease and makes it, in at most three attempts."""

import datetime as dt
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from events.models import Event, Fest
from registrations.models import ClassListJob, School
from techfest.core.db.clock import database_now
from techfest.core.db.leases import Lease
from tickets import pdf
from tickets.documents import ticket_pdf
from tickets.models import Delivery, DocumentJob
from tickets.querysets import RENDER_ATTEMPTS, DocumentJobQuerySet
from tickets.wakeup import notify_workers

logger = logging.getLogger(__name__)

Kind = DocumentJob.Kind
LEASE = dt.timedelta(minutes=5)
"""How long a claimed job belongs to its worker; the process that makes it is killed before."""
_lease = Lease(LEASE)
ATTEMPTS = RENDER_ATTEMPTS
"""Attempts before a job is given up."""
BUDGET = 15.0
"""Seconds in which one run of the task begins new files."""
RETRY = dt.timedelta(seconds=20)
"""The pause between two attempts after a caught error."""
RETENTION = dt.timedelta(days=1)
"""How long row and file are kept; they can be ordered again."""
PROGRESS_STEP = 20
"""Pages' worth of names between two updates of the progress, at which pending single tickets get their turn."""
NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

Maker = Callable[[DocumentJob], tuple[bytes | None, int]]
"""Makes the file of a claimed job; returns its content, `None` if it is stored, and the number of names in it."""


class Refusal(Exception):
    """There is nothing to make, or too much; the text is shown to the user, and there is no further attempt."""


class MoreToMake(Exception):
    """A part of the document is stored; the next one is made after others had their turn."""


def order(
    *,
    kind: str,
    fest: Fest,
    user: Any,
    event: Event | None = None,
    school: School | None = None,
    class_list_job: ClassListJob | None = None,
    options: Mapping[str, Any] = NO_OPTIONS,
) -> DocumentJob:
    """Orders a document; workers are notified after the commit."""
    job = DocumentJob.objects.create(
        kind=kind,
        fest=fest,
        event=event,
        school=school,
        class_list_job=class_list_job,
        requested_by=user,
        options=dict(options),
    )
    remove_files(
        job
    )  # after a restore, ids come again, and files of their former documents may still be there
    transaction.on_commit(notify_workers, robust=True)
    return job


def document_path(job: DocumentJob) -> Path:
    """Returns the path of the file; the name does not reveal the code."""
    return Path(settings.MEDIA_ROOT) / "documents" / f"{job.pk}.{_ending(job)}"


def files_of(job: DocumentJob) -> list[Path]:
    """Returns the files that exist: the document, and the parts of one that is being made."""
    return sorted(document_path(job).parent.glob(f"{job.pk}.*"))


def file_name(job: DocumentJob) -> str:
    """Returns the name of the download: the kind and the event, school or fest, in safe characters."""
    if job.kind == Kind.TICKETS:
        return "tickets.pdf"
    if job.kind == Kind.SCHOOL:
        name = slugify(job.school.name if job.school else "")[:60]
        return f"{name or 'school'}.zip"
    about = job.event.slug if job.event else "-".join([job.fest.slug, *job.options.get("about", ())])
    kind = "tickets" if job.kind == Kind.ALL_TICKETS else job.options.get("kind") or job.kind
    kind = {"participation": "certificates", "rank": "rank-certificates"}.get(kind, kind)
    return f"{kind}-{about}.{_ending(job)}"


def _ending(job: DocumentJob) -> str:
    is_archive = job.kind == Kind.SCHOOL or job.options.get("parts", 1) > 1
    return "zip" if is_archive else "pdf"


def make_due(makers: Mapping[str, Maker]) -> int:
    """Makes the pending documents, one of each kind in turn, oldest first; returns the number of attempts.

    So many orders of one kind do not delay another kind. New files are begun for some seconds only. A file that kills
    its process is given up after three attempts and blocks no others.
    """
    _lease.free_of_the_dead(DocumentJob.objects.to_make())
    tries, until, has_found = 0, time.monotonic() + BUDGET, True
    while has_found:
        has_found = False
        for kind in sorted(_free_jobs().order_by().values_list("kind", flat=True).distinct()):
            if ticket_pdf.may_begin(until) and (job := claim(kind)):
                attempt(job, makers[kind])
                has_found, tries = True, tries + 1
    return tries


def has_due() -> bool:
    """Whether a file can be made now, also one that a process held which has died."""
    _lease.free_of_the_dead(DocumentJob.objects.to_make())
    return is_work_left()


def is_work_left() -> bool:
    return _free_jobs().exists()


def unblock() -> int:
    """Makes jobs given up because of the disk pending again, once the disk accepts files; returns how many."""
    given_up = DocumentJob.objects.filter(finished_at=None, attempts__gte=ATTEMPTS, is_blocked=True)
    blocked = given_up.filter(_lease.is_free(database_now()))
    if not blocked.exists() or not ticket_pdf.has_disk_space(Path(settings.MEDIA_ROOT)):
        return 0
    return blocked.update(attempts=0, is_blocked=False, error="")


def claim(kind: str) -> DocumentJob | None:
    """Claims the oldest pending job of this kind and counts the attempt; None if there is none."""
    rows = DocumentJob.objects.to_make().filter(kind=kind).order_by("created_at", "pk")
    ids = _lease.claim(rows, now=database_now(), made=0)
    return DocumentJob.objects.select_related("fest__logo", "school").get(pk=ids[0]) if ids else None


def attempt(job: DocumentJob, make: Maker) -> None:
    """Makes one attempt. The file is complete or absent; errors are recorded in the row."""
    try:
        content, names = make(job)
        _keep(job, content, names)
    except MoreToMake:
        leased(job).update(claimed_at=None, claimed_by="", attempts=0)
    except Refusal as refusal:
        finish(job, error=str(refusal))
    except pdf.Unavailable as error:
        leased(job).update(attempts=ATTEMPTS, error=str(error)[:300])
    except Exception as error:
        logger.exception("Document %s (%s) could not be made", job.pk, job.kind)
        words = f"{type(error).__name__}: {error}"[:300]
        is_blocked = isinstance(error, OSError)
        _lease.postpone(job, now=database_now(), pause=RETRY, error=words, is_blocked=is_blocked)
    _remove_if_deleted(job)


def _keep(job: DocumentJob, content: bytes | None, names: int) -> None:
    """Stores the file, unless it is to be made anew meanwhile: then a newer file may be there already."""
    with transaction.atomic():
        if not leased(job).select_for_update(of=("self",)).values_list("pk").first():
            return
        if content is not None:
            ticket_pdf.store(document_path(job), content)
        finish(job, made=names)


def _remove_if_deleted(job: DocumentJob) -> None:
    """Removes the files if the row was deleted meanwhile, because a person was erased or a day has passed."""
    if not DocumentJob.objects.filter(pk=job.pk).exists():
        remove_files(job)


def remove_files(job: DocumentJob) -> None:
    for path in files_of(job):
        path.unlink(missing_ok=True)


def set_total(job: DocumentJob, total: int) -> None:
    """Records how many names there are to make."""
    leased(job).update(total=total)


def report_progress(job: DocumentJob, done: int, before: int) -> None:
    """Records the progress every few names, and lets clicks of a rush and pending single tickets go first."""
    if done // PROGRESS_STEP != before // PROGRESS_STEP:
        leased(job).update(made=done)
        ticket_pdf.may_begin(time.monotonic() + ticket_pdf.STEP_BACK)
        ticket_pdf.render_due(budget=1.0)


def finish(job: DocumentJob, *, made: int = 0, error: str = "") -> None:
    leased(job).update(finished_at=database_now(), made=made, error=error)


def leased(job: DocumentJob) -> DocumentJobQuerySet:
    """Returns the row as long as this worker's lease holds."""
    rows: DocumentJobQuerySet = _lease.mine(job)
    return rows.filter(finished_at=None)


def remove_old() -> int:
    """Removes rows and files a day after they were ordered, unless a pending mail needs them; returns how many."""
    old = DocumentJob.objects.filter(created_at__lt=database_now() - RETENTION)
    jobs = list(old.exclude(deliveries__in=Delivery.objects.pending()))
    for job in jobs:
        remove_files(job)
        job.delete()
    return len(jobs)


def _free_jobs() -> DocumentJobQuerySet:
    return DocumentJob.objects.to_make().filter(_lease.is_free(database_now()))
