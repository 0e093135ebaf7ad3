"""When a start has succeeded: pages are served, whatever mails and workers do."""

import json
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from deploy.launcher.readiness import (
    MAY_FOLLOW,
    once_workers_are_heard,
    serves_pages,
    wait_until_ready,
    what_follows,
)
from deploy.launcher.supervisor import Supervisor
from techfest.health import PARTS


def page(*unwell: str) -> str:
    parts = {name: {"ok": name not in unwell, "text": f"words of {name}"} for name in PARTS}
    return json.dumps({"ready": not unwell, "parts": parts})


@pytest.mark.parametrize(
    "unwell",
    [
        ("provider",),
        ("mail",),
        ("workers",),
        ("restore",),
        ("mail", "provider", "workers"),
        tuple(sorted(MAY_FOLLOW)),
    ],
)
def test_what_no_page_needs_stops_no_start_and_is_named_in_one_line(unwell: tuple[str, ...]) -> None:
    text = page(*unwell)
    assert serves_pages(text)
    line = what_follows(text)
    assert [f"{name}: words of {name}" in line for name in unwell] == [True] * len(unwell)
    assert ("/admin/held-mails/" in line, "\n" in line) == ("restore" in unwell, False)


@pytest.mark.parametrize("part", sorted(set(PARTS) - MAY_FOLLOW))
def test_what_pages_need_stops_the_start(part: str) -> None:
    """The negative control; together with what may follow it is every part."""
    assert part in {"database", "migrations", "broker"}
    assert not serves_pages(page(part))
    assert not serves_pages(page(part, "provider"))


def test_all_well_has_nothing_to_say() -> None:
    assert (serves_pages(page()), what_follows(page())) == (True, "")


@pytest.mark.parametrize("text", ["", "Connection refused", "[]", '{"parts": 3}', '{"parts": {"mail": 3}}'])
def test_what_is_no_readiness_page_stops_the_start(text: str) -> None:
    assert not serves_pages(text)


def last_page(first: str, later: Iterable[str], *, seconds: float = 60.0) -> tuple[str, int]:
    """What the start goes by, with how often it waited; the pages are answered one after another."""
    waits: list[float] = []
    pages = iter(later)
    found = once_workers_are_heard(first, ask=lambda: next(pages), watch=waits.append, seconds=seconds)
    return what_follows(found), len(waits)


def test_workers_of_a_first_start_are_waited_for() -> None:
    assert last_page(page("workers"), [page("workers"), page("workers"), page()]) == ("", 3)


def test_nothing_is_waited_for_where_the_workers_are_heard() -> None:
    assert last_page(page(), []) == ("", 0)
    line, waits = last_page(page("provider", "restore"), [])
    assert ("provider" in line, waits) == (True, 0)


def test_what_is_unwell_beside_the_workers_is_named_once_they_are_heard() -> None:
    line, waits = last_page(page("mail", "workers"), [page("mail")])
    assert ("mail: words of mail" in line, "workers" in line, waits) == (True, False, 1)


def test_workers_that_stay_silent_are_named_in_the_end() -> None:
    line, waits = last_page(page("workers"), [], seconds=0)
    assert ("workers: words of workers" in line, waits) == (True, 0)


class Pages(BaseHTTPRequestHandler):
    """Answers with one page after another."""

    left: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.left.pop(0).encode())

    def log_message(self, *_args: object) -> None:
        """Nothing: it is a test."""


class Idle(Supervisor):
    """Looks after no process: those of this test run are not its own."""

    def look(self, *others: int) -> None:
        return


def test_start_over_http_says_nothing_once_the_workers_are_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Pages.left = [page("database"), page("workers"), page("workers"), page()]
    with HTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        wait_until_ready(Idle(tmp_path / "processes.json"), server.socket, "http://localhost", tmp_path)
        server.shutdown()
    assert (Pages.left, capsys.readouterr().out) == ([], "")


@pytest.mark.parametrize("text", ["", "Connection refused", page("database")])
def test_page_that_cannot_be_had_meanwhile_is_not_taken_for_silence(text: str) -> None:
    assert last_page(page("workers"), [text, page("provider")])[0] == what_follows(page("provider"))
