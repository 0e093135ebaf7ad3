"""Makes the PDFs of tickets, one at a time, in a process that may be killed."""

import contextlib
import datetime as dt
import logging
import os
import tempfile
import time
from pathlib import Path

from django.conf import settings

from techfest.core import rush, stopping
from techfest.core.db.clock import database_now
from techfest.core.db.leases import Lease
from tickets import pdf
from tickets.content import content_of
from tickets.models import Ticket
from tickets.querysets import RENDER_ATTEMPTS

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=40)
"""How long a claimed PDF belongs to its worker; the process that makes it is killed well before."""
_lease = Lease(LEASE, prefix="render_")
MEMORY = 512
"""Megabytes of private memory for a process that makes PDFs."""
TEST_BYTES = 1024 * 1024
"""Bytes written to test whether the disk has space again: enough for some tickets."""
BUDGET = 5.0
"""Seconds after which a run of the task ends, so that the next one can start."""
STEP_BACK = 20.0
"""Seconds that PDFs wait during a rush. Then they are made beside it: a mail waits 40 s for its PDF."""


def pdf_path(ticket: Ticket) -> Path:
    """Returns the path of the ticket's file; the name does not reveal the code."""
    return Path(settings.MEDIA_ROOT) / "tickets" / f"{ticket.pk % 100:02d}" / f"{ticket.pk}.pdf"


def stored_pdf(ticket: Ticket) -> bytes:
    """Returns the ticket's PDF, empty if it is not made yet; a lost file is requested again."""
    if ticket.rendered_at is None:
        return b""
    try:
        return pdf_path(ticket).read_bytes()
    except FileNotFoundError:
        render_again([ticket.pk])
        return b""


def render_due(*, budget: float = BUDGET) -> int:
    """Makes pending PDFs, oldest first, until the budget of seconds is spent; returns how many.

    A ticket that kills its process is given up after three attempts and blocks no others. After the first death it
    is tried at once, then when its lease has ended.
    """
    _lease.free_of_the_dead(Ticket.objects.to_render())
    ends, made = time.monotonic() + budget, 0
    while may_begin(ends) and (ticket := _claim()):
        made += _render(ticket)
    return made


def may_begin(ends: float) -> bool:
    """Whether another file may be begun before `ends` of the monotonic clock. Waits while a rush is on."""
    rush.step_back(longest=STEP_BACK, until=ends, is_stopping=stopping.is_asked)
    return time.monotonic() < ends and not stopping.is_asked()


def has_due() -> bool:
    """Whether a PDF can be made now, also one that a process held which has died."""
    rows = Ticket.objects.to_render()
    _lease.free_of_the_dead(rows)
    return rows.filter(_lease.is_free(database_now())).exists()


def is_work_left() -> bool:
    return Ticket.objects.to_render().filter(render_claimed_at=None).exists()


def _claim() -> Ticket | None:
    rows = Ticket.objects.to_render().order_by("created_at", "pk")
    ids = _lease.claim(rows, now=database_now())
    claimed = Ticket.objects.with_related().select_related("registration__event__fest__logo")
    return claimed.get(pk=ids[0]) if ids else None


def _render(ticket: Ticket) -> bool:
    """Makes one PDF; the file is complete or absent. A correction made during rendering is not overwritten.

    After a failure the lease is kept, so that three attempts outlast a passing fault.
    """
    try:
        store(pdf_path(ticket), pdf.render([content_of(ticket)]))
    except pdf.Unavailable as error:
        _lease.mine(ticket).update(render_attempts=RENDER_ATTEMPTS, render_error=_words(error))
        return False
    except Exception as error:
        logger.exception("Ticket %s could not be rendered", ticket.pk)
        is_blocked = isinstance(error, OSError)
        _lease.mine(ticket).update(render_error=_words(error), render_is_blocked=is_blocked)
        return False
    made = {"rendered_at": database_now(), "render_claimed_at": None, "render_error": ""}
    return bool(_lease.mine(ticket).update(**made))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def store(path: Path, content: bytes) -> None:
    """Writes the whole file or none, and syncs it to disk before its name exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(draft).unlink()
        raise


def render_again(ticket_ids: list[int]) -> int:
    """Requests the PDFs of these tickets again, also after they were given up."""
    return Ticket.objects.filter(pk__in=ticket_ids).want_again()


def has_disk_space(folder: Path) -> bool:
    """Whether a file of some size can be written there; writes one to find out."""
    try:
        store(folder / ".room", bytes(TEST_BYTES))
        (folder / ".room").unlink()
    except OSError:
        return False
    return True


def unblock() -> int:
    """Requests again what was given up because of the disk, once the disk accepts files; returns how many tickets."""
    blocked = Ticket.objects.blocked(database_now(), LEASE)
    if not blocked.exists() or not has_disk_space(Path(settings.MEDIA_ROOT)):
        return 0
    return blocked.want_again()


def has_given_up(ticket: Ticket) -> bool:
    return ticket.rendered_at is None and ticket.render_attempts >= RENDER_ATTEMPTS
