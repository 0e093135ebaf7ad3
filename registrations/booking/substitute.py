"""Substituting a student of the same school: the seat stays, its holder changes."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import (
    ActionRejected,
    AmbiguousIdentity,
    DuplicateKey,
    IdempotencyConflict,
    RegistrationRejected,
)
from registrations.booking.ledger import change_ledger
from registrations.booking.messages import refusal_about
from registrations.booking.policy import SeatCounter, SeatRequest, SeatResult, closed_reason, decide
from registrations.booking.state import Origin, create, move
from registrations.models import Change, Consent, Registration, Student, Submission
from registrations.students.identity import Details, identify
from techfest.core.db.bulk import insert_new
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

State = Registration.State
REPLACEABLE = (State.CONFIRMED, State.WAITING)
"""States whose seat or rank can be handed on; an offer is made to one person."""


@dataclass(frozen=True, slots=True)
class Substitution:
    """The registrations to hand over and who gets them; `key` is the form's idempotency key.

    The newcomer is a known student of the school (`newcomer_id`) or described by `details`. The teacher
    declares the newcomer's consent to `consent_text_id`. `actor` and `user` are who requests it.
    """

    key: uuid.UUID
    registration_ids: tuple[int, ...]
    actor: str
    user: Any
    consent_text_id: int
    newcomer_id: int | None = None
    details: Details | None = None

    @property
    def digest(self) -> bytes:
        who = astuple(self.details) if self.details else self.newcomer_id
        content = ["replaced", sorted(self.registration_ids), who]
        return hashlib.sha256(json.dumps(content).encode()).digest()


def replace(wanted: Substitution, *, deadline: Deadline) -> Submission:
    """Cancels these registrations of one student and gives each seat or rank to the newcomer. All or none.

    One transaction: the seat is never free, so nobody else can take it and nobody is promoted into it. The
    newcomer takes over the queue position. The counts stay as they are. Locks the Seats rows of the events,
    then both students, then the registrations.

    Raises `RegistrationRejected` if the newcomer may not take part (grade, clash, already registered, closed),
    `ActionRejected` if there is nothing to hand over or the newcomer is of another school, `AmbiguousIdentity`
    if the name is not clear, and `IdempotencyConflict` and `LockTimeout` as `submit` does.
    """
    try:
        return in_transaction(lambda: _replace(wanted, deadline), deadline=deadline)
    except (DuplicateKey, ActionRejected, RegistrationRejected, AmbiguousIdentity) as error:
        if earlier := _find(wanted):
            return earlier
        if isinstance(error, DuplicateKey):
            raise IdempotencyConflict from None
        raise


def why_too_late(registration: Registration, now: datetime) -> str:
    """Return why no one can take over this registration now, whoever it is; empty if another student can."""
    reason = closed_reason(registration.event, now)
    return refusal_about(registration.event, reason, None, registration.student.name) if reason else ""


def _replace(wanted: Substitution, deadline: Deadline) -> Submission:
    given_up = Registration.objects.filter(pk__in=wanted.registration_ids)
    leaver = Student.objects.filter(registrations__in=given_up).select_related("school", "fest").first()
    if leaver is None:
        raise ActionRejected(_("This registration is not there any more."))
    deadline.limit_locks()
    newcomer, is_new = _newcomer(wanted, leaver)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(given_up.values_list("event_id", flat=True))}
    deadline.limit_locks()
    held = _engagements(leaver, newcomer)
    events, now = read_locked_events(seats)
    if now is None:
        raise ActionRejected(_("This registration is not there any more."))
    held = _without_late(held, wanted, release_late(seats.values(), events, now))
    rows = given_up.filter(student=leaver, state__in=REPLACEABLE).with_related().order_by("pk")
    registrations = list(rows.select_for_update(no_key=True, of=("self",)))
    if len(registrations) != len(set(wanted.registration_ids)):
        raise ActionRejected(_("This registration is not there any more."))
    _require_eligible(registrations, newcomer, is_new, events, held, now)
    submission = _insert_submission(wanted, newcomer, is_new=is_new)
    origin = Origin(Change.Cause.REPLACED, wanted.actor, now, user=wanted.user)
    _hand_over(registrations, newcomer, submission, origin, seats)
    return submission


def _without_late(
    held: list[Registration], wanted: Substitution, released: Iterable[Registration]
) -> list[Registration]:
    """`held` without released registrations. Raises `ActionRejected` if one of them was to be handed over."""
    late = {row.pk: row for row in released}
    for pk in wanted.registration_ids:
        if pk in late:
            words = _(
                "The address was not confirmed in time, so this seat in %(event)s goes to the next on the "
                "waiting list. Register the other student instead."
            )
            raise ActionRejected(words % {"event": late[pk].event.name})
    return [row for row in held if row.pk not in late]


def _find(wanted: Substitution) -> Submission | None:
    """The submission that used this key before."""
    rows = Submission.objects.filter(key=wanted.key, origin=Submission.Origin.TEACHER)
    submission = rows.select_related("student").first()
    if submission and bytes(submission.digest) != wanted.digest:
        raise IdempotencyConflict(submission)
    return submission


def _newcomer(wanted: Substitution, leaver: Student) -> tuple[Student, bool]:
    """The newcomer, inserted here if new: a row that does not exist yet cannot be locked."""
    if wanted.details:
        newcomer, is_new = identify(
            wanted.details, fest_id=leaver.fest_id, school=leaver.school, is_staff=True
        )
    else:
        school = Student.objects.known().filter(school=leaver.school_id, fest=leaver.fest_id)
        found = school.select_related("school").filter(pk=wanted.newcomer_id or 0).first()
        if found is None:
            raise ActionRejected(_("Only a student of the same school can take over."))
        newcomer, is_new = found, False
    if newcomer.pk == leaver.pk:
        raise ActionRejected(_("This is the same student."))
    return newcomer, is_new


def _engagements(leaver: Student, newcomer: Student) -> list[Registration]:
    """The newcomer's active registrations, read after both students are locked."""
    locked = {
        student.pk: student for student in Student.objects.filter(pk__in=(leaver.pk, newcomer.pk)).locked()
    }
    if len(locked) < 2:
        raise ConcurrentUpdate  # one of them was merged meanwhile
    if any(student.erased_at for student in locked.values()):
        raise ActionRejected(_("This registration is not there any more."))
    newcomer.grade, newcomer.email = locked[newcomer.pk].grade, locked[newcomer.pk].email
    return list(Registration.objects.active().filter(student=newcomer).select_related("event"))


