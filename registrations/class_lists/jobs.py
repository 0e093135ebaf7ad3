"""The worker's side of a confirmed class list: lease a job, register it in chunks, resume after a crash."""

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event
from registrations.class_lists.parse import events_offered, questions_offered, read_rows
from registrations.class_lists.register import AllOrNoneRefused, Work, give_up, register
from registrations.models import ClassListEntry, ClassListJob, ClassListRow
from registrations.signals import list_registered
from techfest.core import stopping
from techfest.core.db.clock import database_now
from techfest.core.db.leases import Lease
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import LockTimeout

logger = logging.getLogger(__name__)

CHUNK = 100
"""Rows per transaction: their locks last about as long as one click may wait."""
LEASE = dt.timedelta(seconds=30)
"""How long a claimed job belongs to its worker; each chunk renews the lease."""
_lease = Lease(LEASE)
PAUSE = 0.05
LONGEST_PAUSE = 1.0
"""Seconds. If others waited for a chunk, the pause after it is as long as the chunk: they get half of the time."""
PATIENCE = 10.0
"""Seconds for all locks of one chunk; each lock also has the short timeout of the connection."""
TRIES = 10
"""How often a chunk is tried on a busy database before the job is put back."""
BUDGET = 15.0
"""Seconds after which no further job is started, so that a worker can be stopped."""
BUSY_PAUSE = dt.timedelta(seconds=3)
"""How long a job that was put back waits, so that other jobs come first."""
MAX_ATTEMPTS = 5
"""How often a job may be started without any progress."""


class LeaseLost(Exception):
    """Another worker has taken over the job."""


def run_due(*, budget: float = BUDGET) -> int:
    """Register the due lists, oldest first, until none is left or the time is used up; return how many were finished.

    A worker that is asked to stop finishes its list and claims no other.
    A job that finds the database busy is put back for a moment, and the next one runs.
    """
    _lease.free_of_the_dead(_unfinished())
    ends, finished = time.monotonic() + budget, 0
    while time.monotonic() < ends and not stopping.is_asked() and (job := claim()):
        finished += run(job)
    return finished


def has_due() -> bool:
    return _unfinished().filter(_lease.is_free(database_now())).exists()


def claim() -> ClassListJob | None:
    """Lease one due job to this worker, also one whose worker died.

    A job that was started too often without progress is finished with an error instead.
    """
    ids = _lease.claim(_unfinished().order_by("created_at", "pk"), now=database_now())
    if not ids:
        return None
    job = ClassListJob.objects.get(pk=ids[0])
    if job.attempts <= MAX_ATTEMPTS:
        return job
    logger.error("Class list job %s was given up after %s attempts", job.pk, MAX_ATTEMPTS)
    _finish(job, error=_("The rest could not be registered because of a fault. The organisers can see it."))
    return claim()


def _unfinished() -> QuerySet[ClassListJob]:
    return ClassListJob.objects.filter(finished_at=None)


def run(job: ClassListJob) -> bool:
    """Register what is left of a claimed job; return whether it is finished. Otherwise another worker continues it."""
    work = _work_of(job)
    try:
        if job.is_all_or_none:
            _run_whole(work)
        else:
            _run_chunks(work)
        _finish(job)
    except LeaseLost:
        logger.warning("Class list job %s goes on in another worker", job.pk)
        return False
    except LockTimeout:
        # A busy database does not count as an attempt.
        attempts = Greatest(F("attempts") - 1, 0)
        _lease.postpone(job, now=database_now(), pause=BUSY_PAUSE, attempts=attempts)
        logger.warning("Class list job %s was put back: the database is busy", job.pk)
        return False
    return True


def _run_chunks(work: Work) -> None:
    began = time.monotonic()
    while _with_retries(lambda: _chunk(work)):
        if work.was_waited_for:
            time.sleep(min(LONGEST_PAUSE, max(PAUSE, time.monotonic() - began)))
        began = time.monotonic()


def _work_of(job: ClassListJob) -> Work:
    """Parse the rows of the job and read the fest's events once for all chunks.

    The rows were compared with one another when the list was confirmed, and cannot be changed since.
    """
    job.class_list = type(job.class_list).objects.select_related("fest", "school").get(pk=job.class_list_id)
    events = dict(Event.objects.filter(fest=job.class_list.fest_id).values_list("slug", "pk"))
    rows = list(_left(job))
    fest = job.class_list.fest
    found = read_rows(
        job.class_list, rows, events_offered(fest), questions_offered(fest), compares_rows=False
    )
    return Work(job, {student.row: student for student in found.listing.ready}, events)


