"""The worker that registers class lists is killed in the middle: the next one goes on, and nothing is doubled."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import F

from deploy.tests.front import waiting_for_locks
from events.models import Event
from registrations.class_lists import jobs
from registrations.models import (
    ClassList,
    ClassListEntry,
    ClassListJob,
    ClassListRow,
    Registration,
    Submission,
)
from registrations.tests.builders import build_event, build_fest
from registrations.tests.builders.class_lists import build_list, confirmed, pupils, seat_results
from registrations.tests.counting import counts
from techfest.tests.support.workers import WorkerFactory
from tickets.models import Delivery, Ticket
from tickets.tests.audited import run as audit
from tickets.wakeup import publish

ROWS, SEATS = 600, 450


def done() -> int:
    return ClassListRow.objects.filter(done_at__isnull=False).count()


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait, and send beat's wake-up meanwhile: a worker that starts slowly may outlast the first one."""
    ends, next_beat = time.monotonic() + seconds, 0.0
    while not is_so():
        assert time.monotonic() < ends, f"not within {seconds:.0f} s"
        if time.monotonic() > next_beat:
            publish("registrations.confirm")
            next_beat = time.monotonic() + 1.0
        time.sleep(0.005)


@contextmanager
def row_held(class_list: ClassList, index: int) -> Iterator[None]:
    """No worker gets past this row, counted from 0, before the block ends."""
    with transaction.atomic():
        row = class_list.rows.order_by("number")[index]
        assert class_list.rows.select_for_update(of=("self",)).get(pk=row.pk).done_at is None
        yield


def session_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_killed_worker_is_gone_on_from_where_it_stood(celery_worker: WorkerFactory) -> None:
    event = build_event(build_fest(), capacity=SEATS)
    class_list = build_list(event.fest, pupils(ROWS, event, email="class@example.org"))
    job = confirmed(class_list)
    sessions = session_count()
    # It waits in its second chunk when it is killed.
    with row_held(class_list, jobs.CHUNK):
        worker = celery_worker("lists")
        wait_until(lambda: done() > 0 and waiting_for_locks() > 0)
        worker.kill()
    wait_until(lambda: session_count() <= sessions)
    assert done() == Registration.objects.count() == Submission.objects.count() == jobs.CHUNK
    assert audit() == []

    # The lease has not ended, but its worker is dead: the next one does not wait for the end of the lease.
    assert jobs.claim() is None
    celery_worker("lists")
    wait_until(lambda: done() > jobs.CHUNK, seconds=jobs.LEASE.total_seconds() / 2)
    wait_until(lambda: ClassListJob.objects.filter(pk=job.pk, finished_at__isnull=False).exists())
    assert seat_results(class_list) == ["confirmed"] * SEATS + ["waiting"] * (ROWS - SEATS)
    assert counts(event) == (SEATS, ROWS - SEATS, ROWS)
    assert ClassListEntry.objects.count() == Submission.objects.count() == Delivery.objects.count() == ROWS
    assert Ticket.objects.count() == SEATS
    names = [
        student.student.name
        for student in event.registrations.order_by("queue_position").select_related("student")
    ]
    assert names == [cells[0] for cells in pupils(ROWS, event)]
    assert audit("--all") == []


def test_worker_killed_before_its_commit_leaves_nothing_of_all_or_none(celery_worker: WorkerFactory) -> None:
    event = build_event(build_fest(), capacity=SEATS)
    class_list = build_list(event.fest, pupils(ROWS, event))
    confirmed(class_list, is_all_or_none=True)
    sessions = session_count()
    with row_held(class_list, ROWS - 1):
        worker = celery_worker("lists")
        wait_until(lambda: waiting_for_locks() > 0)
        worker.kill()
    wait_until(lambda: session_count() <= sessions)
    assert done() == Registration.objects.count() == 0
    assert_next_worker_registers_all(event)


def test_worker_killed_at_any_moment_leaves_all_or_nothing(celery_worker: WorkerFactory) -> None:
    event = build_event(build_fest(), capacity=SEATS)
    class_list = build_list(event.fest, pupils(ROWS, event))
    job = confirmed(class_list, is_all_or_none=True)
    sessions = session_count()
    worker = celery_worker("lists")
    wait_until(lambda: ClassListJob.objects.filter(pk=job.pk, claimed_at__isnull=False).exists())
    time.sleep(0.1)
    worker.kill()
    wait_until(lambda: session_count() <= sessions)
    assert done() == Registration.objects.count()
    assert done() in (0, ROWS)
    assert_next_worker_registers_all(event)


def assert_next_worker_registers_all(event: Event) -> None:
    ClassListJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    jobs.run_due()
    assert done() == event.registrations.count() == ROWS
    assert audit("--all") == []