def _require_eligible(
    registrations: Sequence[Registration],
    newcomer: Student,
    is_new: bool,
    events: dict[int, Event],
    held: list[Registration],
    now: datetime,
) -> None:
    """Applies the rules of every request, with the one seat that is handed over. Each one counts for the next."""
    seat_results, held = [], list(held)
    for registration in registrations:
        event = events.get(registration.event_id)
        seat_request = SeatRequest(newcomer, registration.event_id, is_new=is_new)
        their_seat = SeatCounter(Seats(pk=registration.event_id, capacity=1))
        decision = decide(seat_request, event, their_seat, held, now)
        seat_results.append(SeatResult(registration.event_id, event, decision))
        held.append(registration)
    if any(result.decision.reason for result in seat_results):
        raise RegistrationRejected([result for result in seat_results if result.decision.reason])


def _insert_submission(wanted: Substitution, newcomer: Student, *, is_new: bool) -> Submission:
    submission = Submission(
        key=wanted.key,
        origin=Submission.Origin.TEACHER,
        digest=wanted.digest,
        student=newcomer,
        created_student=is_new,
    )
    if not insert_new([submission]):
        raise DuplicateKey
    Consent.objects.bulk_create(
        [
            Consent(
                student=newcomer,
                text_id=wanted.consent_text_id,
                basis=Consent.Basis.TEACHER,
                user=wanted.user,
            )
        ],
        ignore_conflicts=True,
    )
    return submission


def _hand_over(
    registrations: Sequence[Registration],
    newcomer: Student,
    submission: Submission,
    origin: Origin,
    seats: dict[int, Seats],
) -> None:
    newcomers = [_successor(row, newcomer, submission, origin.at) for row in registrations]
    with change_ledger():
        move(registrations, to=State.CANCELLED, origin=origin)
        _give_end_queue_positions(registrations, seats)
        create(newcomers, origin=origin)


def _successor(
    registration: Registration, newcomer: Student, submission: Submission, now: datetime
) -> Registration:
    """The same state, queue position and hold."""
    return Registration(
        event=registration.event,
        student=newcomer,
        submission=submission,
        hold_id=registration.hold_id,
        state=registration.state,
        queue_position=registration.queue_position,
        created_at=now,
    )


def _give_end_queue_positions(registrations: Iterable[Registration], seats: dict[int, Seats]) -> None:
    """Gives the cancelled registrations new queue positions at the end: positions are never reused."""
    for registration in registrations:
        registration.queue_position = seats[registration.event_id].last_queue_position + 1
        Registration.objects.filter(pk=registration.pk).update(queue_position=registration.queue_position)
        moved = Seats.objects.filter(
            pk=registration.event_id, last_queue_position=registration.queue_position - 1
        )
        if not moved.update(last_queue_position=F("last_queue_position") + 1):
            raise ConcurrentUpdate