def _with_retries(work: Callable[[], bool]) -> bool:
    """Retry on a busy database, with a growing pause."""
    for attempt in range(1, TRIES):
        try:
            return work()
        except LockTimeout:
            time.sleep(PAUSE * attempt)
    return work()


def _chunk(work: Work) -> bool:
    """Register the next rows in one transaction; return whether there were any.

    If the transaction fails, the rows are registered one by one, so that only the faulty row is given up.
    """
    deadline = Deadline(PATIENCE)
    try:
        return in_transaction(lambda: _register_next(work, CHUNK, deadline), deadline=deadline)
    except (LockTimeout, LeaseLost):
        raise
    except Exception:
        logger.exception("A chunk of class list job %s failed; its rows go one by one", work.job.pk)
    for row in _left(work.job)[:CHUNK]:
        _single(work, row)
    return True


def _register_next(work: Work, many: int, deadline: Deadline) -> bool:
    _renew(work.job)
    rows = list(_left(work.job).defer("cells")[:many])
    if rows:
        register(work, rows, deadline=deadline)
        work.was_waited_for = _does_anybody_wait()
    return bool(rows)


def _does_anybody_wait() -> bool:
    """Return whether any session of this database waits for a lock; called while this chunk's locks are still held."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
            " WHERE NOT l.granted AND a.datname = current_database())"
        )
        waits: bool = cursor.fetchone()[0]
    return waits


def _single(work: Work, row: ClassListRow) -> None:
    deadline = Deadline(PATIENCE)

    def alone() -> None:
        _renew(work.job)
        register(work, [row], deadline=deadline)

    def without() -> None:
        _renew(work.job)
        give_up(work, row)

    try:
        in_transaction(alone, deadline=deadline)
    except (LockTimeout, LeaseLost):
        raise
    except Exception:
        logger.exception("Row %s of class list %s cannot be registered", row.number, row.class_list_id)
        in_transaction(without, deadline=deadline)


def _run_whole(work: Work) -> None:
    """Register all rows in one transaction. If one is refused, only the reasons are stored."""
    deadline = Deadline(PATIENCE)

    def whole() -> bool:
        return in_transaction(
            lambda: _register_next(work, work.job.rows.count(), deadline), deadline=deadline
        )

    try:
        _with_retries(whole)
    except AllOrNoneRefused as refused:
        _finish(work.job, error=_refusal(refused.rows), entries=list(refused.entries))
    except (LockTimeout, LeaseLost):
        raise
    except Exception:
        logger.exception("Class list job %s failed as a whole", work.job.pk)
        _finish(work.job, error=_("Nothing was registered because of a fault. The organisers can see it."))


def _refusal(rows: int) -> str:
    return ngettext(
        "Nothing was registered: %(count)d row would be refused.",
        "Nothing was registered: %(count)d rows would be refused.",
        rows,
    ) % {"count": rows}


def _left(job: ClassListJob) -> QuerySet[ClassListRow]:
    return ClassListRow.objects.filter(job=job, done_at=None).order_by("number")


def _renew(job: ClassListJob) -> None:
    """Renew the lease, or raise `LeaseLost`; locks the job's row until the transaction ends.

    The lock lets two workers with the same job run only one after the other, and the second one stops here. The
    renewal is committed together with progress, so it resets the attempts.
    """
    now = database_now()
    if not _lease.mine(job).filter(finished_at=None).update(claimed_at=now, attempts=0):
        raise LeaseLost
    transaction.on_commit(lambda: setattr(job, "claimed_at", now))


def _finish(job: ClassListJob, *, error: str = "", entries: list[ClassListEntry] | None = None) -> None:
    """Finish the job once, with the entries that explain why nothing was registered."""
    with transaction.atomic():
        now = database_now()
        mine = ClassListJob.objects.filter(pk=job.pk, finished_at=None)
        if not mine.update(finished_at=now, error=error[:300]):
            return
        ClassListEntry.objects.bulk_create(entries or [])
        job.finished_at, job.error = now, error
        list_registered.send(sender=ClassListJob, job=job, now=now)
