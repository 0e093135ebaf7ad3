"""Gunicorn's logs without secret links, which would otherwise appear in access lines."""

import logging
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from .logs import OneLineFormatter


class Logger(GunicornLogger):  # type: ignore[misc]  # Gunicorn brings no types
    """Gunicorn's logger with one line per record, tracebacks included, and without secret links."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """Return the parts of an access line; the query is left out of the request line, since it may hold a name."""
        found: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        path = str(environ.get("RAW_URI", "")).partition("?")[0]
        found["r"] = f"{environ.get('REQUEST_METHOD')} {path} {environ.get('SERVER_PROTOCOL')}"
        return found

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(_masking(handler.formatter))


def _masking(formatter: logging.Formatter | None) -> logging.Formatter:
    template = formatter._fmt if formatter else None
    return OneLineFormatter(template, formatter.datefmt if formatter else None)
