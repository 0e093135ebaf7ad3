"""Keeps the processes running until it is asked to stop, and then leaves none."""

import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from .lastwatch import LastWatch
from .processes import Process, adopt_orphans, kill_adopted, reap_adopted, record, stop
from .words import say

_LONGEST_PAUSE = 30.0
# Who has run this long is thought healthy again: its next pause is short.
_SETTLED_AFTER = 60.0


class Stopped(Exception):
    """INT or TERM has arrived."""


_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _stop(number: int, frame: FrameType | None) -> None:
    # A second Ctrl-C must not leave half of them running.
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)


@dataclass
class _Pause:
    """How long a process that ends by itself is left down: 1 s, doubled at each time, at most 30 s."""

    started: float = field(default_factory=time.monotonic)
    seconds: float = 1.0
    until: float | None = None

    def begin(self) -> float:
        if time.monotonic() - self.started > _SETTLED_AFTER:
            self.seconds = 1.0
        length = self.seconds
        self.until = time.monotonic() + length
        self.seconds = min(self.seconds * 2, _LONGEST_PAUSE)
        return length

    def is_over(self) -> bool:
        return self.until is not None and time.monotonic() >= self.until

    def end(self) -> None:
        self.started, self.until = time.monotonic(), None


class Supervisor:
    """Starts processes, restarts what dies, and ends them in the opposite order.

    As a context manager it ends everything on every way out; INT and TERM become ``Stopped`` inside it.
    """

    def __init__(self, record_file: Path) -> None:
        self._record_file = record_file
        self._processes: list[Process] = []
        self._servers: list[Process] = []
        self._pauses: dict[str, _Pause] = {}
        self._last_watch: LastWatch | None = None
        self.restarts: Counter[str] = Counter()
        """How often each process that had ended was started again, by its name."""

    def __enter__(self) -> "Supervisor":
        adopt_orphans()
        self._last_watch = LastWatch()
        for number in _SIGNALS:
            # Under nohup the end of the terminal stays ignored. INT is heard although a script's "&" ignores it.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        stop(self._processes, seconds=6.0)
        stop(self._servers, seconds=3.0)
        if self._last_watch is not None:
            self._last_watch.dismiss()
        kill_adopted()
        self._record_file.unlink(missing_ok=True)

    def start(self, process: Process, *, is_server: bool = False) -> None:
        """Starts ``process``; a server (database, broker) outlives those that use it when all are stopped."""
        (self._servers if is_server else self._processes).append(process)
        self._start(process)
        self._pauses[process.name] = _Pause()

    def watch(self, until: float | None = None) -> None:
        """Restarts what dies; returns at the moment ``until`` of the monotonic clock, else only by ``Stopped``."""
        while until is None or time.monotonic() < until:
            self.look()
            time.sleep(0.1)

    def look(self, *others: int) -> None:
        """One look at every process; ``others`` are children that other code waits for."""
        watch = {self._last_watch.pid} if self._last_watch is not None else set()
        reap_adopted({*others, *watch, *(process.pid for process in self._all())})
        self.revive()

    def revive(self) -> None:
        """Starts again what has ended, after its pause; leaves the children of others alone."""
        for process in self._all():
            pause = self._pauses[process.name]
            if not process.is_running() and pause.until is None:
                process.kill_group()
                length = pause.begin()
                code = process.popen.returncode if process.popen else None
                say(
                    f"{process.name} ended ({_cause(code)}), starting again in {length:.0f} s; see {process.log}"
                )
            elif pause.is_over():
                self._start(process)
                self.restarts[process.name] += 1
                pause.end()

    def _start(self, process: Process) -> None:
        process.start()
        try:
            record(self._record_file, self._all())
        except OSError as error:
            # Only the start after a hard kill would read it; what runs must not end for that.
            say(f"{self._record_file} could not be written: {error}")
        if self._last_watch is not None:
            self._last_watch.tell_of(process)

    def _all(self) -> Sequence[Process]:
        return [*self._servers, *self._processes]


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
