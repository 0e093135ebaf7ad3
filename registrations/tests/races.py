"""Many threads, each with a connection of its own, released at one instant."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import Error, connection, connections

from events.locked_reads import events_of
from events.models import Seats
from events.querysets import SeatsQuerySet
from registrations.booking.policy import SeatCounter
from registrations.models import Hold
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import columns
from techfest.core.db.locking import Deadline
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


@pytest.fixture
def patient_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests may wait for locks as long as a slow test machine needs, where a test counts only what they wrote."""
    monkeypatch.setattr(Deadline.__init__, "__defaults__", (PATIENCE,))


@contextmanager
def meeting_after_the_lock(monkeypatch: pytest.MonkeyPatch, number: int) -> Iterator[None]:
    """Makes everybody wait for the others once the seats were read, for half a second at most.

    With the lock in place only one is ever there, so the line breaks and all go on one by one. Without it
    everybody has read the same counts before the first one writes.
    """
    line = threading.Barrier(number)

    def meet(read: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            line.wait(0.5)
        return events_of(read)

    with monkeypatch.context() as patch:
        patch.setattr("registrations.booking.allocate.events_of", meet)
        yield


def without_lock(self: SeatsQuerySet, batch: Batch, event_ids: Iterable[int]) -> Result:
    statement = f"SELECT {', '.join(columns(Seats))} FROM events_seats WHERE event_id = ANY($1::bigint[])"
    return batch.add(f"{statement} ORDER BY event_id", [list(event_ids)])


def without_condition(
    self: SeatsQuerySet, batch: Batch, event_id: int, *, taken: int, waiting: int, from_held: int = 0
) -> None:
    batch.add(
        "UPDATE events_seats SET taken = taken + $2, waiting = waiting + $3, held = held - $4,"
        " last_queue_position = last_queue_position + $2 + $3 + $4 WHERE event_id = $1",
        [event_id, taken, waiting, from_held],
    )


def with_places_of_their_own() -> Callable[..., int]:
    """Gives queue positions that never collide, since their uniqueness is a guard of its own."""
    queue_positions = itertools.count(1)
    give_queue_position = SeatCounter.give_queue_position

    def give(self: SeatCounter, state: str, hold: Hold | None = None) -> int:
        give_queue_position(self, state, hold)
        return next(queue_positions)

    return give


def in_threads(work: Callable[[], Any], count: int) -> list[Any]:
    """Run `work` in threads with their own database connections; the results are unordered."""
    results: list[Any] = []
    gate = threading.Barrier(count)

    def run() -> None:
        try:
            gate.wait(timeout=10)
            results.append(work())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results
