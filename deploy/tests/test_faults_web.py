"""A web worker killed at the worst moments, reloaded and restarted under load, and all of them busy."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from deploy.launcher.processes import birth
from deploy.provider_stub.client import StubClient
from deploy.tests.copies import wait_until_gone
from deploy.tests.front import (
    acknowledged,
    answers,
    clicks,
    form_for,
    is_busy_page,
    kept,
    press_again,
    running_front,
    slowest,
    until,
)
from deploy.tests.nginx.house import ERRORS, Answer, wait_for
from deploy.tests.test_faults_mail import all_sent, copies, wait_until
from events.models import Event, Seats
from registrations import links
from registrations.models import Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest
from techfest.tests.workers import WorkerFactory
from tickets import tasks
from tickets.models import Delivery
from tickets.tests.audited import run as audit
from tickets.tests.brokers import hanging_url, refusing_url
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [
    pytest.mark.faults,
    pytest.mark.nginx,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=1000)


@pytest.fixture
def send() -> Iterator[Callable[..., Future[Answer]]]:
    """Sends something beside the test and gives its answer when it is there."""
    with ThreadPoolExecutor(40) as pool:
        yield pool.submit


def waiting_for_locks() -> int:
    """How many wait for a lock now; unlike the activity it is not remembered within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def taken(event: Event) -> int:
    return Seats.objects.get(pk=event.pk).taken


def test_worker_killed_before_its_commit_leaves_nothing_and_the_form_may_be_sent_again(
    event: Event, data_folder: Path, send: Any
) -> None:
    form = form_for(event)
    with running_front(data_folder, workers=1) as front:
        with transaction.atomic():
            Seats.objects.locked([event.pk])
            pressed = send(front.press, form)
            wait_for(lambda: waiting_for_locks() == 1)
            (worker,) = front.workers()
            killed_at = time.monotonic()
            os.kill(worker, signal.SIGKILL)
            answer = pressed.result(timeout=10)
            answered_after = time.monotonic() - killed_at
        wait_for(lambda: front.workers() not in ([], [worker]), seconds=2)
        wait_for(lambda: front.get("/health/live").status == 200)
        rows = (Student.objects.count(), Submission.objects.count(), taken(event))
        again = front.press(form)
    assert (answer.status, answer.body) == (502, (ERRORS / "502.html").read_bytes())
    assert answered_after < 1.0
    assert rows == (0, 0, 0)
    assert again.headers["location"] == links.answer_path(Submission.objects.select_related("student").get())
    assert (Registration.objects.get().state, taken(event)) == ("confirmed", 1)
    assert audit() == []


def test_worker_killed_after_its_commit_keeps_the_seat_and_the_mail_is_owed(
    event: Event,
    data_folder: Path,
    send: Any,
    celery_worker: WorkerFactory,
    stub: StubClient,
    flushed_redis: Any,
) -> None:
    form, hold = form_for(event), data_folder / "hold"
    application = "deploy.tests.heldback:application"
    with running_front(data_folder, application=application, HOLD_ANSWERS=str(hold)) as front:
        hold.touch()
        pressed = send(front.press, form)
        wait_for(lambda: hold.read_text() != "")
        os.kill(int(hold.read_text()), signal.SIGKILL)
        answer = pressed.result(timeout=10)
        hold.unlink()
        first = Registration.objects.values().get()
        again = front.press(form)
        page = front.get(again.headers["location"])
    assert (answer.status, answer.body) == (502, (ERRORS / "502.html").read_bytes())
    assert again.headers["location"] == links.answer_path(Submission.objects.select_related("student").get())
    assert (page.status, b"panel is-ok" in page.body) == (200, True)
    assert (Registration.objects.values().get(), taken(event)) == (first, 1)
    # Whatever rings there were are lost with the worker; what is owed is found by the sweeper.
    flushed_redis.flushall()
    assert Delivery.objects.get().state == Delivery.State.QUEUED
    pretend_rendered()
    celery_worker("mail", environment_of("mailgun", stub))
    assert tasks.sweep() is True
    wait_until(all_sent)
    assert copies(stub) == [1]
    assert audit() == []


def test_reload_under_load_fails_nobody(event: Event, data_folder: Path) -> None:
    with running_front(data_folder) as front:
        before = front.workers()
        started = time.monotonic()
        with clicks(front, event, rate=20, seconds=4) as visitors:
            for moment in (0.5, 2.0):
                until(started + moment)
                os.kill(front.gunicorn.pid, signal.SIGHUP)
        wait_for(lambda: not set(before) & set(front.workers()))
    assert answers(visitors) == {"302": 80}
    assert kept(visitors) == [1] * 80
    assert audit() == []


