"""Prepares a process for making PDFs: checks the libraries, limits the memory, loads everything once."""

import resource
from datetime import UTC, datetime

from tickets.pdf.engine import Unavailable, engine
from tickets.pdf.ticket import TicketContent, render


def missing() -> str:
    """Returns one line that says what to install; empty if nothing is missing."""
    try:
        engine()
    except Unavailable as lack:
        return str(lack)
    return ""


def is_available() -> bool:
    """Whether this process can make PDFs. Loads WeasyPrint: for workers and checks, never for a web request."""
    return not missing()


def limit_memory(megabytes: int) -> None:
    """Limits the private memory of this process and its children to `megabytes`.

    Beyond it Python raises MemoryError, and C libraries abort the process, which the worker's parent notices.
    RLIMIT_DATA counts heap, anonymous maps and thread stacks (Linux 4.7 and later), but not fonts and libraries mapped
    from files; RLIMIT_AS counts those too and could only be guessed.
    """
    wanted = megabytes * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    maximum = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (maximum, hard))


def warm() -> None:
    """Makes one ticket, so that everything is loaded before the first real one. Raises Unavailable."""
    now = datetime.now(UTC)
    render(
        [
            TicketContent(
                fest_name="",
                accent="",
                logo=None,
                person="Á",
                grade=1,
                section="",
                school="",
                event="",
                starts_at=now,
                ends_at=now,
                time_zone="UTC",
                venue="",
                place="",
                reference="",
                url="http://localhost/",
                language="en",
                contact="",
            )
        ]
    )
