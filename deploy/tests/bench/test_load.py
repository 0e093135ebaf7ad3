"""The benches' own parts: a figure is only as good as the client that measured it."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from deploy.bench.accounting import cpu_seconds, memory_mib, tree
from deploy.bench.figures import median_of, percentile, ratio, spread
from deploy.bench.load import Load, invite, paced, rush, steady
from deploy.bench.visitors import outcome
from deploy.provider_stub import running_stub

PAGE = b'<form><input type="hidden" name="key" value="0123456789abcdef0123456789abcdef"></form>'


class Site(BaseHTTPRequestHandler):
    """A form with a key, a redirect for each submission, and an answer that is compressed and in chunks."""

    protocol_version = "HTTP/1.1"
    posted: list[bytes] = []

    def do_GET(self) -> None:
        if self.path.startswith("/register/"):
            self._send(200, PAGE, "Content-Length", str(len(PAGE)))
            return
        page = gzip.compress(b'<div class="panel is-wait"></div>')
        chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (len(page), page)
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self._finish(chunks, "Transfer-Encoding", "chunked")

    def do_POST(self) -> None:
        self.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        if b"events=broken" in self.posted[-1]:
            self._send(500, b"", "Content-Length", "0")
            return
        self.send_response(302)
        self.send_header("Location", "/a/token/")
        self._finish(b"", "Content-Length", "0")

    def _send(self, status: int, body: bytes, name: str, value: str) -> None:
        self.send_response(status)
        self._finish(body, name, value)

    def _finish(self, body: bytes, name: str, value: str) -> None:
        self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def load() -> Iterator[Load]:
    Site.posted.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Load("127.0.0.1", server.server_port, tag="t")
        server.shutdown()
        thread.join()


def test_rush_follows_each_redirect_and_reads_the_outcome(load: Load) -> None:
    invite(load, clients=20, events=["a", "b"], fetch=True)
    report = rush(load, seconds=10)
    assert (report["answered"], report["outcomes"], report["errors"]) == (20, {"waiting": 20}, {})
    assert sum(b"key=0123456789abcdef0123456789abcdef" in body for body in Site.posted) == 20
    assert sum(b"events=a" in body for body in Site.posted) == 10


def test_error_is_counted_and_is_not_an_answer(load: Load) -> None:
    invite(load, clients=4, events=["a", "broken"], fetch=False)
    report = rush(load, seconds=10)
    assert (report["answered"], report["errors"]) == (2, {"status 500": 2})


def test_refused_connection_is_an_error_of_its_own_kind() -> None:
    load = Load("127.0.0.1", 1)
    invite(load, clients=2, events=["a"], fetch=False)
    assert rush(load, seconds=5)["errors"] == {"ConnectionRefusedError": 2}


def test_steady_and_paced_send_each_visitor_once(load: Load) -> None:
    invite(load, clients=10, events=["a"], fetch=False)
    assert steady(load, at_once=3, seconds=10)["answered"] == 10
    invite(load, clients=10, events=["a"], fetch=False)
    assert paced(load, rate=200, seconds=10)["answered"] == 10
    assert len(Site.posted) == 20


def test_percentile_is_the_smallest_value_not_exceeded_by_that_share() -> None:
    values = [float(number) for number in range(1, 201)]
    assert [percentile(values, share) for share in (50, 95, 99, 100)] == [100, 190, 198, 200]
    assert spread([3.0]) == {"p50": 3.0, "p95": 3.0, "p99": 3.0, "last": 3.0}
    assert spread([]) == {}


def test_median_leaves_out_rounds_without_the_figure() -> None:
    rounds: list[dict[str, Any]] = [{"a": {"p50": 1}}, {"a": {}}, {"a": {"p50": 3}}]
    assert median_of(rounds, "a", "p50") == 2
    assert median_of(rounds, "b", "p50") is None
    assert ratio(None, 2.0) is None


def test_outcome_of_an_unknown_page_is_not_a_success() -> None:
    assert outcome(b"<h1>Busy</h1>") == "unknown"


def test_accounting_sees_a_process_with_its_children() -> None:
    with running_stub() as stub:
        assert tree(stub.pid) == [stub.pid]
        assert memory_mib(stub.pid) > 1
        assert cpu_seconds(stub.pid) > 0
