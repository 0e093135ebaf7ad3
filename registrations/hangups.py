"""A database that takes a question and never answers: we hang up, so that the visitor gets a page in time."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

from django.db import connection

AFTER = 4.5
"""Seconds. Two attempts to connect anew, of 2 s each, still fit in before nginx gives up after 10 s."""


@contextlib.contextmanager
def hanging_up(after: float | None = None) -> Iterator[None]:
    """Ends the database connection once the block lasts longer than `AFTER`.

    Whoever waits for an answer then gets an `OperationalError`, and may connect anew.
    The server's own timeouts cannot do this where the line is dead, or where the server waits for its disk.
    Works in a process's main thread, which is where Gunicorn's sync workers answer; elsewhere it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGALRM, _hang_up)
    signal.setitimer(signal.ITIMER_REAL, AFTER if after is None else after)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _hang_up(number: int, frame: FrameType | None) -> None:
    link = connection.connection
    if link is not None and not link.closed:
        # A copy: closing is psycopg's, which finds the line dead.
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(link.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
