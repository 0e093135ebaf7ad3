"""A worker that is busy for long while it is woken again and again: it goes on, and nothing piles up."""

import pytest
from celery import current_app
from redis import Redis

from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import all_sent, click, copies, wait_until
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.workers import WorkerFactory
from tickets import wakeup
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

STALE = 1500
"""Messages; a recursion of three frames a message ends at 333 of them."""


def test_worker_outlives_hundreds_of_stale_wakeups(
    celery_worker: WorkerFactory, stub: StubClient, flushed_redis: Redis
) -> None:
    """As a release without the limit of one wake-up leaves them, or a broker that was restored."""
    click(1)
    pretend_rendered()
    stub.script(delay=6.0)
    worker = celery_worker("mail", environment_of("mailgun", stub))
    wait_until(lambda: len(stub.accepted()) == 1, with_beat=True)
    for _ in range(STALE):
        current_app.send_task("tickets.send", expires=1, retry=False)
    wait_until(all_sent)
    stub.script(delay=0.0)
    build_submission(build_event(build_fest(slug="next")))
    pretend_rendered()
    wait_until(all_sent, with_beat=True)
    assert worker.popen.poll() is None
    assert copies(stub) == [1, 1]


def test_wakeups_of_a_busy_worker_do_not_pile_up(
    celery_worker: WorkerFactory, stub: StubClient, flushed_redis: Redis
) -> None:
    """One waits, whatever number is asked for while a task runs."""
    click(1)
    pretend_rendered()
    stub.script(delay=5.0)
    celery_worker("mail", environment_of("mailgun", stub))
    wait_until(lambda: len(stub.accepted()) == 1, with_beat=True)
    depths = []
    while not all_sent():
        wakeup.publish("tickets.send")
        depths.append(flushed_redis.llen("mail"))
    assert len(depths) > 20
    assert max(depths) <= 1
