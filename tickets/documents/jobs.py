"""Document jobs: a row requests a file, a worker claims it with a lease and makes it, in at most three attempts."""

import datetime as dt
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from techfest.core.db import processes
from techfest.core.db.clock import database_now
from tickets import pdf
from tickets.documents import ticket_pdf
from tickets.models import DocumentJob
from tickets.querysets import RENDER_ATTEMPTS

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=5)
"""How long a claimed job belongs to its worker; the task is killed before."""
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

Maker = tuple[type[DocumentJob], Callable[[Any], int]]
"""A kind of job, and the function that makes one: it stores the file and returns the number of names in it."""


class Refusal(Exception):
    """There is nothing to make, or too much; the text is shown to the user, and there is no further attempt."""


def make_due(*makers: Maker) -> int:
    """Makes the pending files, one of each kind in turn, oldest first; returns the number of attempts.

    New files are begun for some seconds only. An attempt is counted and committed before it begins, so that a file
    that kills its process is given up after three and blocks no others.
    """
    for model, _make in makers:
        processes.free(_wanted(model).filter(attempts=1), claimed_at=None)
    tries, until, has_found = 0, time.monotonic() + BUDGET, True
    while has_found:
        has_found = False
        for model, make in makers:
            if ticket_pdf.may_begin(until) and (file := claim(model)):
                attempt(file, make)
                has_found, tries = True, tries + 1
    return tries


def is_work_left(*models: type[DocumentJob]) -> bool:
    now = database_now()
    return any(_wanted(model).filter(_free(now)).exists() for model in models)


def unblock(*models: type[DocumentJob]) -> int:
    """Makes jobs that were given up because of the disk pending again once the disk accepts files; returns how
    many.
    """
    now, wanted = database_now(), 0
    for model in models:
        blocked = _rows(model).filter(_free(now), finished_at=None, attempts__gte=ATTEMPTS, is_blocked=True)
        if blocked.exists() and ticket_pdf.has_disk_space(Path(settings.MEDIA_ROOT)):
            wanted += blocked.update(attempts=0, is_blocked=False, error="")
    return wanted


def has_given_up(file: DocumentJob) -> bool:
    """Whether there will be no further attempt."""
    return file.finished_at is None and file.attempts >= ATTEMPTS


def is_there(file: DocumentJob) -> bool:
    return bool(file.finished_at and not file.error)


def problem_of(file: DocumentJob) -> str:
    """Returns why there is no file; empty as long as there is or may be one."""
    return file.error if file.finished_at or has_given_up(file) else ""


def claim(model: type[DocumentJob]) -> Any:
    """Claims the oldest pending job of this kind and counts the attempt; None if there is none."""
    now = database_now()
    with transaction.atomic():
        rows = _wanted(model).filter(_free(now)).order_by("created_at", "pk")
        pk = rows.select_for_update(skip_locked=True).values_list("pk", flat=True).first()
        if pk is None:
            return None
        taken = {"claimed_at": now, "claimed_by": processes.this_process()}
        _rows(model).filter(pk=pk).update(**taken, attempts=F("attempts") + 1, made=0)
    return _rows(model).select_related("fest__logo", "school").get(pk=pk)


def attempt(file: DocumentJob, make: Callable[[Any], int]) -> None:
    """Makes one attempt. The file is complete or absent; errors are recorded in the row."""
    try:
        finish(file, made=make(file))
    except Refusal as refusal:
        finish(file, error=str(refusal))
    except SoftTimeLimitExceeded:
        # The process is about to be killed; when its lease has ended, the next attempt starts over.
        raise
    except pdf.Unavailable as error:
        leased(file).update(attempts=ATTEMPTS, error=str(error)[:300])
    except Exception as error:
        logger.exception("%s %s could not be made", type(file).__name__, file.pk)
        words = f"{type(error).__name__}: {error}"[:300]
        is_blocked = isinstance(error, OSError)
        leased(file).update(error=words, is_blocked=is_blocked, claimed_at=database_now() - LEASE + RETRY)


def store(file: DocumentJob, path: Path, content: bytes) -> None:
    """Stores the file, unless the row was deleted in between because a person was erased or a day has passed."""
    ticket_pdf.store(path, content)
    if not _rows(type(file)).filter(pk=file.pk).exists():
        path.unlink(missing_ok=True)


def set_total(file: DocumentJob, total: int) -> None:
    """Records how many names there are to make."""
    leased(file).update(total=total)


def report_progress(file: DocumentJob, done: int, before: int) -> None:
    """Records the progress every few names, and lets clicks of a rush and pending single tickets go first."""
    if done // PROGRESS_STEP != before // PROGRESS_STEP:
        leased(file).update(made=done)
        ticket_pdf.may_begin(time.monotonic() + ticket_pdf.STEP_BACK)
        ticket_pdf.render_due(budget=1.0)


def finish(file: DocumentJob, *, made: int = 0, error: str = "") -> None:
    leased(file).update(finished_at=database_now(), made=made, error=error)


def leased(file: DocumentJob) -> Any:
    """Returns the row as long as this worker's lease holds."""
    return _rows(type(file)).filter(pk=file.pk, claimed_at=file.claimed_at, finished_at=None)


def remove_old(rows: Any, path_of: Callable[[Any], Path]) -> int:
    """Removes rows and files that were ordered more than a day ago; returns how many."""
    return remove(rows.filter(created_at__lt=database_now() - RETENTION), path_of)


def remove(rows: Any, path_of: Callable[[Any], Path]) -> int:
    """Removes these rows with their files; returns how many."""
    old = list(rows)
    for file in old:
        path_of(file).unlink(missing_ok=True)
        file.delete()
    return len(old)


def _rows(model: type[DocumentJob]) -> Any:
    return model._default_manager.all()


def _wanted(model: type[DocumentJob]) -> Any:
    return _rows(model).filter(finished_at=None, attempts__lt=ATTEMPTS)


def _free(now: dt.datetime) -> Q:
    return Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)
