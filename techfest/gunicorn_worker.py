"""A Gunicorn worker that loses no time behind nginx, and answers with the site's error pages when it gives up."""

import errno
import signal
import socket
from types import FrameType
from typing import Any

from gunicorn import util
from gunicorn.http.errors import ParseException
from gunicorn.workers.sync import SyncWorker

from .env import BASE_DIR

_PAGES = BASE_DIR / "static" / "errors"
_ANSWER = (
    "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n"
    "Content-Length: {length}\r\n\r\n"
)
_STATUS = {"408": "408 Request Timeout", "500": "500 Internal Server Error", "504": "504 Gateway Timeout"}


class _Client:
    """The client's connection for responses that pass no middleware; adds the headers of an error page."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def sendall(self, answer: bytes) -> None:
        """Send a complete response with its status line and headers."""
        from .headers import error_headers  # Django is available only after preloading

        status, rest = answer.split(b"\r\n", 1)
        headers = "".join(f"{name}: {value}\r\n" for name, value in error_headers().items())
        self._connection.sendall(b"\r\n".join([status, headers.encode("ascii") + rest]))


class NginxConnection(socket.socket):
    """A connection of nginx over a Unix socket."""

    def shutdown(self, how: int) -> None:
        """Let Gunicorn close the connection at once if nothing was left unread.

        It would shut its side down and wait until nginx has closed the other, to protect responses on their way
        over a network. Under load that takes a fifth of the time of a click, and a Unix socket delivers what was
        written. Where this raises, Gunicorn closes without waiting.
        """
        if not self._next_byte():
            raise OSError(errno.ENOTCONN, "closed without waiting for nginx")
        super().shutdown(how)

    def is_abandoned(self) -> bool:
        """Whether nginx has closed the connection, because the visitor has left or loaded the page again."""
        return self._next_byte() == b""

    def _next_byte(self) -> bytes | None:
        """What comes next without taking it: empty at the end, None while nothing has come."""
        try:
            return self.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None


class Worker(SyncWorker):  # type: ignore[misc]  # Gunicorn brings no types
    """A sync worker that distinguishes slow uploads, requests that take too long, and errors."""

    _page = "500"

    def accept(self, listener: Any) -> None:
        """Take the next connection and answer its request.

        Each request has the whole timeout, also where several sockets have one in the same round.
        """
        self.notify()
        client, address = listener.accept()
        if client.family == socket.AF_UNIX:
            client = NginxConnection(client.family, client.type, client.proto, client.detach())
        client.setblocking(True)
        self.handle(listener, client, address)

    def handle_request(self, listener: Any, req: Any, client: Any, addr: Any) -> None:
        """Answer, unless the request was a page for a visitor who did not wait for it: others are in the queue.

        A form is handled in its turn nevertheless; a second one with its key gets the same answer.
        """
        is_page = req.method in {"GET", "HEAD"}
        if is_page and isinstance(client, NginxConnection) and client.is_abandoned():
            return
        super().handle_request(listener, req, client, addr)

    def handle_abort(self, sig: signal.Signals, frame: FrameType | None) -> None:
        """Handle the master's signal before it kills the worker: abort the request, which `handle_error` logs."""
        self._page = "408" if _is_receiving(frame) else "504"
        super().handle_abort(sig, frame)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Handle exceptions that no view or middleware caught. Gunicorn itself answers malformed requests."""
        if req is None or isinstance(exc, ParseException):
            super().handle_error(req, _Client(client), addr, exc)
            return
        self.log.exception("Gave up %s %s (%s)", req.method, req.uri, self._page)
        body = (_PAGES / f"{self._page}.html").read_bytes()
        head = _ANSWER.format(status=_STATUS[self._page], length=len(body))
        try:
            util.write(_Client(client), head.encode("ascii") + body)
        except OSError:
            self.log.debug("Nobody waited for the page.")


def _is_receiving(frame: FrameType | None) -> bool:
    """Whether the worker was reading the request when the time was up."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("gunicorn.http."):
            return True
        frame = frame.f_back
    return False
