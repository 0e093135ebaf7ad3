"""What a process needs before it makes PDFs: libraries, and a wall around its memory."""

import resource
from datetime import UTC, datetime

from tickets.pdf.engine import Unavailable, engine
from tickets.pdf.pages import render
from tickets.pdf.ticket import TicketContent


def missing() -> str:
    """One plain line that says what to install, empty when nothing is missing."""
    try:
        engine()
    except Unavailable as lack:
        return str(lack)
    return ""


def is_available() -> bool:
    """Whether this process can make PDFs. Loads WeasyPrint: for workers and checks, never for a web request."""
    return not missing()


def limit_memory(megabytes: int) -> None:
    """Let this process and its children own at most `megabytes` of private memory.

    Past it Python raises MemoryError and the C libraries abort the process, which the worker's parent notices.
    RLIMIT_DATA counts heap, anonymous maps and thread stacks (Linux 4.7 and later), but no fonts or libraries that
    are mapped from files; RLIMIT_AS counts those too and would have to be set by guess.
    """
    wanted = megabytes * 1024 * 1024
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    maximum = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (maximum, hard))


def warm() -> None:
    """Load everything and make one ticket, so that the first real one is as fast as the others. Raises Unavailable."""
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
