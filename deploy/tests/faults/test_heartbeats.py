"""A kind of work that goes on nowhere is named by /health/ready: real workers, killed one by one."""

import datetime as dt

import pytest
from django.db.models import F

from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import click, wait_until
from techfest import health
from techfest.tests.support.workers import WorkerFactory
from tickets import heartbeats, wakeup
from tickets.models import Delivery, Heartbeat
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def let_hearts_age() -> None:
    """What is not heard again from now on is silent."""
    Heartbeat.objects.update(at=F("at") - dt.timedelta(seconds=heartbeats.SILENT))


def test_idle_worker_is_heard_without_beat_and_a_dead_one_is_named(celery_worker: WorkerFactory) -> None:
    """No wake-up is sent, as while beat or the broker is down: only what really does not run is named."""
    workers = {kind: celery_worker(kind) for kind in ("mail", "pdf", "lists")}
    wait_until(lambda: heartbeats.silent() == ["beat"])
    for dead in (["pdf"], ["pdf", "lists"]):
        workers[dead[-1]].kill()
        let_hearts_age()
        wait_until(lambda dead=dead: heartbeats.silent() == [*dead, "beat"])  # type: ignore[misc]  # bound at once
    assert health.workers() == (False, "not heard: pdf, lists, beat")


def test_worker_of_all_queues_is_beat_too(celery_worker: WorkerFactory) -> None:
    worker = celery_worker("mail,pdf,lists")
    wait_until(lambda: heartbeats.silent() == [])
    worker.kill()
    let_hearts_age()
    assert heartbeats.silent() == list(heartbeats.KINDS)


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
