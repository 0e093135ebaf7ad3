"""Address confirmation: a registration whose e-mail address is not confirmed in time is released.

A fest may require this to fend off registrations made by programs. The time runs from the hand-over of the mail with
the link, which `tickets/mail/address_confirmation.py` records, so no seat is lost while the provider is down or mails
are paused. Confirming and releasing both lock the Seats rows first: a seat is confirmed or released, never both.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from events.models import Event, Seats
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, give_up
from registrations.booking.waitlist import promote
from registrations.models import Change, Registration, Student
from registrations.querysets import RegistrationQuerySet
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import LockTimeout

EXPLAINED_FOR = dt.timedelta(days=1)
"""How long a late confirmation page lists what was released."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The outcome of a confirmation: registrations that stay, and those that were released before it."""

    kept: list[Registration]
    lost: list[Registration]


def confirm_by_teacher(registrations: Iterable[Registration | None]) -> None:
    """A teacher who enters a student vouches for the registrations the student already has."""
    pending = [one.pk for one in registrations if one and one.confirm_by]
    if pending:
        Registration.objects.active().filter(pk__in=pending).update(confirm_by=None)


def release_late(
    rows: Iterable[Seats], events: Mapping[int, Event], now: dt.datetime | None
) -> list[Registration]:
    """As `release`, for the events whose fest requires confirmation; others cost no query."""
    required = [row for row in rows if row.pk in events and events[row.pk].fest.confirms_addresses]
    return release(required, now=now) if required and now else []


def release(rows: Iterable[Seats], *, now: dt.datetime) -> list[Registration]:
    """Cancels what was not confirmed in time in these locked events, promotes, and returns what was cancelled.

    Registrations of events that have begun stay: the student may be inside.
    """
    seats = {row.pk: row for row in rows}
    late = _late(now).filter(event__in=seats, event__starts_at__gt=now).with_related().order_by("pk")
    released = list(late.select_for_update(no_key=True, of=("self",)))
    if not released:
        return []
    with change_ledger():
        give_up(released, seats, origin=Origin(Change.Cause.UNCONFIRMED, Change.Actor.SYSTEM, now))
        for row in seats.values():
            promote(row, cause=Change.Cause.PROMOTED, now=now)
    return released


def release_due() -> int:
    """Releases everything that is late, one transaction per event; returns the number of registrations."""
    _clear_where_not_required()
    return _release_where(Q())


def release_before_asking(event_ids: Iterable[int]) -> int:
    """As `release_due`, for these events, before a page shows their free seats."""
    return _release_where(Q(event__in=list(event_ids)))


def _release_where(concerned: Q) -> int:
    now = database_now()
    late = _late(now).filter(concerned, event__starts_at__gt=now).order_by("event")
    return sum(_release_event(pk) for pk in late.values_list("event", flat=True).distinct())


def _clear_where_not_required() -> None:
    """Clears deadlines of fests that no longer require confirmation, so turning it on again affects only later ones."""
    rows = Registration.objects.active().filter(
        confirm_by__isnull=False, event__fest__confirms_addresses=False
    )
    with transaction.atomic():
        locked = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
        Registration.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).update(confirm_by=None)


def _release_event(event_id: int) -> int:
    deadline = Deadline()

    def work() -> int:
        deadline.limit_locks()
        return len(release(Seats.objects.locked([event_id]), now=database_now()))

    try:
        return in_transaction(work, deadline=deadline)
    except LockTimeout:
        # The worker comes again in half a minute.
        return 0


def pending_of(student: Student) -> RegistrationQuerySet:
    """The registrations that this student still has to confirm, by start."""
    rows = _unconfirmed().filter(student=student)
    return rows.with_related().order_by("event__starts_at", "pk")


def confirm(student_id: int, *, deadline: Deadline) -> Confirmed:
    """Marks the student's address as verified: pending registrations stay, later ones need no confirmation.

    A repeat is harmless. Locks the Seats rows of the events, then the student. Raises `LockTimeout` after 3 s.
    """
    return in_transaction(lambda: _confirm(student_id, deadline), deadline=deadline)


def _confirm(student_id: int, deadline: Deadline) -> Confirmed:
    student = Student(pk=student_id)
    events = list(pending_of(student).values_list("event_id", flat=True))
    deadline.limit_locks()
    seats = list(Seats.objects.locked(events))
    now = database_now()
    release(seats, now=now)
    deadline.limit_locks()
    for one in Student.objects.known().filter(pk=student_id).locked():
        Student.objects.filter(pk=one.pk).update(email_verified_at=now)
    # Read after the student's lock, so a registration made meanwhile for another event is included.
    kept = list(pending_of(student))
    Registration.objects.filter(pk__in=[row.pk for row in kept]).update(confirm_by=None)
    return Confirmed(kept, _lost(student, now))


def _lost(student: Student, now: dt.datetime) -> list[Registration]:
    """Registrations that were released within the last day and not obtained again."""
    theirs = Registration.objects.filter(student=student)
    rows = theirs.filter(changes__cause=Change.Cause.UNCONFIRMED, changes__at__gt=now - EXPLAINED_FOR)
    again = theirs.active().values("event")
    found = rows.exclude(event__in=again).with_related().order_by("event__starts_at", "pk")
    return list({row.event_id: row for row in found}.values())


def _late(now: dt.datetime) -> RegistrationQuerySet:
    return _unconfirmed().filter(confirm_by__lte=now, confirm_mailed_at__isnull=False)


def _unconfirmed() -> RegistrationQuerySet:
    """Active registrations that must be confirmed and whose fest still requires it."""
    return Registration.objects.active().filter(
        confirm_by__isnull=False, event__fest__confirms_addresses=True
    )


def time_left_of(registrations: Iterable[Registration]) -> dt.datetime | None:
    """The first deadline of these registrations; `None` if no mail with the link is known to be sent."""
    return min(
        (one.confirm_by for one in registrations if one.confirm_by and one.confirm_mailed_at), default=None
    )
