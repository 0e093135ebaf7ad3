"""The worker that registers class lists is killed in the middle: the next one goes on, and nothing is doubled."""

import time
from collections.abc import Callable

import pytest
from django.db.models import F

from registrations.class_lists import jobs
from registrations.models import ClassListEntry, ClassListJob, ClassListRow, Registration, Submission
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


def wait_until(is_so: Callable[[], bool], *, seconds: float = 60.0) -> bool:
    ends = time.monotonic() + seconds
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.005)
    return is_so()


def test_killed_worker_is_gone_on_from_where_it_stood(celery_worker: WorkerFactory) -> None:
    event = build_event(build_fest(), capacity=SEATS)
    class_list = build_list(event.fest, pupils(ROWS, event, email="class@example.org"))
    job = confirmed(class_list)
    publish("registrations.confirm")
    worker = celery_worker("lists")
    assert wait_until(lambda: done() > 0)
    worker.kill()
    stood = done()
    assert 0 < stood < ROWS
    assert stood % jobs.CHUNK == 0
    assert Registration.objects.count() == Submission.objects.count() == stood
    assert audit() == []

    # Its lease is over; until then no worker may take the job.
    assert jobs.claim() is None
    ClassListJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    celery_worker("lists")
    publish("registrations.confirm")
    assert wait_until(lambda: ClassListJob.objects.filter(pk=job.pk, finished_at__isnull=False).exists())
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


@pytest.mark.parametrize("seconds", [0.0, 0.1])
def test_killed_worker_leaves_all_or_nothing(celery_worker: WorkerFactory, seconds: float) -> None:
    event = build_event(build_fest(), capacity=SEATS)
    class_list = build_list(event.fest, pupils(ROWS, event))
    job = confirmed(class_list, is_all_or_none=True)
    publish("registrations.confirm")
    worker = celery_worker("lists")
    assert wait_until(lambda: ClassListJob.objects.filter(pk=job.pk, claimed_at__isnull=False).exists())
    time.sleep(seconds)
    worker.kill()
    assert done() == Registration.objects.count()
    assert done() in (0, ROWS)
    ClassListJob.objects.update(claimed_at=F("claimed_at") - jobs.LEASE)
    jobs.run_due()
    assert done() == Registration.objects.count() == ROWS
    assert audit("--all") == []
