"""The fixture for real workers: they use the test database and are stopped afterwards."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from techfest.celery import app
from techfest.tests.support.workers import WorkerFactory, site_environment

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def wait_until_gone(pids: list[int]) -> list[int]:
    """The processes of ``pids`` that still exist after two seconds."""
    deadline = time.monotonic() + 2
    while (left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def test_worker_answers_both_queues_and_stops(celery_worker: WorkerFactory) -> None:
    worker = celery_worker("mail,pdf")
    children = worker.child_pids()
    with app.connection_for_write() as link:
        depth = [link.default_channel.client.llen(queue) for queue in ("mail", "pdf")]  # type: ignore[attr-defined]  # Redis's channel
    worker.stop()
    assert (depth, len(children), wait_until_gone(children)) == ([0, 0], 1, [])


def test_killed_worker_takes_its_child_along(celery_worker: WorkerFactory) -> None:
    worker = celery_worker("mail")
    children = worker.child_pids()
    worker.kill()
    assert wait_until_gone(children) == []


def test_beat_rings_both_queues_without_loading_django(data_folder: Path, flushed_redis: Any) -> None:
    command = [sys.executable, "-m", "celery", "-A", "techfest.beat", "beat", "--pidfile=", "-l", "WARNING"]
    occupied = data_folder / "no folder"
    occupied.touch()  # nothing can be written here, as on a full disk
    with subprocess.Popen(
        command,
        env=site_environment(occupied),
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as beat:
        try:
            deadline = time.monotonic() + 30
            while (
                not (flushed_redis.llen("mail") and flushed_redis.llen("pdf")) and time.monotonic() < deadline
            ):
                time.sleep(0.1)
            maps = Path(f"/proc/{beat.pid}/maps").read_text()
        finally:
            beat.terminate()
    assert (flushed_redis.llen("pdf") > 0, flushed_redis.llen("mail") > 0, "psycopg" in maps) == (
        True,
        True,
        False,
    )
