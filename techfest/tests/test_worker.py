"""The one worker process: a lane for each queue, tasks that hang, and beat in a thread."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.conf import settings

from techfest.lanes import Job, Lane, TimeLimits
from techfest.tests.support.workers import Worker, WorkerFactory

HANGING = "techfest.tests.support.hanging_worker"
WITHIN = 30.0


def wait_until(is_so: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def text(worker: Worker) -> str:
    return worker.log.read_text(errors="replace")


@pytest.fixture
def lane() -> Any:
    made = Lane("mail", TimeLimits())
    yield made
    made.close()
    made.wait()


def test_tasks_of_a_lane_run_one_after_the_other(lane: Lane) -> None:
    may_end, seen = threading.Event(), list[str]()

    def first() -> None:
        may_end.wait(WITHIN)
        seen.append("first")

    lane.add(Job("first", first, None))
    lane.add(Job("second", lambda: seen.append("second"), None))
    assert seen == []
    may_end.set()
    wait_until(lambda: len(seen) == 2)
    assert seen == ["first", "second"]


def test_task_that_waits_already_is_not_put_in_again(lane: Lane) -> None:
    has_begun, may_end, seen = threading.Event(), threading.Event(), list[str]()

    def first() -> None:
        has_begun.set()
        may_end.wait(WITHIN)

    lane.add(Job("first", first, None))
    has_begun.wait(WITHIN)
    added = [lane.add(Job("second", lambda: seen.append("second"), None)) for _ in range(1000)]
    assert added == [True] + [False] * 999
    # The first one is running, so that it may be needed once more.
    lane.add(Job("first", lambda: seen.append("first again"), None))
    may_end.set()
    wait_until(lambda: len(seen) == 2)
    assert seen == ["second", "first again"]


def test_task_that_waits_when_its_lane_is_closed_is_dropped() -> None:
    """Its rows stay due; it must not hold up a worker that is asked to stop."""
    closing, running, go_on = Lane("mail", TimeLimits()), threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        running.set()
        go_on.wait(5)
        done.append("first")

    closing.add(Job("first", first, None))
    running.wait(5)
    closing.add(Job("second", lambda: done.append("second"), None))
    closing.close()
    go_on.set()
    closing.wait()
    assert done == ["first"]


def test_task_that_fails_does_not_end_its_lane(lane: Lane) -> None:
    seen = list[str]()
    lane.add(Job("fails", lambda: seen[0], None))
    lane.add(Job("goes on", lambda: seen.append("on"), None))
    wait_until(lambda: seen == ["on"])


FAILING_LANE = """
import sys
from techfest.lanes import Job, Lane, TimeLimits

lane = Lane("mail", TimeLimits())
lane.add(Job("fails", sys.exit, None))
lane.wait()
print("goes on")
"""


def test_lane_that_fails_ends_the_process_and_says_so() -> None:
    """It would take no task any more, and the process would stay."""
    command = [sys.executable, "-c", FAILING_LANE]
    ended = subprocess.run(command, check=False, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "The lane mail has failed" in ended.stderr


def test_every_task_has_a_time_limit() -> None:
    assert settings.CELERY_TASK_ANNOTATIONS.keys() == settings.CELERY_TASK_ROUTES.keys()


def test_no_task_beside_the_mails_ends_them_early() -> None:
    """A limit ends all lanes, and mails that were handed over but are not recorded are sent again."""
    limits = {name: values["time_limit"] for name, values in settings.CELERY_TASK_ANNOTATIONS.items()}
    beside = {name for name, route in settings.CELERY_TASK_ROUTES.items() if route["queue"] != "mail"}
    assert beside == {"tickets.render", "tickets.bind", "registrations.confirm"}
    assert min(limits[name] for name in beside) >= limits["tickets.send"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["tests.wait", "tests.compute"])
def test_task_that_hangs_ends_the_process_and_says_where(celery_worker: WorkerFactory, name: str) -> None:
    worker = celery_worker("mail", application=HANGING)
    current_app.send_task(name, queue="mail", retry=False)
    assert worker.popen.wait(timeout=WITHIN) == 1
    assert "Timeout (0:00:0" in text(worker)
    assert f"in {name.removeprefix('tests.')}" in text(worker)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_limit_of_a_task_that_has_ended_ends_no_other(celery_worker: WorkerFactory) -> None:
    """And mails do not wait for class lists: the task of the other lane runs meanwhile."""
    worker = celery_worker("mail,lists", application=HANGING)
    current_app.send_task("tests.other", queue="lists", retry=False)
    wait_until(lambda: "other begun" in text(worker))
    current_app.send_task("tests.note", queue="mail", retry=False)
    wait_until(lambda: "noted" in text(worker))
    assert "other done" not in text(worker)
    wait_until(lambda: "other done" in text(worker))
    assert worker.popen.poll() is None


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_worker_that_is_asked_to_stop_ends_what_runs(celery_worker: WorkerFactory) -> None:
    worker = celery_worker("lists", application=HANGING)
    current_app.send_task("tests.other", queue="lists", retry=False)
    wait_until(lambda: "other begun" in text(worker))
    worker.popen.send_signal(signal.SIGTERM)
    assert worker.popen.wait(timeout=WITHIN) == 0
    assert "other done" in text(worker)
