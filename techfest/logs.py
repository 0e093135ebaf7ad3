"""Log formatting: one line per record, without secret links and control characters."""

import logging
import re
import unicodedata
from typing import Any

# What follows these paths is the only authority of a page without login, so all of it goes, up to a space or a
# quote. A server decodes %61 and doubled slashes before it looks, so they count as well.
_SLASH = r"(?:/|%2f)"


def _written(word: str) -> str:
    """A pattern for this word in which any letter may be percent-encoded."""
    forms = (
        f"(?:{re.escape(character)}|%{ord(character):02x}|%{ord(character.upper()):02x})"
        for character in word
    )
    return "".join(forms)


# Students' links, a certificate's and a school's; an invitation, a link that proves an address, one to a new
# password.
_WORDS = (
    f"(?:{'|'.join(map(_written, ('a', 'c', 'my', 't', 'delegation', 'invited', 'confirm-email', 'key')))})"
)
_SECRET_TAIL = re.compile(rf"({_SLASH}{_WORDS}{_SLASH}+)[^\s\"'<>]+", re.IGNORECASE)


def without_secrets(text: str) -> str:
    """``text`` with "…" instead of the secret part of links."""
    return _SECRET_TAIL.sub(r"\1…", text)


def one_line(text: str) -> str:
    """``text`` with control characters, line separators and lone surrogates escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        else character
        for character in text
    )


class OneLineFormatter(logging.Formatter):
    """Formats a record and its traceback as one line without secret links."""

    def format(self, record: logging.LogRecord) -> str:
        return one_line(without_secrets(super().format(record)))


def logging_settings(level: str) -> dict[str, Any]:
    """The ``LOGGING`` setting: everything from ``level`` upwards goes to stdout."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "techfest.logs.OneLineFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            }
        },
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "django.db.backends": {"level": "INFO"},
            # Beat sends wake-ups every five seconds; tasks log what they did themselves.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            # WeasyPrint and fontTools tell every style sheet and font table.
            "weasyprint": {"level": "ERROR"},
            "fontTools": {"level": "ERROR"},
        },
    }
