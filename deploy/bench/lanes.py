"""The staff beside a crowd: the door, the organisers and a monitor ask in turn, and their waits are kept."""

import json
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from deploy.bench.figures import spread
from deploy.bench.signedin import SignedIn

PAUSE = 1.0
Probe = Callable[[], tuple[int, float]]


@dataclass
class Lane:
    """One who asks, and what came back."""

    name: str
    probe: Probe
    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def go_on(self, ended: threading.Event) -> None:
        """Ask, rest a moment, ask again."""
        while not ended.wait(PAUSE):
            began = time.monotonic()
            try:
                status, seconds = self.probe()
            except OSError:
                status, seconds = 0, time.monotonic() - began
            self.statuses[status] += 1
            self.seconds.append(seconds)

    def report(self) -> dict[str, Any]:
        return {"statuses": dict(self.statuses), "seconds": spread(self.seconds)}


@contextmanager
def asking(lanes: Sequence[Lane]) -> Iterator[None]:
    """Each lane asks while the block runs."""
    ended = threading.Event()
    threads = [threading.Thread(target=lane.go_on, args=[ended], name=lane.name) for lane in lanes]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def page(browser: SignedIn, path: str) -> Probe:
    """Asks for one page."""

    def ask() -> tuple[int, float]:
        status, _to, seconds = browser.ask(path)
        return status, seconds

    return ask


def readiness(browser: SignedIn) -> Probe:
    """Asks whether everything is well; an answer that names what is not is an answer, one of nginx alone is none."""

    def ask() -> tuple[int, float]:
        status, _to, seconds = browser.ask("/health/ready")
        return (200 if b'"parts"' in browser.body else status), seconds

    return ask


def scanner(browser: SignedIn, path: str, codes: Iterator[str]) -> Probe:
    """Scans one ticket after the other; anything but "in" counts as an error."""

    def scan() -> tuple[int, float]:
        status, _to, seconds = browser.ask(path, {"code": next(codes), "key": str(uuid.uuid4())})
        if status == 200 and json.loads(browser.body)["verdict"] != "in":
            status = 0
        return status, seconds

    return scan
