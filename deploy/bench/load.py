"""The visitors of the benches: an independent program that sends the form many times.

``rush`` is an open loop: all visitors submit at one instant, whatever the server does. ``steady`` is a closed
loop: a fixed number of visitors submit one after the other, to find what the server can do at most. ``paced``
is an open loop at an even rate.
"""

import argparse
import json
import re
import secrets
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from deploy.bench.exchange import Exchange, Exchanges
from deploy.bench.visitors import Visitor, report
from deploy.launcher.benching import raise_open_files

KEY = re.compile(rb'name="key"[^>]*value="([^"]+)"')
HEADERS = (
    "User-Agent: Mozilla/5.0 (Linux; Android 14) Mobile\r\nAccept: text/html\r\n"
    "Accept-Language: en-IN,en;q=0.9\r\nAccept-Encoding: gzip\r\nSec-Fetch-Site: same-origin\r\n"
)


@dataclass
class Load:
    """Which visitor submits what: ``events`` are shared out in turn, ``follow`` fetches the answer page as well."""

    host: str
    port: int
    visitors: list[Visitor] = field(default_factory=list)
    follow: bool = True
    tag: str = ""
    sources: int = 1

    def get(self, path: str) -> bytes:
        """A request for a page."""
        return f"GET {path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{HEADERS}\r\n".encode()

    def post(self, visitor: Visitor) -> bytes:
        """The visitor's submission."""
        body = urlencode(visitor.fields(self.tag))
        head = (
            f"POST /register/ HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n{HEADERS}"
            f"Origin: http://{self.host}:{self.port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return (head + body).encode()


def invite(load: Load, *, clients: int, events: Sequence[str], fetch: bool) -> None:
    """Fill the load with visitors; with ``fetch`` each opens the form beforehand and takes its key."""
    load.visitors = [
        Visitor(number, events[number % len(events)], str(uuid.UUID(bytes=secrets.token_bytes(16))))
        for number in range(clients)
    ]
    if not fetch:
        return
    pages = Exchanges(load.host, load.port)
    waiting = iter(load.visitors)

    def open_next() -> None:
        visitor = next(waiting, None)
        if visitor is not None:
            pages.begin(Exchange(load.get(f"/register/?event={visitor.event}"), take(visitor)))

    def take(visitor: Visitor) -> Any:
        def read(page: Exchange) -> None:
            if found := KEY.search(page.body()):
                visitor.key = found.group(1).decode()
            pages.end(page)
            open_next()

        return read

    for _ in range(8):
        open_next()
    pages.run(seconds=clients / 10 + 30)


def rush(load: Load, *, seconds: float, opened: bool = False) -> dict[str, Any]:
    """All visitors submit at one instant; ``opened``: over connections that stood before."""
    exchanges = Exchanges(load.host, load.port)
    for visitor in load.visitors:
        visitor.submission = Exchange(load.post(visitor), _follower(load, exchanges, visitor))
        exchanges.prepare(visitor.submission)
        if opened and visitor.submission.link is not None:
            visitor.submission.link.setblocking(True)
            visitor.submission.link.connect(exchanges.address)
            visitor.submission.link.setblocking(False)
    instant = time.monotonic()
    for visitor in load.visitors:
        visitor.began = instant
        if visitor.submission is not None:
            exchanges.begin(visitor.submission)
    exchanges.run(seconds=seconds)
    return report(load.visitors)


def paced(load: Load, *, rate: float, seconds: float) -> dict[str, Any]:
    """``rate`` visitors a second submit evenly, whether or not those before them have been answered."""
    exchanges = Exchanges(load.host, load.port, sources=load.sources)
    start = time.monotonic()
    schedule = []
    for place, visitor in enumerate(load.visitors):
        visitor.began = start + place / rate
        visitor.submission = Exchange(load.post(visitor), _follower(load, exchanges, visitor))
        schedule.append((visitor.began, visitor.submission))
    exchanges.run(seconds=seconds, schedule=schedule)
    return report(load.visitors)


def steady(load: Load, *, at_once: int, seconds: float) -> dict[str, Any]:
    """``at_once`` visitors are served at any time until all have submitted; adds submissions per second."""
    exchanges = Exchanges(load.host, load.port)
    waiting: Iterator[Visitor] = iter(load.visitors)

    def begin_next() -> None:
        visitor = next(waiting, None)
        if visitor is not None:
            visitor.began = time.monotonic()
            visitor.submission = Exchange(load.post(visitor), _follower(load, exchanges, visitor, begin_next))
            exchanges.begin(visitor.submission)

    began = time.monotonic()
    for _ in range(at_once):
        begin_next()
    exchanges.run(seconds=seconds)
    result = report(load.visitors)
    last = max((one.submission.finished_at for one in load.visitors if one.submission), default=began)
    result["per_second"] = round(result["answered"] / (last - began), 1) if last > began else 0.0
    return result


def _follower(load: Load, exchanges: Exchanges, visitor: Visitor, afterwards: Any = None) -> Any:
    """What follows a submission: the confirmation page of the redirect, then the next visitor."""

    def done(page: Exchange) -> None:
        exchanges.end(page)
        if afterwards is not None:
            afterwards()

    def submitted(submission: Exchange) -> None:
        if load.follow and submission.status in {302, 303}:
            path = urlsplit(submission.header("location")).path
            visitor.answer = Exchange(load.get(path), done)
            exchanges.go_on(submission, visitor.answer)
        else:
            done(submission)

    return submitted


def main() -> int:
    """Submit as the command line says and print the report as JSON."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.load", description=__doc__)
    parser.add_argument("mode", choices=("rush", "steady", "paced"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--events", required=True, help="slugs with commas; visitors take them in turn")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--at-once", type=int, default=16, help="visitors served at a time (steady)")
    parser.add_argument("--rate", type=float, default=30.0, help="submissions a second (paced)")
    parser.add_argument("--seconds", type=float, default=120.0, help="what is not answered then is an error")
    parser.add_argument("--opened", action="store_true", help="connections stand before the instant (rush)")
    parser.add_argument("--own-keys", action="store_true", help="do not open the form beforehand")
    parser.add_argument("--post-only", action="store_true", help="do not fetch the answer page")
    parser.add_argument("--sources", type=int, default=1, help="addresses of the visitors (paced)")
    parser.add_argument("--tag", default=secrets.token_hex(3), help="keeps the names of two rounds apart")
    given = parser.parse_args()
    raise_open_files(given.clients + 200)
    load = Load(given.host, given.port, follow=not given.post_only, tag=given.tag, sources=given.sources)
    invite(load, clients=given.clients, events=given.events.split(","), fetch=not given.own_keys)
    if given.mode == "rush":
        result = rush(load, seconds=given.seconds, opened=given.opened)
    elif given.mode == "paced":
        result = paced(load, rate=given.rate, seconds=given.seconds)
    else:
        result = steady(load, at_once=given.at_once, seconds=given.seconds)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