def test_restart_under_load_fails_nobody(event: Event, data_folder: Path) -> None:
    """systemd keeps the socket, so the clicks of these seconds wait in it."""
    with running_front(data_folder) as front:
        started = time.monotonic()
        with clicks(front, event, rate=20, seconds=4) as visitors:
            until(started + 1)
            front.gunicorn.ask_to_stop()
            assert front.gunicorn.popen is not None
            code = front.gunicorn.popen.wait(timeout=15)
            front.gunicorn.start()
    assert code == 0
    assert answers(visitors) == {"302": 80}
    assert kept(visitors) == [1] * 80
    assert audit() == []


def test_killed_master_takes_its_workers_along_and_leaves_no_transaction(
    event: Event, data_folder: Path, send: Any
) -> None:
    form = form_for(event)
    with running_front(data_folder) as front:
        with transaction.atomic():
            Seats.objects.locked([event.pk])
            pressed = send(front.press, form)
            wait_for(lambda: waiting_for_locks() == 1)
            family = {pid: birth(pid) or "" for pid in (front.gunicorn.pid, *front.workers())}
            killed_at = time.monotonic()
            os.kill(front.gunicorn.pid, signal.SIGKILL)
            front.gunicorn.kill_group()  # as the supervisor does, and systemd
            front.gunicorn.start()
            answer = pressed.result(timeout=10)
            front.wait_until_ready()
            back_after = time.monotonic() - killed_at
        wait_for(lambda: waiting_for_locks() == 0)
        left = wait_until_gone(family, seconds=1)
        again = front.press(form)
    assert (len(family), left, answer.status, again.status) == (3, [], 502, 302)
    assert back_after < 5.0
    assert (Registration.objects.count(), taken(event)) == (1, 1)
    assert audit() == []


def test_all_workers_busy_and_a_full_backlog_shed_the_rest_at_once(
    event: Event, data_folder: Path, send: Any
) -> None:
    with running_front(data_folder, backlog=2) as front:
        with clicks(front, event, rate=20, seconds=1.5) as visitors, transaction.atomic():
            started = time.monotonic()
            Seats.objects.locked([event.pk])
            wait_for(lambda: waiting_for_locks() == 2)
            health = send(front.get, "/health/live")
            until(started + 4)
        assert health.result(timeout=10).status in {200, 503}
        assert front.get("/health/live").status == 200
        told, longest = answers(visitors), slowest(visitors)
        assert kept(acknowledged(visitors)) == [1] * told["302"]
        press_again(front, [visitor for visitor in visitors if visitor not in acknowledged(visitors)])
    assert set(told) == {"302", "503"}
    assert told["503"] > 20
    assert longest < 10.0
    assert (len(acknowledged(visitors)), kept(visitors)) == (30, [1] * 30)
    assert audit() == []


def test_lock_held_elsewhere_ends_in_the_busy_page_with_everything_typed(
    event: Event, data_folder: Path
) -> None:
    form = form_for(event)
    with running_front(data_folder) as front:
        with transaction.atomic():
            Seats.objects.locked([event.pk])
            began = time.monotonic()
            answer = front.press(form)
            waited = time.monotonic() - began
        again = front.press(form)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert is_busy_page(answer.body, form) is True
    assert waited < 4.0
    assert (again.status, Registration.objects.count(), taken(event)) == (302, 1, 1)
    assert audit() == []


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_deadlock_is_repeated_and_the_visitor_sees_the_seat(
    event: Event, data_folder: Path, send: Any
) -> None:
    """Somebody at the database locks against the order; the worker is the one that is ended."""
    other = build_event(event.fest)
    before = deadlocks()
    with running_front(data_folder) as front:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '20s'")
            Seats.objects.locked([other.pk])
            pressed = send(front.press, {**form_for(event), "events": [event.slug, other.slug]})
            wait_for(lambda: waiting_for_locks() == 1)
            Seats.objects.locked([event.pk])
        answer = pressed.result(timeout=10)
    assert answer.status == 302
    assert (taken(event), taken(other), Submission.objects.count()) == (1, 1, 1)
    wait_for(lambda: deadlocks() > before)
    assert audit() == []


@pytest.mark.parametrize(("broker", "seconds"), [("refuses", 2.0), ("hangs", 3.0)])
def test_click_does_not_wait_for_a_broker_that_is_gone(
    event: Event, data_folder: Path, broker: str, seconds: float
) -> None:
    with hanging_url() as hanging:
        url = hanging if broker == "hangs" else refusing_url()
        with running_front(data_folder, REDIS_URL=url) as front:
            for number in range(4):
                began = time.monotonic()
                assert front.press(form_for(event, number=number)).status == 302
                assert time.monotonic() - began < seconds
            parts = json.loads(front.get("/health/ready").body)["parts"]
    assert parts["broker"]["ok"] is False
    assert Delivery.objects.filter(state=Delivery.State.QUEUED).count() == 4
    assert audit() == []
