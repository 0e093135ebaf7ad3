"""The worker's side of a confirmed class list: claimed by a lease, done chunk by chunk, resumed where it broke off."""

import datetime as dt
import logging
import time
from collections.abc import Callable

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event
from registrations.booking.errors import LockTimeout
from registrations.class_lists.parse import read_draft
from registrations.class_lists.register import NotAll, Work, give_up, register
from registrations.locking import Deadline, in_transaction
from registrations.models import ClassListEntry, ClassListJob, ClassListRow
from registrations.signals import list_registered
from techfest.core.db import processes
from techfest.core.db.clock import database_now

logger = logging.getLogger(__name__)

CHUNK = 100
"""Rows of one transaction: about as long as a click may have to wait for its lock (DECISIONS 22)."""
LEASE = dt.timedelta(seconds=30)
"""For how long a claimed job belongs to its worker; each chunk renews it."""
PAUSE = 0.05
LONGEST_PAUSE = 1.0
"""Seconds between two chunks where somebody waited for the first one: as long as it took, so that clicks for the
same seats have half of the time at least, however slow the machine is. Where nobody waited there is no pause."""
PATIENCE = 10.0
"""Seconds that all locks of one chunk may take together. Each of them keeps the short timeout of the
connection: whoever waits long for one event must not hold another one meanwhile."""
TRIES = 10
"""Of a chunk that found the database busy, before the job is put back."""
BUDGET = 15.0
"""Seconds after which no further list is begun, so that a worker can be told to stop."""
BUSY_PAUSE = dt.timedelta(seconds=3)
"""Before a job that was put back is due again, so that it stands in no other list's way."""
MAX_ATTEMPTS = 5
"""How often a job is begun without getting any further."""


class LeaseLost(Exception):
    """Another worker has taken the job over."""


def run_due(*, budget: float = BUDGET) -> int:
    """Registers the lists that are due, the oldest first, until none is or the time is over; how many were finished.

    One that finds the database too busy is put back for a moment, and the next one has its turn.
    """
    unfinished = ClassListJob.objects.filter(finished_at=None, attempts__lte=1)
    processes.free(unfinished, claimed_at=None)
    ends, finished = time.monotonic() + budget, 0
    while time.monotonic() < ends and (job := claim()):
        finished += run(job)
    return finished


def has_due() -> bool:
    return _due(database_now()).exists()


def claim() -> ClassListJob | None:
    """Takes one job for this worker alone, for the time of a lease. What a dead worker held is taken again.

    One that was begun too often without getting any further ends here, with a sentence.
    """
    with transaction.atomic():
        now = database_now()
        job = _due(now).select_for_update(skip_locked=True, of=("self",)).first()
        if job is None:
            return None
        job.claimed_at, job.claimed_by, job.attempts = now, processes.this_process(), job.attempts + 1
        job.save(update_fields=["claimed_at", "claimed_by", "attempts"])
    if job.attempts <= MAX_ATTEMPTS:
        return job
    logger.error("Class list job %s was given up after %s attempts", job.pk, MAX_ATTEMPTS)
    _finish(job, error=_("The rest could not be registered because of a fault. The organisers can see it."))
    return claim()


def _due(now: dt.datetime) -> QuerySet[ClassListJob]:
    rows = ClassListJob.objects.filter(finished_at=None).order_by("created_at", "pk")
    return rows.filter(Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE))


def run(job: ClassListJob) -> bool:
    """Does what is left of a claimed job; whether it is finished. Otherwise somebody else goes on with it."""
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
        # No fault of this job: it does not count as an attempt.
        mine = ClassListJob.objects.filter(pk=job.pk, claimed_at=job.claimed_at)
        later = database_now() - LEASE + BUSY_PAUSE
        mine.update(claimed_at=later, attempts=Greatest(F("attempts") - 1, 0))
        logger.warning("Class list job %s was put back: the database is busy", job.pk)
        return False
    return True


def _run_chunks(work: Work) -> None:
    began = time.monotonic()
    while _patiently(lambda: _chunk(work)):
        if work.was_waited_for:
            time.sleep(min(LONGEST_PAUSE, max(PAUSE, time.monotonic() - began)))
        began = time.monotonic()


def _work_of(job: ClassListJob) -> Work:
    """The rows as they are read now: neither the list nor the fest's events are asked again for each chunk."""
    job.class_list = type(job.class_list).objects.select_related("fest", "school").get(pk=job.class_list_id)
    events = dict(Event.objects.filter(fest=job.class_list.fest_id).values_list("slug", "pk"))
    listing = read_draft(job.class_list).listing
    return Work(job, {student.row: student for student in listing.ready}, events)


def _patiently(work: Callable[[], bool]) -> bool:
    """Repeats what found the database busy, a little later each time."""
    for attempt in range(1, TRIES):
        try:
            return work()
        except LockTimeout:
            time.sleep(PAUSE * attempt)
    return work()


def _chunk(work: Work) -> bool:
    """Registers the next rows in one transaction; whether there were any.

    If they cannot be registered together because of a fault, they are registered one by one, so that only
    the row at fault is left out.
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
    rows = list(_left(work.job)[:many])
    if rows:
        register(work, rows, deadline=deadline)
        work.was_waited_for = _does_anybody_wait()
    return bool(rows)


def _does_anybody_wait() -> bool:
    """Whether somebody in this database waits for a lock, asked while ours are still held."""
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
    """All rows in one transaction. Where one is refused nothing is kept but the reasons."""
    deadline = Deadline(PATIENCE)

    def whole() -> bool:
        return in_transaction(
            lambda: _register_next(work, work.job.rows.count(), deadline), deadline=deadline
        )

    try:
        _patiently(whole)
    except NotAll as refused:
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
    """Goes on only as long as the lease is ours, and holds the job's row until the transaction ends.

    Two workers that believe in one job are thus one after the other, and the second one stops here. What is
    committed with it is progress, so attempts begin anew.
    """
    mine = ClassListJob.objects.filter(pk=job.pk, claimed_at=job.claimed_at, finished_at=None)
    now = database_now()
    if not mine.update(claimed_at=now, attempts=0):
        raise LeaseLost
    transaction.on_commit(lambda: setattr(job, "claimed_at", now))


def _finish(job: ClassListJob, *, error: str = "", entries: list[ClassListEntry] | None = None) -> None:
    """Ends the job once, with what stood in the way where nothing was kept."""
    with transaction.atomic():
        now = database_now()
        mine = ClassListJob.objects.filter(pk=job.pk, finished_at=None)
        if not mine.update(finished_at=now, error=error[:300]):
            return
        ClassListEntry.objects.bulk_create(entries or [])
        job.finished_at, job.error = now, error
        list_registered.send(sender=ClassListJob, job=job, now=now)
