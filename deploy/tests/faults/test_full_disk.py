"""The disk of the logs is full: what the Procfile starts works all the same, and stops in order."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from deploy.launcher import procfile
from deploy.launcher.processes import Process
from deploy.provider_stub.client import StubClient
from deploy.tests.faults.mails import all_sent, click, copies, wait_until
from techfest.tests.support.workers import site_environment
from tickets import heartbeats, wakeup
from tickets.models import Delivery
from tickets.tests.builders import pretend_rendered
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

FULL = Path("/dev/full")
"""Whatever is written here fails as on a full disk."""
Site = dict[str, subprocess.Popen[bytes]]


@pytest.fixture
def site(
    transactional_db: None, data_folder: Path, flushed_redis: object, stub: StubClient
) -> Iterator[Site]:
    """All processes of the Procfile but the web, none of which can write a line."""
    environment = site_environment(data_folder, environment_of("mailgun", stub))
    environment["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    started = {
        process.name: _started(process)
        for process in procfile.read(environment, log=data_folder)
        if process.name != "web"
    }
    try:
        yield started
    finally:
        for popen in started.values():
            popen.kill()
            popen.wait(timeout=10)


def _started(process: Process) -> subprocess.Popen[bytes]:
    with FULL.open("wb") as full:
        return subprocess.Popen(
            process.arguments,
            env=dict(process.environment),
            cwd=settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=full,
        )


def test_workers_and_beat_start_work_and_stop_without_a_place_for_their_logs(
    site: Site, stub: StubClient
) -> None:
    wait_until(lambda: heartbeats.silent() == [])
    stub.script(delay=3.0)
    click(2)
    pretend_rendered()
    wakeup.publish()
    wait_until(lambda: len(stub.accepted()) == 2)
    assert {row.state for row in Delivery.objects.all()} == {Delivery.State.SENDING}
    for popen in site.values():
        popen.terminate()
    assert {popen.wait(timeout=40) for popen in site.values()}
    assert (all_sent(), copies(stub)) == (True, [1, 1])
