"""A mail worker that is stopped for longer than its lease, as by a sleeping machine, and then goes on."""

import os
import signal
import time
from collections import Counter

import pytest
from django.db import connection

from deploy.provider_stub.client import StubClient
from deploy.tests.applications.stale_mails import FRESH
from deploy.tests.faults.mails import all_sent, click, copies, states, wait_until
from techfest.tests.support.workers import Worker, WorkerFactory
from tickets.mail.queue import LEASE
from tickets.models import Delivery
from tickets.tests.builders import let_time_pass, pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MAILS = 60


def signal_all(worker: Worker, number: signal.Signals) -> None:
    for pid in (worker.pid, *worker.child_pids()):
        os.kill(pid, number)


def in_flight(provider: StubClient) -> int:
    """How many mails the provider has that a stopped worker has not recorded as sent.

    Counted when the provider has answered all of them: what it still reads would be missing.
    """
    wait_until(lambda: provider.status()["in_flight"] == 0)
    return len(provider.accepted()) - Counter(states())[Delivery.State.SENT]


def stop_between_transactions(worker: Worker) -> None:
    """Stop a worker while none of its sessions has a transaction open, whose locks would hold up what follows."""
    for _attempt in range(200):
        signal_all(worker, signal.SIGSTOP)
        time.sleep(0.05)  # the server finishes what was sent to it
        if not other_transactions():
            return
        signal_all(worker, signal.SIGCONT)
        time.sleep(0.02)
    raise TimeoutError("the worker was never between two transactions")


def other_transactions() -> int:
    """How many other sessions of this database are in a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        return int(cursor.fetchone()[0])


def test_worker_that_was_stopped_doubles_only_what_was_in_flight(
    celery_worker: WorkerFactory, stub: StubClient
) -> None:
    click(MAILS)
    pretend_rendered()
    stub.script(delay=1.0)
    stopped = celery_worker(
        "mail",
        environment_of("mailgun", stub) | {"EMAIL_RATE_PER_SECOND": "4"},
        application="deploy.tests.applications.stale_mails",
    )
    wait_until(lambda: len(stub.accepted()) > 4, with_beat=True)
    stop_between_transactions(stopped)
    began, flying = time.monotonic(), in_flight(stub)
    assert Counter(states())[Delivery.State.SENDING] > 2 * flying > 0
    stub.script(delay=0.0)
    let_time_pass(LEASE)
    other = celery_worker("mail", environment_of("mailgun", stub))
    wait_until(all_sent, with_beat=True)
    other.stop()
    time.sleep(max(0.0, began + FRESH - time.monotonic()))
    signal_all(stopped, signal.SIGCONT)
    stopped.popen.terminate()
    stopped.popen.wait(timeout=40)
    assert sum(copies(stub)) - MAILS <= flying
    assert len(copies(stub)) == MAILS


def test_what_a_killed_worker_held_goes_at_once(celery_worker: WorkerFactory, stub: StubClient) -> None:
    """No lease has to run out: the next worker of this machine sees that the process has ended."""
    click(5)
    pretend_rendered()
    stub.script(delay=30.0)
    killed = celery_worker("mail", environment_of("mailgun", stub))
    wait_until(lambda: Counter(states()) == {Delivery.State.SENDING: 5}, with_beat=True)
    killed.kill()
    stub.script(delay=0.0)
    celery_worker("mail", environment_of("mailgun", stub))
    wait_until(all_sent, with_beat=True, seconds=LEASE.total_seconds() / 2)


def test_worker_that_is_asked_to_stop_gives_back_what_waits_in_it(
    celery_worker: WorkerFactory, stub: StubClient
) -> None:
    """At four a second the sixty mails that it has claimed would take fifteen seconds more."""
    click(MAILS)
    pretend_rendered()
    stub.script(delay=1.0)
    worker = celery_worker("mail", environment_of("mailgun", stub) | {"EMAIL_RATE_PER_SECOND": "4"})
    wait_until(lambda: len(stub.accepted()) > 4, with_beat=True)
    worker.popen.terminate()
    worker.popen.wait(timeout=30)
    sent = len(stub.accepted())
    assert Counter(states()) == {Delivery.State.SENT: sent, Delivery.State.QUEUED: MAILS - sent}
    assert {row.attempts for row in Delivery.objects.filter(state=Delivery.State.QUEUED)} == {0}
    assert sent < MAILS / 2
    assert copies(stub) == [1] * sent
