"""One submitted form: registered once, answered again when repeated, or refused."""

import hashlib
import json
import uuid
from contextlib import suppress
from dataclasses import astuple, dataclass
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from registrations.booking.allocate import LockedReads, allocate_locked, allocate_to_newcomer, store_refusals
from registrations.booking.confirmation_deadline import confirm_by_teacher
from registrations.booking.errors import (
    AmbiguousIdentity,
    DuplicateKey,
    IdempotencyConflict,
    RegistrationRejected,
)
from registrations.booking.ledger import change_ledger
from registrations.booking.policy import SeatRequest, SeatResult
from registrations.models import Change, Consent, Refusal, School, Student, Submission
from registrations.questions.answers import queue_answers
from registrations.schools import find_or_create_school
from registrations.signals import attempt_noticed
from registrations.students.identity import (
    Details,
    described_student,
    identify,
    is_clearly_new,
    queue_newcomer,
    take_key,
)
from registrations.students.likeness import Likeness
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import queue_insert
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import LockTimeout

_INSERT = """
    INSERT INTO registrations_submission (key, link_id, origin, digest, student_id, created_student)
    SELECT $1, $2, $3, $4, id, $5 FROM registrations_student WHERE link_id = $6
    ON CONFLICT (key) DO NOTHING
    RETURNING id
"""
"""A used key must not raise a database error: the log would contain the key.

The student is found by the link's id, since a newcomer is inserted in the same round trip and its key is not known yet.
"""


_USED = "SELECT FROM registrations_submission WHERE key = $1 AND origin = $2"
"""Looked up after each refusal, nearly always in vain. Building the ORM's statement took 60 % of a refusal's time."""
_REVEALING = (Refusal.Reason.ALREADY, Refusal.Reason.CLASH, Refusal.Reason.EVENTS_CAP)
"""Reasons that depend on what a student already has."""


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """A cleaned form: who wants which events. `key` is the form's idempotency key.

    `student_id` replaces `details` when the student is known. A request by a `teacher` is for the teacher's
    own `school`, whatever the details say, and the teacher declares the student's consent.
    """

    key: uuid.UUID
    fest_id: int
    event_ids: tuple[int, ...]
    wants_waiting: bool
    details: Details | None = None
    student_id: int | None = None
    consent_text_id: int | None = None
    teacher: Any = None
    school: School | None = None
    answers: tuple[tuple[int, str], ...] = ()
    """Answers by the id of their question."""

    @property
    def actor(self) -> str:
        return Change.Actor.TEACHER if self.teacher else Change.Actor.STUDENT

    @property
    def origin(self) -> Submission.Origin:
        if self.teacher:
            return Submission.Origin.TEACHER
        return Submission.Origin.FORM if self.details else Submission.Origin.STUDENT

    @property
    def digest(self) -> bytes:
        """Equal for requests with the same content; the key is not part of it."""
        who = astuple(self.details) if self.details else self.student_id
        content: list[Any] = [self.fest_id, sorted(self.event_ids), self.wants_waiting, who]
        if self.answers:
            content.append(sorted(self.answers))
        return hashlib.sha256(json.dumps(content).encode()).digest()


def submit(request: BookingRequest, *, deadline: Deadline) -> Submission:
    """Registers once per idempotency key: a double click, a reload or a proxy's repeat returns the first submission.

    One transaction: the submission, its registrations, tickets and mails are committed when this returns.

    Raises `RegistrationRejected` if nothing was obtained, `AmbiguousIdentity` if the name may be that of another
    student and something could be obtained, `IdempotencyConflict` if the key was used for other content or by
    another kind of form, and `LockTimeout` if the database did not answer in time. After `LockTimeout` the
    outcome may be unknown; sending the same request again returns it.
    """
    try:
        return _register(request, deadline)
    except (DuplicateKey, RegistrationRejected, AmbiguousIdentity) as error:
        if earlier := _find(request):
            return earlier
        if isinstance(error, DuplicateKey):
            raise IdempotencyConflict from None
        if isinstance(error, RegistrationRejected) and request.teacher:
            confirm_by_teacher(result.before for result in error.seat_results)
        _refuse_like_a_newcomer(request, error, deadline)
        if isinstance(error, AmbiguousIdentity) and not request.teacher:
            _notice_attempt(error)
        raise


def _refuse_like_a_newcomer(request: BookingRequest, error: Exception, deadline: Deadline) -> None:
    """Raises `RegistrationRejected` with a newcomer's reasons if a newcomer could not obtain anything either.

    Otherwise anyone with a child's name and grade could find out whether the child is registered. The public
    form reveals that only when a seat or a position on the waiting list is to be had.
    """
    if request.origin != Submission.Origin.FORM or request.details is None or not _reveals_student(error):
        return
    seat_results = allocate_to_newcomer(
        request.event_ids,
        fest_id=request.fest_id,
        grade=request.details.grade,
        wants_waiting=request.wants_waiting,
        deadline=deadline,
    )
    if not any(result.registration for result in seat_results):
        raise RegistrationRejected(seat_results) from None


def _reveals_student(error: Exception) -> bool:
    """Whether the refusal would differ for an unknown student."""
    if isinstance(error, RegistrationRejected):
        return _are_revealing(error.seat_results)
    return isinstance(error, AmbiguousIdentity)


def _are_revealing(seat_results: list[SeatResult]) -> bool:
    return any(result.decision.reason in _REVEALING for result in seat_results)


