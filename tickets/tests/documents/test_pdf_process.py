"""The process that makes PDFs: there only while it is needed, killed when it hangs, and what it held is made again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction

from events.models import Picture
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.tests.support.workers import site_environment
from tickets.documents import jobs, pdf_process, ticket_pdf
from tickets.documents.pdf_process import PdfProcess, PdfProcessError
from tickets.models import Ticket

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

WITHIN = 60.0


@pytest.fixture
def process(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PdfProcess]:
    for name, value in site_environment(data_folder).items():
        monkeypatch.setenv(name, value)
    made = PdfProcess()
    yield made
    made.kill()


@contextlib.contextmanager
def unreadable_pictures() -> Iterator[None]:
    """A child that has claimed a PDF waits until this ends."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute(f"LOCK TABLE {Picture._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        yield


def child_of(process: PdfProcess) -> int:
    assert process._child is not None
    return process._child.pid


def build_tickets(count: int) -> None:
    event = build_event(build_fest(), capacity=count)
    for _ in range(count):
        build_submission(event)


def test_child_makes_pdfs_and_is_kept_for_the_next(process: PdfProcess) -> None:
    build_tickets(2)
    assert process.run("tickets", seconds=WITHIN) == 2
    child = child_of(process)
    assert {ticket_pdf.pdf_path(ticket).read_bytes()[:5] for ticket in Ticket.objects.all()} == {b"%PDF-"}
    assert process.run("documents", seconds=WITHIN) == 0
    process.end_if_unused()
    assert child_of(process) == child


def test_child_without_work_is_ended(process: PdfProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    process.run("tickets", seconds=WITHIN)
    child = child_of(process)
    monkeypatch.setattr(pdf_process, "REST", 0.0)
    process.end_if_unused()
    assert not Path(f"/proc/{child}").exists()


def test_child_that_hangs_is_killed_and_its_ticket_is_free(process: PdfProcess) -> None:
    build_tickets(1)
    process.run("documents", seconds=WITHIN)
    child = child_of(process)
    with unreadable_pictures(), pytest.raises(PdfProcessError, match=r"took more than 1 s"):
        process.run("tickets", seconds=1.0)
    assert not Path(f"/proc/{child}").exists()
    assert Ticket.objects.get().render_attempts == 1
    assert ticket_pdf.has_due()
    assert process.run("tickets", seconds=WITHIN) == 1
    assert Ticket.objects.get().render_attempts == 2


def test_child_that_was_killed_is_replaced(process: PdfProcess) -> None:
    process.run("documents", seconds=WITHIN)
    os.kill(child_of(process), signal.SIGKILL)
    build_tickets(1)
    with contextlib.suppress(PdfProcessError):  # raised where the child's end is not noticed before
        process.run("tickets", seconds=WITHIN)
    if Ticket.objects.get().rendered_at is None:
        assert process.run("tickets", seconds=WITHIN) == 1


def test_work_that_fails_ends_no_child(process: PdfProcess) -> None:
    build_tickets(1)
    process.run("documents", seconds=WITHIN)
    child = child_of(process)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tickets_ticket RENAME TO elsewhere")
    try:
        with pytest.raises(PdfProcessError, match="failed"):
            process.run("tickets", seconds=WITHIN)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO tickets_ticket")
    assert process.run("tickets", seconds=WITHIN) == 1
    assert child_of(process) == child


def sessions() -> set[int]:
    """The server's processes for the connections to this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return {pid for (pid,) in cursor.fetchall()}


def test_child_outlives_its_connection(process: PdfProcess) -> None:
    """As when PostgreSQL restarts: the child would fail for ever, and the worker would keep it."""
    build_tickets(1)
    before = sessions()
    process.run("documents", seconds=WITHIN)
    child = child_of(process)
    (session,) = sessions() - before
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [session])
        assert cursor.fetchone() == (True,)
    assert process.run("tickets", seconds=WITHIN) == 1
    assert child_of(process) == child


HANGING = """
import socket, sys, time
from tickets.documents import pdf_process

def hang():
    line.sendall(b"begun")
    time.sleep(600)

line = socket.socket(fileno=int(sys.argv[1]))
pdf_process.STOP_WITHIN = 1
pdf_process._works = lambda: {"documents": hang}
pdf_process.serve(line)
"""


def test_page_that_takes_long_does_not_hold_up_a_worker_that_stops(process: PdfProcess) -> None:
    """Its process ends by itself, soon after it was asked to."""
    line, its = socket.socketpair()
    with line, its:
        line.settimeout(WITHIN)
        command = [sys.executable, "-c", HANGING, str(its.fileno())]
        child = subprocess.Popen(command, cwd=settings.BASE_DIR, pass_fds=[its.fileno()])
        try:
            line.sendall(b"documents\n")
            assert line.recv(100) == b"begun"
            child.terminate()
            assert child.wait(WITHIN) == -signal.SIGALRM
        finally:
            child.kill()
            child.wait()


def test_without_a_worker_the_same_process_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a shell or in a test: only a worker starts a child."""
    build_tickets(1)
    monkeypatch.setattr(pdf_process, "_process", None)
    assert pdf_process.run("tickets", seconds=WITHIN) == 1
    assert jobs.has_due() is False
