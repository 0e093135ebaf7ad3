"""Addresses to be confirmed: a seat is taken at once, and goes to the next where its address is not confirmed in time.

A fest may ask for it against registrations made by a program. The time runs from the hand-over of the mail with the
link, which tickets/mail/kinds/confirmation.py records: no seat is lost while the provider is down or mails are held.
Confirming and releasing both lock the Seats rows of the events first, so that a seat is either confirmed or released,
and never both.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from events.models import Event, Seats
from registrations.booking.errors import LockTimeout
from registrations.booking.seat_return import give_up
from registrations.booking.state import Origin
from registrations.booking.waitlist import promote
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Registration, Student
from registrations.querysets import RegistrationQuerySet
from registrations.signals import registrations_changed
from techfest.core.db.clock import database_now

EXPLAINED_FOR = dt.timedelta(days=1)
"""For how long the page of a confirmation that comes too late names what was released."""
TIME = dt.timedelta(minutes=30)
"""From the hand-over of the mail with the link until the address must be confirmed."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmation came to: registrations that stay, and those that it came too late for."""

    kept: list[Registration]
    lost: list[Registration]


def confirmation_due(student: Student, event: Event, now: dt.datetime) -> dt.datetime | None:
    """Until when a student's own registration made now must be confirmed; `None` where it need not be.

    Provisional: the hand-over of the mail moves it, and until then nothing is late. A student whose address was
    taken away a moment ago must enter one and confirm it.
    """
    if not event.fest.confirms_addresses or (student.email_verified_at and student.email):
        return None
    return now + TIME


def confirm_by_teacher(registrations: Iterable[Registration | None]) -> None:
    """A teacher who names a student vouches for what the student has already, where it was not released meanwhile."""
    pending = [one.pk for one in registrations if one and one.confirm_by]
    if pending:
        Registration.objects.active().filter(pk__in=pending).update(confirm_by=None)


def release_late(
    rows: Iterable[Seats], events: Mapping[int, Event], now: dt.datetime | None
) -> list[Registration]:
    """As `release`, for events of a fest that asks for confirmation; others cost no query."""
    required = [row for row in rows if row.pk in events and events[row.pk].fest.confirms_addresses]
    return release(required, now=now) if required and now else []


def release(rows: Iterable[Seats], *, now: dt.datetime) -> list[Registration]:
    """Cancels what was not confirmed in time in these locked events, and promotes the next; what was released.

    What has begun stays: the student may be inside.
    """
    seats = {row.pk: row for row in rows}
    late = _late(now).filter(event__in=seats, event__starts_at__gt=now).with_related().order_by("pk")
    released = list(late.select_for_update(no_key=True, of=("self",)))
    if not released:
        return []
    origin = Origin(Change.Cause.UNCONFIRMED, Change.Actor.SYSTEM, now)
    changes = give_up(released, seats, origin=origin)
    for row in seats.values():
        changes += promote(row, cause=Change.Cause.PROMOTED, now=now)
    registrations_changed.send(sender=Registration, changes=changes, now=now)
    return released


def release_due() -> int:
    """Releases everything that is late, one event a transaction; how many registrations."""
    _clear_where_not_required()
    return _release_where(Q())


def release_before_asking(event_ids: Iterable[int]) -> int:
    """As `release_due`, in these events: for a page that says how many seats there are before anything is done."""
    return _release_where(Q(event__in=list(event_ids)))


def _release_where(concerned: Q) -> int:
    now = database_now()
    late = _late(now).filter(concerned, event__starts_at__gt=now).order_by("event")
    return sum(_release_event(pk) for pk in late.values_list("event", flat=True).distinct())


def _clear_where_not_required() -> None:
    """Where the fest asks no more: if it asks again, that concerns later registrations only."""
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
        # The next round comes in half a minute.
        return 0


def pending_of(student: Student) -> RegistrationQuerySet:
    """What this student still has to confirm, by start."""
    rows = _unconfirmed().filter(student=student)
    return rows.with_related().order_by("event__starts_at", "pk")


def confirm(student_id: int, *, deadline: Deadline) -> Confirmed:
    """Takes the student's address as proven: what still waits for it stays, later registrations need no mail.

    A repeat changes nothing. Locks the Seats rows of the events, then the student. Raises `LockTimeout` after 3 s.
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
    # Read after the student's lock: a registration of a moment ago, of another event, is included.
    kept = list(pending_of(student))
    Registration.objects.filter(pk__in=[row.pk for row in kept]).update(confirm_by=None)
    return Confirmed(kept, _lost(student, now))


def _lost(student: Student, now: dt.datetime) -> list[Registration]:
    """What was released lately, by whatever was first to notice, and was not obtained again."""
    theirs = Registration.objects.filter(student=student)
    rows = theirs.filter(changes__cause=Change.Cause.UNCONFIRMED, changes__at__gt=now - EXPLAINED_FOR)
    again = theirs.active().values("event")
    found = rows.exclude(event__in=again).with_related().order_by("event__starts_at", "pk")
    return list({row.event_id: row for row in found}.values())


def _late(now: dt.datetime) -> RegistrationQuerySet:
    return _unconfirmed().filter(confirm_by__lte=now, confirm_mailed_at__isnull=False)


def _unconfirmed() -> RegistrationQuerySet:
    """What must be confirmed, while its fest asks for it."""
    return Registration.objects.active().filter(
        confirm_by__isnull=False, event__fest__confirms_addresses=True
    )


def time_left_of(registrations: Iterable[Registration]) -> dt.datetime | None:
    """Until when the first of these must be confirmed; `None` where no mail with the link is known to be sent."""
    return min(
        (one.confirm_by for one in registrations if one.confirm_by and one.confirm_mailed_at), default=None
    )