def _register(request: BookingRequest, deadline: Deadline) -> Submission:
    """Registers a newcomer in two round trips; another student takes a second transaction, with `identify`."""
    if request.details:
        with suppress(_NotNew):
            return in_transaction(lambda: _attempt(request, deadline, as_newcomer=True), deadline=deadline)
        # A repeat meets the student whom its first copy inserted. It must not lock the seats again to find that out.
        if earlier := _find(request):
            return earlier
    return in_transaction(lambda: _attempt(request, deadline, as_newcomer=False), deadline=deadline)


class _NotNew(Exception):
    """A student of this name, or of a similar one, exists.

    The seats are locked already, and students must not be inserted under their locks.
    """


def _attempt(request: BookingRequest, deadline: Deadline, *, as_newcomer: bool) -> Submission:
    """One round trip inserts, locks and reads; then the rules decide; a second one writes and commits."""
    batch, inserted = Batch(prepares=True), None
    if as_newcomer:
        student, is_new = _described(request), True
        deadline.limit_locks(batch)
        inserted = queue_newcomer(batch, student)
    else:
        deadline.limit_locks()
        student, is_new = _identified(request)
        deadline.limit_locks(batch)
    submission = _submission(request, student, is_new=is_new)
    stored = _queue_submission(batch, submission)
    known = () if is_new else (student,)
    locked = LockedReads(batch, request.event_ids, known, count=len(request.event_ids), deadline=deadline)
    batch.send()
    if inserted and not _is_clearly_new(request, student, inserted):
        raise _NotNew
    locked.require_students()
    if not take_key(submission, stored):
        raise DuplicateKey
    submission.student = student  # whose primary key is known only now
    _decide_and_write(request, submission, locked, batch)
    return submission


def _decide_and_write(
    request: BookingRequest, submission: Submission, locked: LockedReads, batch: Batch
) -> None:
    """Raises `RegistrationRejected` if nothing was obtained."""
    student, is_new, teacher = submission.student, submission.created_student, request.teacher
    seat_requests = [
        SeatRequest(student, event, request.wants_waiting, is_new, submission, uses_hold=teacher is not None)
        for event in request.event_ids
    ]
    with change_ledger(batch=batch, commit=True):
        seat_results = allocate_locked(seat_requests, locked, actor=request.actor, user=teacher)
        if not any(result.registration for result in seat_results):
            held = locked.engagements()[student.pk] if _are_revealing(seat_results) else []
            raise RegistrationRejected(seat_results, [registration.event for registration in held])
        if is_new and request.consent_text_id:
            basis = Consent.Basis.TEACHER if teacher else Consent.Basis.FORM
            consent = Consent(student=student, text_id=request.consent_text_id, basis=basis, user=teacher)
            queue_insert(batch, [consent])
        if request.answers:
            had = {result.event_id for result in seat_results if result.registration or result.before}
            queue_answers(batch, request.answers, student=student, event_ids=had)
        store_refusals([(submission, result) for result in seat_results], batch)


def _find(request: BookingRequest) -> Submission | None:
    """The submission that used this key before, if the same kind of form sent it.

    It is looked up only after an attempt failed: nearly every request is the first, and the unique key makes
    every repeat fail. A key of a class list or of a teacher's page finds nothing in the public form.
    """
    batch = Batch()
    used = batch.add(_USED, [request.key, request.origin])
    batch.send()
    if not used.rows:
        return None
    submission = Submission.objects.select_related("student__school").filter(key=request.key).first()
    if submission and bytes(submission.digest) != request.digest:
        raise IdempotencyConflict(submission)
    return submission


def _described(request: BookingRequest) -> Student:
    """The student of the form, not saved yet."""
    details = cast("Details", request.details)
    school = request.school or find_or_create_school(details.school)
    return described_student(details, fest_id=request.fest_id, school=school)


def _is_clearly_new(request: BookingRequest, student: Student, inserted: Result) -> bool:
    is_another = request.details is not None and request.details.is_another
    return is_clearly_new(student, inserted, is_another=is_another, is_staff=request.teacher is not None)


def _identified(request: BookingRequest) -> tuple[Student, bool]:
    """The student, and whether the row was inserted here."""
    if request.details is None:
        known = Student.objects.known().select_related("school").filter(pk=request.student_id or 0).first()
        if known is None:
            # Erased or merged since the page was opened; the link is dead when the form is sent again.
            raise LockTimeout
        return known, False
    school = request.school or find_or_create_school(request.details.school)
    is_staff = request.teacher is not None
    return identify(request.details, fest_id=request.fest_id, school=school, is_staff=is_staff)


def _submission(request: BookingRequest, student: Student, *, is_new: bool) -> Submission:
    return Submission(
        key=request.key,
        origin=request.origin,
        digest=request.digest,
        student=student,
        created_student=is_new,
    )


def _queue_submission(batch: Batch, submission: Submission) -> Result:
    """Queue the insert of the submission; the result has no row if its key was used before.

    A repeat that is sent at the same moment makes the insert wait, while nothing is locked yet.
    """
    new, student = submission, submission.student
    given = [new.key, new.link_id, new.origin, new.digest, new.created_student, student.link_id]
    return batch.add(_INSERT, given)


def _notice_attempt(error: AmbiguousIdentity) -> None:
    """Notify the registered student, unless only initials agree: that is most likely another child."""
    if error.likeness < Likeness.RESPELT:
        return
    with transaction.atomic():
        attempt_noticed.send(sender=Student, student=error.student, now=timezone.now())
