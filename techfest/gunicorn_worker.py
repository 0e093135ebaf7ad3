"""Gunicorn's worker, which answers with a page of ours also where it has to give up a request."""

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
    """The visitor's connection, for answers that no middleware has seen: the headers of an error page are added."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def sendall(self, answer: bytes) -> None:
        """Sends a whole answer, its head included."""
        from .headers import error_headers  # Django is there only after the preload

        status, rest = answer.split(b"\r\n", 1)
        headers = "".join(f"{name}: {value}\r\n" for name, value in error_headers().items())
        self._connection.sendall(b"\r\n".join([status, headers.encode("ascii") + rest]))


class Worker(SyncWorker):  # type: ignore[misc]  # Gunicorn brings no types
    """A sync worker that tells a slow upload, a request without end and a fault apart."""

    _page = "500"

    def handle_abort(self, sig: signal.Signals, frame: FrameType | None) -> None:
        """The master's last word before it kills: whatever was under way ends here, and is logged by `handle_error`."""
        self._page = "408" if _is_receiving(frame) else "504"
        super().handle_abort(sig, frame)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """What no view and no middleware caught. A request that cannot be read is Gunicorn's to answer."""
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
    """Whether the visitor's bytes were waited for when the time was up."""
    while frame is not None:
        if str(frame.f_globals.get("__name__", "")).startswith("gunicorn.http."):
            return True
        frame = frame.f_back
    return False
