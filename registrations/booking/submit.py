"""One pressed button: replayed, refused, or turned into registrations."""

import hashlib
import json
import uuid
from dataclasses import astuple, dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from registrations.booking.allocate import SeatRequest, allocate, store_refusals
from registrations.booking.confirmation_deadline import confirm_by_teacher
from registrations.booking.errors import (
    AmbiguousIdentity,
    DuplicateKey,
    IdempotencyConflict,
    LockTimeout,
    RegistrationRejected,
)
from registrations.booking.unknown_student import outcomes_of_newcomer
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Consent, Refusal, School, Student, Submission
from registrations.schools import find_or_create_school
from registrations.signals import attempt_noticed
from registrations.students.identity import Details, identify

_INSERT = """
    WITH pressed AS (
        INSERT INTO registrations_submission
            (key, link_id, origin, digest, student_id, created_student)
        VALUES (%(key)s, %(link_id)s, %(origin)s, %(digest)s, %(student)s, %(is_new)s)
        ON CONFLICT (key) DO NOTHING
        RETURNING id
    ), agreed AS (
        INSERT INTO registrations_consent (student_id, text_id, basis, user_id)
        SELECT %(student)s::bigint, %(text)s::bigint, %(basis)s, %(user)s::integer
        WHERE %(text)s::bigint IS NOT NULL
    )
    SELECT id FROM pressed
"""
"""A key that is taken is no error of the database, whose log would name it."""


_OF_A_KNOWN_STUDENT = (Refusal.Reason.ALREADY, Refusal.Reason.CLASH)


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """A cleaned form. `student_id` stands instead of the details where it is known who it is.

    Behind a teacher's press stands the `teacher`, with the consent that the teacher declares; it names the
    own `school`, whatever the details say.
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
        """What makes two presses the same: everything but the key."""
        who = astuple(self.details) if self.details else self.student_id
        content = [self.fest_id, sorted(self.event_ids), self.wants_waiting, who]
        return hashlib.sha256(json.dumps(content).encode()).digest()


def submit(request: BookingRequest, *, deadline: Deadline) -> Submission:
    """Registers, once per key: a double click, a reload, a proxy's repeat get the first answer again.

    The Submission, its registrations, their tickets and mails are committed when this returns. Raises
    `RegistrationRejected` when nothing was obtained, `AmbiguousIdentity` when the name belongs to another student
    and something could be obtained, `IdempotencyConflict` when the key was used for another form or elsewhere,
    `LockTimeout` when the database did not answer in time. After `LockTimeout` the outcome may be unknown: the same
    submission sent again returns it.
    """
    try:
        return in_transaction(lambda: _attempt(request, deadline), deadline=deadline)
    except (DuplicateKey, RegistrationRejected, AmbiguousIdentity) as error:
        if earlier := _find(request):
            return earlier
        if isinstance(error, DuplicateKey):
            raise IdempotencyConflict from None
        if isinstance(error, RegistrationRejected) and request.teacher:
            confirm_by_teacher(outcome.before for outcome in error.seat_results)
        _refuse_as_a_newcomer(request, error, deadline)
        if isinstance(error, AmbiguousIdentity) and not request.teacher:
            _notice_attempt(error.student)
        raise


def _refuse_as_a_newcomer(request: BookingRequest, error: Exception, deadline: Deadline) -> None:
    """Raises `RegistrationRejected` with a newcomer's reasons where nobody could obtain anything by this public form.

    Otherwise an event that does not fit would tell anybody with a name and a grade whether that child is
    registered. It is told only where a seat or a place in line is to be had.
    """
    if request.origin != Submission.Origin.FORM or request.details is None or not _reveals_student(error):
        return
    seat_results = outcomes_of_newcomer(
        request.event_ids,
        fest_id=request.fest_id,
        grade=request.details.grade,
        wants_waiting=request.wants_waiting,
        deadline=deadline,
    )
    if not any(outcome.registration for outcome in seat_results):
        raise RegistrationRejected(seat_results) from None


def _reveals_student(error: Exception) -> bool:
    """Whether the refusal would differ for a student whom nobody knows."""
    if isinstance(error, RegistrationRejected):
        return any(one.decision.reason in _OF_A_KNOWN_STUDENT for one in error.seat_results)
    return isinstance(error, AmbiguousIdentity)


def _attempt(request: BookingRequest, deadline: Deadline) -> Submission:
    deadline.limit_locks()
    student, is_new = _student(request)
    deadline.limit_locks()
    submission = _insert_submission(request, student, is_new=is_new)
    seat_requests = [
        SeatRequest(
            student, event, request.wants_waiting, is_new, submission, uses_hold=request.teacher is not None
        )
        for event in request.event_ids
    ]
    seat_results = allocate(seat_requests, actor=request.actor, user=request.teacher, deadline=deadline)
    if not any(outcome.registration for outcome in seat_results):
        raise RegistrationRejected(seat_results)
    store_refusals([(submission, outcome) for outcome in seat_results])
    return submission


def _find(request: BookingRequest) -> Submission | None:
    """The submission that used this key before. It is looked for only where the attempt fails, since nearly
    every press is the first one; the unique key makes each repeat fail.

    A key opens an answer only where it was used before: one of a class list or of a teacher's page opens
    nothing in the public form.
    """
    rows = Submission.objects.filter(key=request.key, origin=request.origin).select_related("student__school")
    submission = rows.first()
    if submission and bytes(submission.digest) != request.digest:
        raise IdempotencyConflict(submission)
    return submission


def _student(request: BookingRequest) -> tuple[Student, bool]:
    if request.details is None:
        known = Student.objects.known().select_related("school").filter(pk=request.student_id or 0).first()
        if known is None:
            # Erased or merged since the page was opened; the link of whoever sends it again is dead.
            raise LockTimeout
        return known, False
    school = request.school or find_or_create_school(request.details.school)
    return identify(request.details, fest_id=request.fest_id, school=school)


def _insert_submission(request: BookingRequest, student: Student, *, is_new: bool) -> Submission:
    """The press, and the consent of a student who is new with it.

    A repeat of this press, sent at the same moment, makes the insert wait, and this one give way.
    """
    submission = Submission(
        key=request.key,
        origin=request.origin,
        digest=request.digest,
        student=student,
        created_student=is_new,
    )
    given: dict[str, Any] = {
        "key": request.key,
        "link_id": submission.link_id,
        "origin": request.origin.value,
        "digest": request.digest,
        "student": student.pk,
        "is_new": is_new,
        "text": request.consent_text_id if is_new else None,
        "basis": (Consent.Basis.TEACHER if request.teacher else Consent.Basis.FORM).value,
        "user": request.teacher.pk if request.teacher else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, given)
        row = cursor.fetchone()
    if row is None:
        raise DuplicateKey
    (submission.pk,) = row
    submission._state.adding = False
    return submission


def _notice_attempt(student: Student) -> None:
    with transaction.atomic():
        attempt_noticed.send(sender=Student, student=student, now=timezone.now())
