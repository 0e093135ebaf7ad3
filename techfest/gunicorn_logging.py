"""Gunicorn's logs, masked: an access line names the address asked for, and that may be a secret link."""

import logging
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from .logs import OneLineFormatter


class Logger(GunicornLogger):  # type: ignore[misc]  # Gunicorn brings no types
    """Gunicorn's logger with every line on one line and without secret links, tracebacks too."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(_masking(handler.formatter))


def _masking(formatter: logging.Formatter | None) -> logging.Formatter:
    template = formatter._fmt if formatter else None
    return OneLineFormatter(template, formatter.datefmt if formatter else None)
