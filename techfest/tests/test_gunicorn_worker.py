"""A request that never ends, is sent too slowly or breaks its worker is answered with a page of ours, and logged."""

import contextlib
import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.nginx.process import free_port
from deploy.tests.nginx.house import ERRORS, ROOT, wait_for
from techfest.headers import error_headers
from techfest.tests.support.workers import site_environment

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.django_db]

ANSWERED_BY_THE_WORKER = {
    b"GET /break/ HTTP/1.1\r\nHost: localhost\r\n\r\n": 500,
    b"GET /wait/ HTTP/1.1\r\nHost: localhost\r\n\r\n": 504,
    b"POST /upload/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc": 408,
    b"GET / HTTP/1.1\r\nBad Header\r\n\r\n": 400,
    b"nonsense\r\n\r\n": 400,
    b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n": 414,
    b"GET / HTTP/1.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n": 431,
    b"GET / HTTP/1.1\r\nTransfer-Encoding: unknown\r\n\r\n": 501,
}
SECONDS = 2
"""Until Gunicorn gives up; as shipped it is patient for 30."""


@dataclass
class Web:
    """Gunicorn as `deploy/up` starts it, without nginx in front."""

    port: int
    log: Path

    def raw(self, request: bytes) -> tuple[int, bytes]:
        status, _headers, body = self.whole(request)
        return status, body

    def whole(self, request: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the answer to these bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as line:
            line.sendall(request)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            return answer.status, answer.getheaders(), answer.read()

    def get(self, path: str) -> tuple[int, bytes]:
        return self.raw(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())


@pytest.fixture
def web(data_folder: Path) -> Iterator[Web]:
    port, log = free_port(), data_folder / "web.log"
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--workers", "1"]
    command += ["--timeout", str(SECONDS), "deploy.tests.applications.getting_stuck:application"]
    environment = site_environment(data_folder, {"GUNICORN_BIND": f"127.0.0.1:{port}"})
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        found = Web(port, log)
        wait_for(lambda: _answers(found), seconds=30)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _answers(web: Web) -> bool:
    with contextlib.suppress(OSError, http.client.HTTPException):
        return web.get("/health/live")[0] == 200
    return False


@pytest.mark.parametrize("path", ["/compute/", "/wait/"])
def test_request_without_end_is_told_so(web: Web, path: str) -> None:
    assert web.get(path) == (504, (ERRORS / "504.html").read_bytes())
    assert f"Gave up GET {path} (504)" in web.log.read_text()
    wait_for(lambda: _answers(web))


def test_upload_that_takes_too_long_is_told_to_be_slow(web: Web) -> None:
    """The worker waits for the rest; with nginx in front it would not have been asked before all was there."""
    head = b"POST /upload/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc"
    assert web.raw(head) == (408, (ERRORS / "408.html").read_bytes())
    assert "Gave up POST /upload/ (408)" in web.log.read_text()


def test_fault_that_nobody_catches_is_our_page(web: Web) -> None:
    assert web.get("/break/") == (500, (ERRORS / "500.html").read_bytes())
    assert "Gave up GET /break/ (500)" in web.log.read_text()


def test_request_that_cannot_be_read_is_refused(web: Web) -> None:
    assert web.raw(b"GET / HTTP/1.1\r\nBad Header\r\n\r\n")[0] == 400


def test_every_answer_of_the_worker_itself_carries_the_headers_of_pages_once(web: Web) -> None:
    _, page, _ = web.whole(b"GET /nowhere/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    expected = error_headers()
    of_pages = {
        name for name, _ in page if name.startswith(("Content-Security", "Cross-", "Perm", "Ref", "X-"))
    }
    assert of_pages
    assert of_pages - expected.keys() == set()
    for request, status in ANSWERED_BY_THE_WORKER.items():
        wait_for(lambda: _answers(web))
        got, headers, _ = web.whole(request)
        assert (got, sorted(one for one in headers if one[0] in expected)) == (
            status,
            sorted(expected.items()),
        )
