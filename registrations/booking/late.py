"""Registrations that an organiser adds, also after registration has closed; the reason is kept in the audit log."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.allocate import add_counts
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import (
    ActionRejected,
    AmbiguousIdentity,
    DuplicateKey,
    IdempotencyConflict,
)
from registrations.booking.ledger import change_ledger, require_ledger
from registrations.booking.messages import refusal_about, why_event_is_off
from registrations.booking.policy import Decision, SeatCounter, SeatRequest, decide_seat
from registrations.booking.state import Origin, create
from registrations.holds.reserve import end_what_is_over
from registrations.models import Change, Consent, Refusal, Registration, Student, Submission
from registrations.schools import find_or_create_school
from registrations.students.identity import Details, identify
from techfest.core.db.bulk import insert_new
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

ORGANISER = Submission.Origin.ORGANISER


@dataclass(frozen=True, slots=True, kw_only=True)
class LateRegistration:
    """Who is registered for which event, by which organiser and why; `key` is the form's idempotency key.

    The student is known (`student_id`) or described by `details`; of a new student the organiser has a consent on
    paper to the text `consent_text_id`.
    """

    key: uuid.UUID
    fest_id: int
    event_id: int
    may_wait: bool
    reason: str
    user: Any
    student_id: int = 0
    details: Details | None = None
    consent_text_id: int | None = None

    @property
    def digest(self) -> bytes:
        who = astuple(self.details) if self.details else self.student_id
        content = ["added", self.event_id, self.may_wait, who]
        return hashlib.sha256(json.dumps(content).encode()).digest()


def add_registration(wanted: LateRegistration, *, deadline: Deadline) -> Registration:
    """Registers the student once per idempotency key, and returns the registration.

    Grade, clashes, seats and the waiting list are decided as for every request; opening hours are not. One
    transaction: ticket and mail exist when this returns. Locks the event's Seats row, then the student. Raises
    `ActionRejected` with the reason, `AmbiguousIdentity` if the name is not clear, `IdempotencyConflict` if the key
    was used for other content, and `LockTimeout` after 3 s.
    """
    try:
        return in_transaction(lambda: _add(wanted, deadline), deadline=deadline)
    except (DuplicateKey, ActionRejected, AmbiguousIdentity) as error:
        if earlier := _find(wanted):
            return earlier
        if isinstance(error, DuplicateKey):
            raise IdempotencyConflict from None
        raise


def _find(wanted: LateRegistration) -> Registration | None:
    """The registration that this form made when it was sent before."""
    submission = Submission.objects.filter(key=wanted.key, origin=ORGANISER).first()
    if submission and bytes(submission.digest) != wanted.digest:
        raise IdempotencyConflict(submission)
    rows = Registration.objects.filter(submission=submission) if submission else Registration.objects.none()
    return rows.with_related().first()


def _add(wanted: LateRegistration, deadline: Deadline) -> Registration:
    deadline.limit_locks()
    student, is_new = _student(wanted)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked([wanted.event_id])}
    deadline.limit_locks()
    _lock(student)
    events, now = read_locked_events(seats)
    event = events.get(wanted.event_id)
    if event is None or now is None or event.fest_id != student.fest_id:
        raise ActionRejected(_("There is no such event."))
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    if refusal := why_event_is_off(event, now):
        raise ActionRejected(refusal)
    seat_counter = SeatCounter(seats[event.pk])
    held = list(Registration.objects.active().filter(student=student).select_related("event"))
    decision = _decide(SeatRequest(student, event.pk, wanted.may_wait), event, seat_counter, held, now)
    submission = _insert_submission(wanted, student, is_new=is_new)
    registration = Registration(
        event=event,
        student=student,
        submission=submission,
        state=decision.state,
        queue_position=seat_counter.give_queue_position(decision.state),
        created_at=now,
    )
    with change_ledger():
        actor = Change.Actor.ORGANISER
        create([registration], origin=Origin(Change.Cause.SUBMITTED, actor, now, wanted.user, wanted.reason))
        add_counts(seat_counter, require_ledger().batch)
    return registration


def _decide(
    seat_request: SeatRequest, event: Event, seat_counter: SeatCounter, held: Sequence[Registration], now: Any
) -> Decision:
    """Returns the decision for a seat or a rank. Raises `ActionRejected` with the reason if there is none."""
    if any(one.event_id == event.pk for one in held):
        decision = Decision(reason=Refusal.Reason.ALREADY)
    else:
        decision = decide_seat(seat_request, event, seat_counter, held, now)
    if decision.reason:
        name = seat_request.student.name
        raise ActionRejected(refusal_about(event, decision.reason, decision.other, name))
    return decision


def _student(wanted: LateRegistration) -> tuple[Student, bool]:
    """The student, and whether the row was inserted here: a row that does not exist yet cannot be locked."""
    if wanted.details:
        school = find_or_create_school(wanted.details.school)
        return identify(wanted.details, fest_id=wanted.fest_id, school=school, is_staff=True)
    known = Student.objects.known().select_related("school").filter(pk=wanted.student_id).first()
    if known is None:
        raise ActionRejected(_("This student was erased or merged. Search for the name again."))
    return known, False


def _lock(student: Student) -> None:
    """Locks the student and reads the grade anew. Starts again if the row was merged or erased meanwhile."""
    for row in Student.objects.filter(pk=student.pk, erased_at=None).locked():
        student.grade, student.email = row.grade, row.email
        return
    raise ConcurrentUpdate


def _insert_submission(wanted: LateRegistration, student: Student, *, is_new: bool) -> Submission:
    submission = Submission(
        key=wanted.key, origin=ORGANISER, digest=wanted.digest, student=student, created_student=is_new
    )
    if not insert_new([submission]):
        raise DuplicateKey
    if wanted.consent_text_id:
        given = Consent(
            student=student, text_id=wanted.consent_text_id, basis=Consent.Basis.PAPER, user=wanted.user
        )
        Consent.objects.bulk_create([given], ignore_conflicts=True)
    return submission
