"""Closes the connection to a database that does not answer, so that the visitor gets an error page in time."""

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
"""Seconds. Two new connection attempts of 2 s each still fit in before nginx gives up after 10 s."""
EVERY = 0.5
"""Seconds between two checks; a statement that is running at two checks in a row counts as unanswered.

More than 0.1 s, because the driver handles a signal only after that long without another one.
"""


@contextlib.contextmanager
def hanging_up(after: float | None = None) -> Iterator[None]:
    """Close the database connection if the block takes longer than `AFTER` and a statement is unanswered.

    The waiting code then gets an `OperationalError` and may connect again. Blocks that compute for long, read a slow
    upload or run many short queries are not interrupted. The server's own timeouts do not cover dead connections or a
    server that waits for its disk. Works only in the main thread, where Gunicorn's sync workers handle requests.
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
    """Tells statements apart and remembers which one was running at the last check."""

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
    """Whether the server has received a statement and not answered it."""
    link = connection.connection
    return link is not None and not link.closed and link.pgconn.transaction_status == TransactionStatus.ACTIVE


def _hang_up() -> None:
    # A duplicate: psycopg itself closes the socket once it finds the connection dead.
    link = connection.connection
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(link.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
