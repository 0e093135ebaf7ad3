"""A web worker killed at the worst moments; the web server killed, reloaded and restarted under load."""

import itertools
import os
import signal
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from deploy.launcher.processes import birth
from deploy.provider_stub.client import StubClient
from deploy.tests.copies import wait_until_gone
from deploy.tests.faults.mails import all_sent, copies, wait_until
from deploy.tests.front import (
    answers,
    clicks,
    form_for,
    kept,
    running_front,
    send,
    taken,
    until,
    waiting_for_locks,
)
from deploy.tests.nginx.house import ERRORS, Answer, wait_for
from events.models import Event, Seats
from registrations import links
from registrations.models import Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest
from techfest.tests.support.workers import WorkerFactory
from tickets import tasks
from tickets.models import Delivery
from tickets.tests.audited import run as audit
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["send", "stub", "stub_process"]

pytestmark = [
    pytest.mark.nginx,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=1000)


def test_worker_killed_before_its_commit_leaves_nothing_and_the_form_may_be_sent_again(
    event: Event, data_folder: Path, send: Any
) -> None:
    form = form_for(event)
    with running_front(data_folder, workers=1) as front:
        with transaction.atomic():
            Seats.objects.locked([event.pk])
            pending = send(front.post_form, form)
            wait_for(lambda: waiting_for_locks() == 1)
            (worker,) = front.workers()
            killed_at = time.monotonic()
            os.kill(worker, signal.SIGKILL)
            answer = pending.result(timeout=10)
            answered_after = time.monotonic() - killed_at
        wait_for(lambda: front.workers() not in ([], [worker]), seconds=2)
        wait_for(lambda: front.get("/health/live").status == 200)
        rows = (Student.objects.count(), Submission.objects.count(), taken(event))
        again = front.post_form(form)
    assert (answer.status, answer.body) == (502, (ERRORS / "502.html").read_bytes())
    assert answered_after < 1.0
    assert rows == (0, 0, 0)
    assert again.headers["location"] == links.confirmation_path(
        Submission.objects.select_related("student").get()
    )
    assert (Registration.objects.get().state, taken(event)) == ("confirmed", 1)
    assert audit() == []


def test_worker_killed_after_its_commit_keeps_the_seat_and_the_mail_is_pending(
    event: Event,
    data_folder: Path,
    send: Any,
    celery_worker: WorkerFactory,
    stub: StubClient,
    flushed_redis: Any,
) -> None:
    form, hold = form_for(event), data_folder / "hold"
    application = "deploy.tests.applications.holding_responses:application"
    with running_front(data_folder, application=application, HOLD_ANSWERS=str(hold)) as front:
        hold.touch()
        pending = send(front.post_form, form)
        wait_for(lambda: hold.read_text() != "")
        os.kill(int(hold.read_text()), signal.SIGKILL)
        answer = pending.result(timeout=10)
        hold.unlink()
        first = Registration.objects.values().get()
        again = front.post_form(form)
        page = front.get(again.headers["location"])
    assert (answer.status, answer.body) == (502, (ERRORS / "502.html").read_bytes())
    assert again.headers["location"] == links.confirmation_path(
        Submission.objects.select_related("student").get()
    )
    assert (page.status, b"panel is-ok" in page.body) == (200, True)
    assert (Registration.objects.values().get(), taken(event)) == (first, 1)
    # Wake-ups are lost with the worker; the sweep finds what is pending.
    flushed_redis.flushdb()
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
        with clicks(front, event, rate=20, seconds=3) as visitors:
            for moment in (0.5, 1.5):
                until(started + moment)
                os.kill(front.gunicorn.pid, signal.SIGHUP)
        wait_for(lambda: not set(before) & set(front.workers()))
    assert answers(visitors) == {"302": 60}
    assert kept(visitors) == [1] * 60
    assert audit() == []


def test_restarts_under_load_fail_nobody(event: Event, data_folder: Path, send: Any) -> None:
    """systemd keeps the socket: clicks in flight are answered, and those of these seconds wait in it."""
    forms = iter([form_for(event, number=number) for number in range(24)])

    def clicked(count: int) -> list[Future[Answer]]:
        return [send(front.post_form, form) for form in itertools.islice(forms, count)]

    with running_front(data_folder) as front:
        for _restart in range(3):
            pending = clicked(4)
            front.gunicorn.ask_to_stop()
            assert front.gunicorn.popen is not None
            assert front.gunicorn.popen.wait(timeout=30) == 0
            pending += clicked(4)
            front.gunicorn.start()
            assert [one.result().status for one in pending] == [302] * 8
            front.wait_until_ready()
    assert Registration.objects.values("submission").distinct().count() == taken(event) == 24
    assert audit() == []


def test_answer_that_is_ready_is_sent_although_the_web_server_is_asked_to_stop(
    event: Event, data_folder: Path, send: Any
) -> None:
    form, hold = form_for(event), data_folder / "hold"
    application = "deploy.tests.applications.holding_responses:application"
    with running_front(data_folder, application=application, HOLD_ANSWERS=str(hold)) as front:
        hold.touch()
        pending = send(front.post_form, form)
        wait_for(lambda: hold.read_text() != "")
        front.gunicorn.ask_to_stop()
        hold.unlink()
        answer = pending.result(timeout=10)
        assert front.gunicorn.popen is not None
        code = front.gunicorn.popen.wait(timeout=15)
    assert (answer.status, code, taken(event)) == (302, 0, 1)


def test_master_and_workers_end_without_python_s_tidying_up(data_folder: Path) -> None:
    """What modules do at the end of Python takes seconds in each process, and clicks wait meanwhile."""
    tidied = data_folder / "tidied"
    application = "deploy.tests.applications.noting_exits:application"
    with running_front(data_folder, application=application, TIDIED=str(tidied)) as front:
        front.gunicorn.ask_to_stop()
        assert front.gunicorn.popen is not None
        code = front.gunicorn.popen.wait(timeout=15)
    assert (code, tidied.exists()) == (0, False)


def test_killed_master_takes_its_workers_along_and_leaves_no_transaction(
    event: Event, data_folder: Path, send: Any
) -> None:
    form = form_for(event)
    with running_front(data_folder) as front:
        with transaction.atomic():
            Seats.objects.locked([event.pk])
            pending = send(front.post_form, form)
            wait_for(lambda: waiting_for_locks() == 1)
            family = {pid: birth(pid) or "" for pid in (front.gunicorn.pid, *front.workers())}
            killed_at = time.monotonic()
            os.kill(front.gunicorn.pid, signal.SIGKILL)
            front.gunicorn.kill_group()  # as the supervisor does, and systemd
            front.gunicorn.start()
            answer = pending.result(timeout=10)
            front.wait_until_ready()
            back_after = time.monotonic() - killed_at
        wait_for(lambda: waiting_for_locks() == 0)
        left = wait_until_gone(family, seconds=1)
        again = front.post_form(form)
    assert (len(family), left, answer.status, again.status) == (3, [], 502, 302)
    assert back_after < 5.0
    assert (Registration.objects.count(), taken(event)) == (1, 1)
    assert audit() == []
