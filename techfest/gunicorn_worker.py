"""A Gunicorn worker that answers with the site's error pages also when it gives up a request."""

import signal
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


class Worker(SyncWorker):  # type: ignore[misc]  # Gunicorn brings no types
    """A sync worker that distinguishes slow uploads, requests that take too long, and errors."""

    _page = "500"

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
