"""A database that takes a question and never answers: we hang up, so that the visitor gets a page in time."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from django.db import connection
from psycopg.pq import TransactionStatus

AFTER = 4.5
"""Seconds. Two attempts to connect anew, of 2 s each, still fit in before nginx gives up after 10 s."""
EVERY = 0.5
"""Seconds between two looks; a statement that is found under way twice is one without an answer.

More than a tenth: the driver hears a signal only when it has heard none for so long.
"""


@contextlib.contextmanager
def hanging_up(after: float | None = None) -> Iterator[None]:
    """Ends the database connection once the block lasts longer than `AFTER` and a statement is without an answer.

    Whoever waits for an answer then gets an `OperationalError`, and may connect anew. A block that computes for long,
    reads a slow upload or asks many short questions is left alone: the database is not what is slow about it.
    The server's own timeouts cannot do this where the line is dead, or where the server waits for its disk.
    Works in a process's main thread, which is where Gunicorn's sync workers answer; elsewhere it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    watch = _Watch()
    after = AFTER if after is None else after
    every = min(EVERY, max(0.2, after / 2))
    signal.signal(signal.SIGALRM, watch.look)
    signal.setitimer(signal.ITIMER_REAL, max(0.05, after - every), every)
    try:
        with connection.execute_wrapper(watch.count):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Watch:
    """Knows one statement from the next, and which one was under way at the last look."""

    def __init__(self) -> None:
        self._statements, self._under_way = 0, 0

    def count(self, execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: Any) -> Any:
        self._statements += 1
        return execute(sql, params, many, context)

    def look(self, number: int, frame: FrameType | None) -> None:
        if not _is_waiting():
            self._under_way = 0
        elif self._under_way != self._statements:
            self._under_way = self._statements
        else:
            _hang_up()


def _is_waiting() -> bool:
    """Whether the server has a statement of ours and has not answered it."""
    link = connection.connection
    return link is not None and not link.closed and link.pgconn.transaction_status == TransactionStatus.ACTIVE


def _hang_up() -> None:
    # A copy: closing is psycopg's, which finds the line dead.
    link = connection.connection
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(link.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
