"""Gunicorn's logs without secret links, which would otherwise appear in access lines."""

import logging
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from .logs import OneLineFormatter


class Logger(GunicornLogger):  # type: ignore[misc]  # Gunicorn brings no types
    """Gunicorn's logger with one line per record, tracebacks included, and without secret links."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(_masking(handler.formatter))


def _masking(formatter: logging.Formatter | None) -> logging.Formatter:
    template = formatter._fmt if formatter else None
    return OneLineFormatter(template, formatter.datefmt if formatter else None)
