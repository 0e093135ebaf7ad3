"""Booklets: the tickets of a school, or of some of its students, as one PDF that a worker makes."""

import datetime as dt
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from events.clock import database_now
from events.models import Event, Fest
from registrations.models import Change, ClassListRow, Registration, School
from registrations.querysets import StudentQuerySet
from tickets import pdf, rendering
from tickets.board.filters import filtered, students_of
from tickets.doorbell import ring
from tickets.faces import face_of
from tickets.models import Booklet, Delivery, Ticket
from tickets.querysets import RENDER_ATTEMPTS, TicketQuerySet

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(minutes=5)
"""For how long a begun booklet belongs to its worker; its task is killed before."""
ATTEMPTS = RENDER_ATTEMPTS
"""How often a booklet is begun before it is given up."""
BUDGET = 60.0
"""Seconds in which new booklets are begun by one ring."""
RETRY = dt.timedelta(seconds=20)
"""Between two tries after an error that was caught."""
KEPT = dt.timedelta(days=1)
"""For how long row and file stay; it is made anew with one press."""
MOST = 1500
"""Tickets in one booklet: about a minute of work, well within the task's time."""
EACH = 20
"""Tickets after which the progress is told, and single tickets that are owed get their turn."""


def order(
    *, school: School, fest: Fest, user: Any, per_page: int, chosen: dict[str, Any], job: Any = None
) -> Booklet:
    """Wants a booklet of whoever is `chosen` on the board; the workers are rung after the commit."""
    booklet = Booklet.objects.create(
        fest=fest, school=school, asked_by=user, per_page=per_page, filters=chosen, job=job
    )
    transaction.on_commit(ring, robust=True)
    return booklet


def booklet_path(booklet: Booklet) -> Path:
    """Where its file is; the name says nothing about the code."""
    return Path(settings.MEDIA_ROOT) / "booklets" / f"{booklet.pk}.pdf"


def tickets_of(booklet: Booklet) -> TicketQuerySet:
    """The live tickets that belong into it now, by class and name, then by the day's order."""
    rows = Ticket.objects.live().filter(student__in=students_in(booklet))
    if event := booklet.filters.get("event"):
        rows = rows.filter(registration__event__slug=event)
    classes = ("student__grade", "student__section", "student__name_key", "student")
    return rows.order_by(*classes, "registration__event__starts_at", "pk")


def students_in(booklet: Booklet) -> StudentQuerySet:
    """Whose tickets it is about; for a finished class list those without an address."""
    students = students_of(booklet.school, booklet.fest)
    if booklet.job_id is not None:
        return students.filter(
            email="", pk__in=ClassListRow.objects.filter(job=booklet.job_id).values("student")
        )
    return filtered(students, booklet.filters)


def changed_since(booklet: Booklet) -> int:
    """How many of its registrations got or lost a seat, or another name, after the worker had read them."""
    if booklet.claimed_at is None:
        return 0
    rows = Registration.objects.filter(student__in=students_in(booklet))
    if event := booklet.filters.get("event"):
        rows = rows.filter(event__slug=event)
    seat = Registration.State.CONFIRMED
    changes = Change.objects.filter(Q(from_state=seat) | Q(to_state=seat), registration__in=rows)
    return changes.filter(at__gt=booklet.claimed_at).values("registration").distinct().count()


def make_due() -> int:
    """Makes the booklets that are wanted, oldest first, for a minute at most; how many tries there were.

    Each try is counted and committed before it begins, so that a booklet that kills its process is given up
    after three and holds nobody else up.
    """
    tries, until = 0, time.monotonic() + BUDGET
    while time.monotonic() < until and (booklet := _claim()):
        _make(booklet)
        tries += 1
    return tries


def _wanted() -> Any:
    return Booklet.objects.filter(finished_at=None, attempts__lt=ATTEMPTS)


def _free(now: dt.datetime) -> Q:
    return Q(claimed_at=None) | Q(claimed_at__lt=now - LEASE)


def is_work_left() -> bool:
    return bool(_wanted().filter(_free(database_now())).exists())


def has_given_up(booklet: Booklet) -> bool:
    """Whether nobody will try it any more."""
    return booklet.finished_at is None and booklet.attempts >= ATTEMPTS


def _claim() -> Booklet | None:
    now = database_now()
    with transaction.atomic():
        rows = _wanted().filter(_free(now)).order_by("created_at", "pk")
        pk = rows.select_for_update(skip_locked=True).values_list("pk", flat=True).first()
        if pk is None:
            return None
        Booklet.objects.filter(pk=pk).update(claimed_at=now, attempts=F("attempts") + 1, made=0)
    return Booklet.objects.select_related("fest__logo", "school").get(pk=pk)


def _make(booklet: Booklet) -> None:
    """One try. The file is whole or absent; the row says in words what went wrong."""
    try:
        tickets = _with_facts(booklet, tickets_of(booklet)[: MOST + 1])
        if not tickets:
            _finish(booklet, error=_("None of these students has a ticket."))
            return
        if len(tickets) > MOST:
            words = _("These are more than %(most)d tickets: choose a grade, a section or an event.")
            _finish(booklet, error=words % {"most": MOST})
            return
        _mine(booklet).update(total=len(tickets))
        faces = [face_of(ticket) for ticket in tickets]
        content = pdf.render_booklet(
            faces, per_page=booklet.per_page, painted=lambda done: _tell(booklet, done)
        )
        rendering.store(booklet_path(booklet), content)
        _finish(booklet, made=len(tickets))
    except SoftTimeLimitExceeded:
        # The process is about to be ended; the lease runs out, and the next try begins anew.
        raise
    except pdf.Unavailable as error:
        _mine(booklet).update(attempts=ATTEMPTS, error=str(error)[:300])
    except Exception as error:
        logger.exception("Booklet %s could not be made", booklet.pk)
        words = f"{type(error).__name__}: {error}"[:300]
        _mine(booklet).update(error=words, claimed_at=database_now() - LEASE + RETRY)


def _with_facts(booklet: Booklet, rows: Iterable[Ticket]) -> list[Ticket]:
    """The tickets with what they say; what is the same for all of them, the logo above all, is there once."""
    tickets = list(rows.select_related("registration", "student"))  # type: ignore[attr-defined]  # a queryset
    wanted = {ticket.registration.event_id for ticket in tickets}
    events = Event.objects.select_related("venue").in_bulk(wanted)
    for ticket in tickets:
        event = ticket.registration.event = events[ticket.registration.event_id]
        event.fest, ticket.student.school = booklet.fest, booklet.school
    return tickets


def _tell(booklet: Booklet, done: int) -> None:
    """After some pages: how far it is. Whoever waits for a single ticket must not wait for all of these."""
    if done // EACH != (done - booklet.per_page) // EACH:
        _mine(booklet).update(made=done)
        rendering.render_due(budget=1.0)


def _finish(booklet: Booklet, *, made: int = 0, error: str = "") -> None:
    _mine(booklet).update(finished_at=database_now(), made=made, error=error)


def _mine(booklet: Booklet) -> Any:
    return Booklet.objects.filter(pk=booklet.pk, claimed_at=booklet.claimed_at, finished_at=None)


def remove_old() -> int:
    """Removes booklets with their files a day after they were wanted, unless a mail still waits for one."""
    rows = Booklet.objects.filter(created_at__lt=database_now() - KEPT)
    old = list(rows.exclude(deliveries__in=Delivery.objects.owed()))
    for booklet in old:
        booklet_path(booklet).unlink(missing_ok=True)
        booklet.delete()
    return len(old)
