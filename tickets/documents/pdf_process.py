"""Makes PDFs in a child process that exists only while there are any, and may be killed.

A page can hang or take all memory, and WeasyPrint stays large once it is loaded. The worker starts the child when PDFs
are due, writes what to do as a line into a socket, and reads a number in return. A child that takes too long is
killed, and what it had claimed is free at once. A child whose worker has ended finds the socket closed and ends too.
"""

import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections

from techfest.core import stopping

logger = logging.getLogger(__name__)

REST = 20.0
"""Seconds without a PDF after which the child is ended."""
NICENESS = 2
"""Clicks and mails go first, but on a busy machine PDFs still get two thirds of the share of any other process."""
FAILED = "failed"
STOP_WITHIN = 10
"""Seconds that a page may still take once the worker was asked to stop; then its process ends."""


class PdfProcessError(Exception):
    """The child hung and was killed, or it died, or its work failed. What it was making is tried again."""


class PdfProcess:
    """The child of a worker, started when it is needed. Used by one thread."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._used_at = 0.0

    def run(self, work: str, *, seconds: float) -> int:
        """Has the child do this work, and returns its number. Raises PdfProcessError."""
        if self._child is not None and self._child.poll() is not None:
            self.kill()
        line = self._line or self._start()
        try:
            answer = _ask(line, work, seconds)
        except OSError as error:
            self.kill()
            words = f"took more than {seconds:g} s" if isinstance(error, TimeoutError) else "has died"
            raise PdfProcessError(f"The process that makes PDFs {words}.") from error
        self._used_at = time.monotonic()
        if answer == FAILED:
            raise PdfProcessError("The work failed; see the log.")
        return int(answer)

    def end_if_unused(self) -> None:
        """Ends a child that has had nothing to do for a while."""
        if self._child is not None and time.monotonic() - self._used_at > REST:
            self.kill()

    def ask_to_stop(self) -> None:
        """Has the child begin no further page, and end soon. May be called in any thread."""
        if (child := self._child) is not None:
            child.terminate()

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None
        if self._line is not None:
            self._line.close()
            self._line = None

    def _start(self) -> socket.socket:
        self._line, its = socket.socketpair()
        with its:
            self._child = subprocess.Popen(  # noqa: S603  # our own module
                [sys.executable, "-m", "tickets.documents.pdf_process", str(its.fileno())],
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
                start_new_session=True,
            )
        return self._line


def _ask(line: socket.socket, work: str, seconds: float) -> str:
    """Raises TimeoutError for a child that hangs, and another OSError for one that has ended."""
    line.settimeout(seconds)
    line.sendall(f"{work}\n".encode())
    answer = line.recv(100).decode()
    if not answer:
        raise ConnectionResetError
    return answer.strip()


_process: PdfProcess | None = None


def use_child() -> None:
    """From now on this process, a worker, has PDFs made in a child."""
    global _process
    _process = PdfProcess()


def run(work: str, *, seconds: float) -> int:
    """Does this work in the child if this process has one, else here. Raises PdfProcessError."""
    return _works()[work]() if _process is None else _process.run(work, seconds=seconds)


def end_if_unused() -> None:
    if _process is not None:
        _process.end_if_unused()


def ask_to_stop() -> None:
    if _process is not None:
        _process.ask_to_stop()


def _works() -> dict[str, Callable[[], int]]:
    from tickets.documents import jobs, ticket_pdf
    from tickets.documents.makers import MAKERS

    return {"tickets": ticket_pdf.render_due, "documents": partial(jobs.make_due, MAKERS)}


def serve(line: socket.socket) -> None:
    """The child: does what it is told, one after the other, until the worker has ended."""
    signal.signal(signal.SIGTERM, _stop_soon)
    works, wanted = _works(), queue.SimpleQueue[str]()
    threading.Thread(target=_read, args=(line, wanted), daemon=True).start()
    while True:
        work = wanted.get()
        try:
            # As Django does at each request: otherwise a connection that the server has ended would stay for ever.
            close_old_connections()
            answer = str(works[work]())
        except Exception:
            logger.exception("PDFs could not be made")
            answer = FAILED
        line.sendall(f"{answer}\n".encode())


def _stop_soon(*_signal: object) -> None:
    """Begins no further page. One that takes long must not hold up the worker: what it claimed is free at once."""
    stopping.ask()
    signal.alarm(STOP_WITHIN)


def _read(line: socket.socket, wanted: "queue.SimpleQueue[str]") -> None:
    """Reads in a thread, so that the end of the worker is noticed in the middle of a page."""
    with suppress(OSError), line.makefile() as words:
        for word in words:
            wanted.put(word.strip())
    os._exit(0)


def _give_way() -> None:
    """Lets others go first, also when memory is short; as far as the system knows these ways."""
    for file, value in (("autogroup", NICENESS), ("oom_score_adj", 500)):
        with suppress(OSError):
            Path(f"/proc/self/{file}").write_text(str(value))
    with suppress(OSError):
        os.nice(NICENESS)


def main() -> None:
    import django

    _give_way()
    django.setup()
    from tickets import pdf
    from tickets.documents import ticket_pdf

    pdf.limit_memory(ticket_pdf.MEMORY)
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
