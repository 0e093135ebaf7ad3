"""The fixture for real workers: they use the test database and are stopped afterwards."""

import time
from pathlib import Path

import pytest

from techfest.celery import app
from techfest.tests.support.workers import WorkerFactory

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def wait_until_gone(pids: list[int]) -> list[int]:
    """The processes of ``pids`` that still exist after two seconds."""
    deadline = time.monotonic() + 2
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def test_worker_answers_both_queues_and_stops(celery_worker: WorkerFactory) -> None:
    worker = celery_worker("mail,pdf")
    with app.connection_for_write() as link:
        depth = [link.default_channel.client.llen(queue) for queue in ("mail", "pdf")]  # type: ignore[attr-defined]  # Redis's channel
    worker.stop()
    assert (depth, worker.popen.returncode, wait_until_gone([worker.pid])) == ([0, 0], 0, [])


def test_worker_at_rest_has_no_child(celery_worker: WorkerFactory) -> None:
    assert celery_worker("mail,pdf,lists").child_pids() == []
