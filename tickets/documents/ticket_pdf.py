"""Making the PDFs of tickets, one at a time, in a process that may be killed."""

import contextlib
import datetime as dt
import logging
import os
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from techfest.core.db import processes
from techfest.core.db.clock import database_now
from tickets import pdf, stopping
from tickets.content import content_of
from tickets.models import Ticket
from tickets.querysets import RENDER_ATTEMPTS, TicketQuerySet

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=40)
"""For how long a begun PDF belongs to its worker; the task is killed well before."""
MEMORY = 512
"""Megabytes that a process that makes PDFs may own."""
ROOM = 1024 * 1024
"""Bytes that are written to see whether the disk has room again: some tickets' worth."""
BUDGET = 5.0
"""Seconds after which a run of the task makes room for the next one."""


def pdf_path(ticket: Ticket) -> Path:
    """Where the file of this ticket is; the name says nothing about the code."""
    return Path(settings.MEDIA_ROOT) / "tickets" / f"{ticket.pk % 100:02d}" / f"{ticket.pk}.pdf"


def stored_pdf(ticket: Ticket) -> bytes:
    """The PDF of this ticket, empty where it is not made; a file that was lost is wanted anew."""
    if ticket.rendered_at is None:
        return b""
    try:
        return pdf_path(ticket).read_bytes()
    except FileNotFoundError:
        render_again([ticket.pk])
        return b""


def render_due(*, budget: float = BUDGET) -> int:
    """Makes the PDFs that are wanted, oldest first, until the budget of seconds is spent; how many.

    Each try is counted and committed before it begins, so that a ticket that kills its process is given up
    after three tries and holds nobody else up. After the first death it is tried at once, then when its lease is
    over.
    """
    processes.free(
        Ticket.objects.to_render().filter(render_attempts=1), by="render_claimed_by", render_claimed_at=None
    )
    ends, made = time.monotonic() + budget, 0
    while time.monotonic() < ends and not stopping.is_asked() and (ticket := _claim()):
        made += _render(ticket)
    return made


def is_work_left() -> bool:
    return Ticket.objects.to_render().filter(render_claimed_at=None).exists()


def _claim() -> Ticket | None:
    now = database_now()
    free = Q(render_claimed_at=None) | Q(render_claimed_at__lt=now - LEASE)
    with transaction.atomic():
        rows = Ticket.objects.to_render().filter(free).order_by("created_at", "pk")
        pk = rows.select_for_update(skip_locked=True).values_list("pk", flat=True).first()
        if pk is None:
            return None
        Ticket.objects.filter(pk=pk).update(
            render_claimed_at=now,
            render_claimed_by=processes.this_process(),
            render_attempts=F("render_attempts") + 1,
        )
    return Ticket.objects.with_related().select_related("registration__event__fest__logo").get(pk=pk)


def _render(ticket: Ticket) -> bool:
    """One PDF; its file is whole or absent. A correction that came meanwhile is not overwritten.

    After a failure the lease is kept, so that the three tries outlast a fault that passes.
    """
    try:
        store(pdf_path(ticket), pdf.render([content_of(ticket)]))
    except pdf.Unavailable as error:
        _mine(ticket).update(render_attempts=RENDER_ATTEMPTS, render_error=_words(error))
        return False
    except Exception as error:
        logger.exception("Ticket %s could not be rendered", ticket.pk)
        _mine(ticket).update(render_error=_words(error), render_is_blocked=isinstance(error, OSError))
        return False
    return bool(_mine(ticket).update(rendered_at=database_now(), render_claimed_at=None, render_error=""))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _mine(ticket: Ticket) -> TicketQuerySet:
    return Ticket.objects.filter(pk=ticket.pk, render_claimed_at=ticket.render_claimed_at)


def store(path: Path, content: bytes) -> None:
    """Writes the whole file or none, and makes it last before its name is there."""
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
    """Wants the PDFs of these tickets anew, also after they were given up."""
    return Ticket.objects.filter(pk__in=ticket_ids).want_again()


def has_room(folder: Path) -> bool:
    """Whether a file of some size can be written there, which is tried."""
    try:
        store(folder / ".room", bytes(ROOM))
        (folder / ".room").unlink()
    except OSError:
        return False
    return True


def unblock() -> int:
    """Wants what was given up because of the disk anew, as soon as the disk takes files again; how many tickets."""
    blocked = Ticket.objects.blocked(database_now(), LEASE)
    if not blocked.exists() or not has_room(Path(settings.MEDIA_ROOT)):
        return 0
    return blocked.want_again()


def has_given_up(ticket: Ticket) -> bool:
    return ticket.rendered_at is None and ticket.render_attempts >= RENDER_ATTEMPTS
