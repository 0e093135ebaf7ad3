"""Real workers that are killed, stopped and started while mails are pending; a real HTTP stub of the provider."""

import contextlib
import datetime as dt
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from psycopg import sql
from pypdf import PdfReader

from deploy.launcher.processes import birth
from deploy.provider_stub.client import StubClient
from deploy.tests.copies import wait_until_gone
from deploy.tests.faults.mails import PATIENCE, State, all_sent, click, copies, states, wait_until
from events.models import Picture
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.workers import Worker, WorkerFactory
from tickets import wakeup
from tickets.documents.ticket_pdf import pdf_path
from tickets.mail.queue import LEASE
from tickets.models import Ticket
from tickets.tests.builders import let_time_pass, pretend_rendered, ticket_of
from tickets.tests.providers import environment_of, stub, stub_process

__all__ = ["stub", "stub_process"]

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def links_of(mail: dict[str, Any]) -> set[str]:
    return {word for word in mail["text"].split() if "/t/" in word}


@pytest.fixture
def start(celery_worker: WorkerFactory, stub: StubClient) -> Callable[..., Worker]:
    """Starts a worker that sends through the stub."""

    def started(queues: str = "mail,pdf", *, provider: str = "mailgun") -> Worker:
        return celery_worker(queues, environment_of(provider, stub))

    return started


def test_clicks_without_any_worker_are_drained_by_the_first(
    start: Callable[..., Worker], stub: StubClient
) -> None:
    click(8)
    assert Counter(states()) == {State.QUEUED: 8}
    start()
    wait_until(all_sent, with_beat=True)
    assert copies(stub) == [1] * 8
    for mail in stub.accepted():
        (pdf, _calendar) = mail["attachments"]
        assert stub.file(pdf["sha256"]).startswith(b"%PDF-")


def test_worker_killed_with_twenty_mails_in_flight_repeats_each_at_most_once(
    start: Callable[..., Worker], stub: StubClient
) -> None:
    click(20)
    pretend_rendered()
    stub.script(delay=30.0)
    worker = start("mail")
    wait_until(lambda: len(stub.accepted()) == 20, with_beat=True)
    worker.kill()
    assert Counter(states()) == {State.SENDING: 20}
    stub.script(delay=0.0)
    let_time_pass(LEASE + dt.timedelta(seconds=5))
    start("mail")
    wait_until(all_sent, with_beat=True)
    assert copies(stub) == [2] * 20


@pytest.mark.parametrize(("provider", "expected"), [("mailgun", 2), ("brevo", 1)])
def test_kill_between_the_providers_yes_and_the_mark(
    start: Callable[..., Worker], stub: StubClient, provider: str, expected: int
) -> None:
    click(1)
    pretend_rendered()
    stub.script(rules=[{"do": "accept_then_hang"}])
    worker = start("mail", provider=provider)
    wait_until(lambda: len(stub.accepted()) == 1, with_beat=True)
    worker.kill()
    let_time_pass(LEASE + dt.timedelta(seconds=5))
    start("mail", provider=provider)
    wait_until(all_sent, with_beat=True)
    assert copies(stub) == [expected]
    assert len({frozenset(links_of(mail)) for mail in stub.accepted()}) == 1
    assert Ticket.objects.count() == 1


@contextlib.contextmanager
def unreadable_pictures() -> Iterator[None]:
    """A child that has claimed a PDF waits: the fest's logo is read after the claim's commit and before the file."""
    table = sql.Identifier(Picture._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(table))
        yield


def kill_children(worker: Worker) -> None:
    """Kills them and returns when they have ended: what they sent before is all that they ever send."""
    children = {pid: birth(pid) or "" for pid in worker.child_pids()}
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    assert children
    assert wait_until_gone(children, seconds=PATIENCE) == []


def test_child_killed_while_it_makes_a_pdf_leaves_one_ticket_one_file(
    start: Callable[..., Worker], stub: StubClient, data_folder: Any
) -> None:
    """The child cannot get past its claim, so it is killed in the middle on any machine."""
    submission = build_submission(build_event(build_fest()))
    code = ticket_of(submission).code
    with unreadable_pictures():
        worker = start()
        wait_until(lambda: Ticket.objects.filter(render_attempts=1).exists(), with_beat=True)
        os.kill(worker.pid, signal.SIGSTOP)  # no other child follows before the pictures can be read
        kill_children(worker)
        assert Ticket.objects.values_list("render_attempts", "rendered_at").get() == (1, None)
    os.kill(worker.pid, signal.SIGCONT)
    # A mail that has waited for too long goes without its PDF, so that it tells nothing of the file.
    wait_until(lambda: all_sent() and Ticket.objects.get().rendered_at is not None, with_beat=True)
    ticket = Ticket.objects.get()
    media = [file for file in (data_folder / "media").rglob("*") if file.is_file()]
    assert (ticket.code, ticket.render_attempts) == (code, 2)
    assert media == [pdf_path(ticket)]
    assert len(PdfReader(pdf_path(ticket)).pages) == 1
    assert copies(stub) == [1]


def test_four_stops_at_any_moment_lose_and_double_nothing(
    start: Callable[..., Worker], stub: StubClient
) -> None:
    """A warm stop ends what was begun: nothing is repeated."""
    event = build_event(build_fest(), capacity=50)
    for moment in (0.0, 0.05, 0.2, 0.5):
        for _ in range(3):
            build_submission(event)
        pretend_rendered()
        worker = start("mail")
        wakeup.publish()
        time.sleep(moment)
        worker.popen.terminate()
        worker.popen.wait(timeout=30)
    start("mail")
    wait_until(all_sent, with_beat=True)
    assert copies(stub) == [1] * 12


def test_two_workers_and_a_storm_of_rings_double_nothing(
    start: Callable[..., Worker], stub: StubClient
) -> None:
    click(10)
    stub.script(delay=0.2)
    start()
    start()
    for _ in range(20):
        wakeup.publish()
    wait_until(all_sent, with_beat=True)
    assert copies(stub) == [1] * 10
    assert {ticket.render_attempts for ticket in Ticket.objects.all()} == {1}


def test_provider_that_asks_for_a_pause_gets_each_mail_once(
    start: Callable[..., Worker], stub: StubClient
) -> None:
    click(6)
    pretend_rendered()
    stub.script(rules=[{"do": "status", "status": 429, "retry_after": "2", "times": 3}])
    start("mail")
    wait_until(all_sent, with_beat=True)
    assert copies(stub) == [1] * 6
    assert stub.status()["counts"]["status_429"] == 3


def memory_limit(pid: int) -> str:
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("Max data size")]
    return line.split()[3]


def test_pdfs_are_made_in_a_limited_process_that_ends_with_its_worker(start: Callable[..., Worker]) -> None:
    """Also where the worker is killed while the child is in the middle of a PDF."""
    click(1)
    with unreadable_pictures():
        worker = start()
        wait_until(lambda: Ticket.objects.filter(render_attempts=1).exists(), with_beat=True)
        (child,) = worker.child_pids()
        assert memory_limit(child) == str(512 * 1024 * 1024)
        assert memory_limit(worker.pid) != memory_limit(child)
        born = {child: birth(child) or ""}
        os.kill(worker.pid, signal.SIGKILL)
        assert wait_until_gone(born, seconds=PATIENCE) == []
