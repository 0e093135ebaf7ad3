"""What the worker does with connections of nginx: it closes them without waiting, and skips abandoned pages."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from gunicorn import util

from deploy.launcher.folders import ROOT
from deploy.tests.nginx.house import wait_for
from techfest.gunicorn_worker import NginxConnection

FOR_EVER = 60


Pair = tuple[NginxConnection, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """The worker's and nginx's end of a connection."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with NginxConnection(ours.family, ours.type, ours.proto, ours.detach()) as worker, theirs:
        yield worker, theirs


def closes_at_once(connection: socket.socket) -> bool:
    """Whether Gunicorn closes it although the other end stays open."""
    closing = threading.Thread(target=util.close_graceful, args=(connection, FOR_EVER), daemon=True)
    closing.start()
    closing.join(3)
    return not closing.is_alive()


def test_connection_of_nginx_is_closed_without_waiting_for_nginx(pair: Pair) -> None:
    ours, theirs = pair
    ours.sendall(b"answer")
    assert closes_at_once(ours) is True
    assert (theirs.recv(100), theirs.recv(100)) == (b"answer", b"")


def test_gunicorn_waits_for_any_other_client() -> None:
    """The negative control: if it no longer does, the class for nginx's connections can go."""
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    assert closes_at_once(ours) is False
    theirs.close()


def test_answer_arrives_whole_although_a_part_of_the_request_was_not_read(pair: Pair) -> None:
    ours, theirs = pair
    theirs.sendall(b"a body that nobody reads")
    ours.sendall(b"answer")
    closing = threading.Thread(target=util.close_graceful, args=(ours,))
    closing.start()
    assert (theirs.recv(100), theirs.recv(100)) == (b"answer", b"")
    closing.join()


def test_plain_close_would_cut_such_an_answer(pair: Pair) -> None:
    """The negative control."""
    ours, theirs = pair
    theirs.sendall(b"a body that nobody reads")
    ours.sendall(b"answer")
    ours.close()
    assert theirs.recv(100) == b"answer"
    with pytest.raises(ConnectionResetError):
        theirs.recv(100)


@dataclass
class Line:
    """A worker's socket and the list of the requests that reached the application."""

    addresses: list[str]
    log: Path

    def send(self, request: str, *, to: int = 0) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(self.addresses[to])
        client.sendall(f"{request} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return client

    def reached(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@contextlib.contextmanager
def running(data_folder: Path, *options: str, sockets: int = 1) -> Iterator[Line]:
    """One worker of the site with a small application."""
    # A Unix socket's path may have 107 bytes, a test's folder has more.
    short = tempfile.mkdtemp(prefix="tf-")
    found = Line([f"{short}/web{number}" for number in range(sockets)], data_folder / "reached")
    command = [sys.executable, "-m", "gunicorn", "deploy.tests.nginx.upstream:application", "--workers", "1"]
    command += ["--worker-class", "techfest.gunicorn_worker.Worker", *options]
    command += [f"--bind=unix:{address}" for address in found.addresses]
    environment = os.environ | {"UPSTREAM_LOG": str(found.log)}
    with (data_folder / "log").open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        wait_for(lambda: all(Path(address).exists() for address in found.addresses))
        yield found
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(short)


@pytest.fixture
def line(data_folder: Path) -> Iterator[Line]:
    with running(data_folder) as found:
        yield found


def test_page_that_nobody_waits_for_is_skipped_and_a_form_is_not(line: Line) -> None:
    first = line.send("GET /sleep/0.5/")
    wait_for(lambda: line.reached() == ["GET /sleep/0.5/"])
    for request in ("GET /left/", "HEAD /left/", "POST /form/"):
        line.send(request).close()
    with first, line.send("GET /last/") as last:
        assert [client.recv(12) for client in (first, last)] == [b"HTTP/1.1 200"] * 2
    assert line.reached() == ["GET /sleep/0.5/", "POST /form/", "GET /last/"]


@pytest.mark.slow
def test_each_request_of_a_round_has_the_whole_timeout(data_folder: Path) -> None:
    """The worker takes one request of each socket in turn; together they take longer than the timeout."""
    with running(data_folder, "--timeout", "2", sockets=4) as line:
        first = line.send("GET /sleep/0.9/")
        wait_for(lambda: line.reached() == ["GET /sleep/0.9/"])
        clients = [first, *(line.send("GET /sleep/0.9/", to=number) for number in range(4))]
        assert [client.recv(12) for client in clients] == [b"HTTP/1.1 200"] * 5
        for client in clients:
            client.close()
