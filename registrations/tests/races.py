"""Many threads, each with a connection of its own, released at one instant."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import Error, connection

from events.locked_reads import read_locked_events
from techfest.core.errors import UserFacingError

TOGETHER = 20.0
"""Seconds until every thread must have reached the barrier."""
PATIENCE = 30.0
"""Seconds that a request in a race may wait for its locks: test machines are slow."""


def at_once(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Starts all at one instant; what each returned, or the error of ours or of the database, in order."""
    line = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            with connection.cursor() as cursor:
                for name in ("lock_timeout", "statement_timeout"):
                    cursor.execute("SELECT set_config(%s, %s, false)", [name, f"{int(PATIENCE)}s"])
            line.wait(TOGETHER)
            return work()
        except (UserFacingError, Error) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


@contextmanager
def meeting_after_the_lock(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[None]:
    """Makes everybody wait for the others once the seats were read, for half a second at most.

    With the lock in place only one is ever there, so the line breaks and all go on one by one. Without it
    everybody has read the same counts before the first one writes.
    """
    line = threading.Barrier(number)

    def meet(event_ids: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            line.wait(0.5)
        return read_locked_events(event_ids)

    with monkeypatch.context() as patch:
        patch.setattr("registrations.booking.allocate.read_locked_events", meet)
        yield
