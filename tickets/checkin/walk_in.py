"""Walk-ins: a person without a seat gets seat, ticket and check-in in one transaction, or nothing."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from registrations.booking.errors import ActionRejected, AmbiguousIdentity
from registrations.booking.walk_in import WalkIn, seat
from registrations.models import Consent, Registration, Student
from registrations.schools import find_or_create_school
from registrations.students.consents import current_text
from registrations.students.identity import Details, identify
from techfest.core.db.locking import Deadline, in_transaction
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.checkin.entry import enter
from tickets.checkin.scan import DuplicateScan, insert_scan
from tickets.models import CheckIn, Scan, Ticket


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person who was never registered, with a parent's consent seen on paper."""

    details: Details
    event_id: int


def seat_waiting(
    registration: Registration, *, checkpoint: Checkpoint, key: uuid.UUID, user: Any, reason: str
) -> Scan:
    """Gives a waiting student a seat and checks them in; returns the scan with this key, also on repetition.

    Raises `ActionRejected` with the reason, and `LockTimeout` after 3 s. Takes the locks of
    `registrations.booking.walk_in.seat`.
    """
    deadline = Deadline()

    def work() -> Scan:
        walk_in = WalkIn(registration.student, registration.event_id, user, reason)
        return _come_in(walk_in, checkpoint, key, deadline)

    return _once(work, key, deadline)


def seat_newcomer(
    newcomer: Newcomer, *, checkpoint: Checkpoint, key: uuid.UUID, user: Any, reason: str
) -> Scan:
    """Registers a person at the door, with consent on paper, and checks them in.

    Like `seat_waiting`; also raises `AmbiguousIdentity` if name and grade match more than one student.
    """
    deadline = Deadline()

    def work() -> Scan:
        student = _student(newcomer, checkpoint, user)
        return _come_in(WalkIn(student, newcomer.event_id, user, reason), checkpoint, key, deadline)

    return _once(work, key, deadline)


def _once(work: Any, key: uuid.UUID, deadline: Deadline) -> Scan:
    """Runs `work` once per key; a repeated submission gets the first scan."""
    known = Scan.objects.filter(key=key).first()
    if known is not None:
        return known
    try:
        scan: Scan = in_transaction(work, deadline=deadline)
    except (IntegrityError, DuplicateScan, ActionRejected, AmbiguousIdentity):
        earlier = Scan.objects.filter(key=key).first()
        if earlier is None:
            raise
        return earlier
    forget()
    return scan


def _student(newcomer: Newcomer, checkpoint: Checkpoint, user: Any) -> Student:
    school = find_or_create_school(newcomer.details.school)
    student, _is_new = identify(newcomer.details, fest_id=checkpoint.fest.pk, school=school)
    Consent.objects.get_or_create(
        student=student,
        text=current_text(checkpoint.fest),
        basis=Consent.Basis.PAPER,
        defaults={"user": user},
    )
    return student


def _come_in(walk_in: WalkIn, checkpoint: Checkpoint, key: uuid.UUID, deadline: Deadline) -> Scan:
    registration = seat(walk_in, latest_unclaimed=latest_unclaimed, deadline=deadline)
    ticket = Ticket.objects.live().get(registration=registration)
    how = CheckIn.How.WALK_IN
    at = enter([ticket.code], checkpoint=checkpoint, user=walk_in.user, how=how, reason=walk_in.reason)[
        ticket.pk
    ]
    scan = Scan(
        key=key,
        at=at,
        user=walk_in.user,
        gate=checkpoint.gate,
        where=checkpoint.name[:100],
        ticket=ticket,
        registration=registration,
        verdict=Scan.Verdict.IN,
    )
    insert_scan(scan)
    return scan


def latest_unclaimed(event_id: int) -> Registration | None:
    """The most recent confirmed registration whose ticket is not in, locked.

    A check-in locks the registration too, so a check-in in progress is waited for, and its registration is then
    skipped.
    """
    passed: list[int] = []
    while True:
        rows = Registration.objects.filter(
            event=event_id,
            state=Registration.State.CONFIRMED,
            tickets__voided_at=None,
            tickets__checked_in_at=None,
        )
        rows = rows.exclude(pk__in=passed).order_by("-queue_position")
        locked = rows.select_for_update(no_key=True, of=("self",)).select_related(
            "event__fest", "event__venue", "student__school"
        )
        row = locked.first()
        if (
            row is None
            or not Ticket.objects.live().filter(registration=row, checked_in_at__isnull=False).exists()
        ):
            return row
        passed.append(row.pk)
