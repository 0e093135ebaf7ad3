"""A kind of process that is dead is named by /health/ready: real workers and a real beat, killed one by one."""

import contextlib
import datetime as dt
from pathlib import Path

import pytest
from django.db.models import F

from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import click, wait_until
from techfest import health
from techfest.tests.support.workers import WorkerFactory, running_beat
from tickets import heartbeats, wakeup
from tickets.models import Delivery, Heartbeat
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def let_hearts_age() -> None:
    """What is not heard again from now on is silent."""
    Heartbeat.objects.update(at=F("at") - dt.timedelta(seconds=heartbeats.SILENT))


def test_each_dead_process_is_named(celery_worker: WorkerFactory, data_folder: Path) -> None:
    workers = {kind: celery_worker(kind) for kind in ("mail", "pdf", "lists")}
    assert heartbeats.silent() == list(heartbeats.KINDS)
    with contextlib.ExitStack() as running:
        running.enter_context(running_beat(data_folder, {}))
        wait_until(lambda: heartbeats.silent() == [])
        for dead in (["pdf"], ["pdf", "lists"]):
            workers[dead[-1]].kill()
            let_hearts_age()
            wait_until(lambda dead=dead: heartbeats.silent() == dead)  # type: ignore[misc]  # bound at once
        assert health.workers() == (False, "not heard: pdf, lists")
    let_hearts_age()
    wait_until(lambda: heartbeats.silent() == ["pdf", "lists", "beat"], with_beat=True)


def test_worker_that_is_long_at_one_task_is_heard(celery_worker: WorkerFactory, stub: StubClient) -> None:
    """No wake-up is sent: only the running task can write a heartbeat."""
    click(1)
    pretend_rendered()
    stub.script(delay=9.0)
    celery_worker("mail", environment_of("mailgun", stub))
    wakeup.publish("tickets.send")
    wait_until(lambda: len(stub.accepted()) == 1)
    let_hearts_age()
    wait_until(lambda: "mail" not in heartbeats.silent())
    assert Delivery.objects.get().state == Delivery.State.SENDING
