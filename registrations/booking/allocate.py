"""The seat transaction: locks the events, decides every request by the rules of `policy`, and writes the result."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.db import connection, transaction

from events.locked_reads import EVENT_COLUMNS, events_of, queue_read
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import confirm_by_teacher, release_late
from registrations.booking.ledger import change_ledger, require_ledger
from registrations.booking.policy import SeatCounter, SeatRequest, SeatResult, decide_all
from registrations.booking.state import Origin, create, queue_keys
from registrations.holds.reserve import holds_in_time
from registrations.models import Change, Hold, Refusal, Registration, Student, Submission
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import columns, insert_new, queue_insert
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

_COLUMNS = columns(Registration)
_LOCK_STUDENTS = """
    SELECT id, grade, email, email_verified_at, erased_at FROM registrations_student
    WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
"""
_ACTIVE = (
    f"SELECT {', '.join(f'r.{name}' for name in _COLUMNS)}, {', '.join(f'e.{name}' for name in EVENT_COLUMNS)}"  # noqa: S608
    " FROM registrations_registration r JOIN events_event e ON e.id = r.event_id"
    " WHERE r.student_id = ANY($1::bigint[]) AND r.state <> 'cancelled'"
)


class LockedReads:
    """The locks of the seat transaction and what is read behind them, as statements of one batch.

    Locks the Seats rows of the events in primary-key order, then the students who already existed. Everything that
    is decided, the time included, is read after these locks. The properties are known once the batch was sent.
    """

    def __init__(
        self,
        batch: Batch,
        event_ids: Collection[int],
        students: Iterable[Student] = (),
        *,
        count: int,
        deadline: Deadline,
    ) -> None:
        """`count` registrations at most will be created. What the batch has already must not lock seats."""
        self._students: dict[int, list[Student]] = defaultdict(list)
        for student in students:
            self._students[student.pk].append(student)
        if batch.is_empty:
            deadline.limit_locks(batch)
        else:
            deadline.limit_next(batch)
        self._seats = Seats.objects.queue_lock(batch, event_ids)
        self._locked, self._active = Result(rows=[]), Result(rows=[])
        if self._students:
            deadline.limit_next(batch)
            self._locked = batch.add(_LOCK_STUDENTS, [list(self._students)])
            self._active = batch.add(_ACTIVE, [list(self._students)])
        self._events = queue_read(batch, event_ids)
        self.keys = queue_keys(batch, count)

    @cached_property
    def seats(self) -> dict[int, Seats]:
        return {row.pk: row for row in Seats.objects.from_rows(self._seats)}

    @cached_property
    def events_and_time(self) -> tuple[dict[int, Event], dt.datetime | None]:
        return events_of(self._events)

    def require_students(self) -> None:
        """Raises `ConcurrentUpdate` if a student was merged or erased while this transaction waited.

        It starts again, as if the form had been sent afterwards.
        """
        rows = self._locked.rows
        if len(rows) < len(self._students) or any(erased_at for *_values, erased_at in rows):
            raise ConcurrentUpdate

    def engagements(self) -> dict[int, list[Registration]]:
        """Updates the students from their rows, and returns their active registrations by student id."""
        self.require_students()
        for pk, grade, email, verified_at, _erased_at in self._locked.rows:
            for student in self._students[pk]:
                student.grade, student.email, student.email_verified_at = grade, email, verified_at
        engaged: dict[int, list[Registration]] = defaultdict(list)
        for row in self._active.rows:
            registration = Registration.from_db(connection.alias, _COLUMNS, row[: len(_COLUMNS)])
            registration.event = Event.from_db(connection.alias, EVENT_COLUMNS, row[len(_COLUMNS) :])
            engaged[registration.student_id].append(registration)
        return engaged


def allocate(
    seat_requests: Sequence[SeatRequest], *, actor: str, deadline: Deadline, user: Any = None
) -> list[SeatResult]:
    """As `allocate_locked`, after the locks and reads it needs. Raises `LockTimeout` when no time is left."""
    batch = Batch()
    locked = LockedReads(
        batch,
        {one.event_id for one in seat_requests},
        (one.student for one in seat_requests if not one.is_new),
        count=len(seat_requests),
        deadline=deadline,
    )
    batch.send()
    return allocate_locked(seat_requests, locked, actor=actor, user=user)


def allocate_locked(
    seat_requests: Sequence[SeatRequest], locked: LockedReads, *, actor: str, user: Any = None
) -> list[SeatResult]:
    """Gives each request a seat, a position on the waiting list, or a refusal with its reason.

    Runs in the caller's transaction (READ COMMITTED), for one form or for many rows of a class list. Holds and
    unconfirmed registrations whose time is over are given back first, so nothing depends on the worker. The
    requests are decided in their order, and the number of statements does not grow with them. What they obtain is
    written when the caller's ledger ends, or this one if there is none.

    Afterwards `taken` equals the seats in use and is not raised above any capacity; nobody has overtaken the
    waiting list except with a held seat; no student has an event twice. Raises `ConcurrentUpdate` when counts
    changed although they were locked.
    """
    seats, (events, now) = locked.seats, locked.events_and_time
    engaged = locked.engagements()
    with change_ledger():
        if released := release_late(seats.values(), events, now):
            _disengage(engaged, released)
        holds = holds_in_time(seats.values(), events, now)
        seat_counters = {pk: SeatCounter(row, holds[pk]) for pk, row in seats.items()}
        seat_results = decide_all(
            seat_requests, seat_counters=seat_counters, engaged=engaged, events=events, now=now
        )
        if now:
            pairs = zip(seat_requests, seat_results, strict=True)
            confirm_by_teacher(result.before for request, result in pairs if request.uses_hold)
            origin = Origin(Change.Cause.SUBMITTED, actor, now, user=user)
            _write(seat_results, seat_counters.values(), origin, locked.keys)
    return seat_results


def allocate_to_newcomer(
    event_ids: tuple[int, ...], *, fest_id: int, grade: int, wants_waiting: bool, deadline: Deadline
) -> list[SeatResult]:
    """What a new student of this grade would obtain now; nothing is kept.

    A refusal shown to the public is decided this way first, so that it does not reveal who is registered.
    Locks and decides as `allocate` does, in a transaction of its own that is rolled back.
    """
    student = Student(fest_id=fest_id, grade=grade)
    seat_requests = [SeatRequest(student, event, wants_waiting, is_new=True) for event in event_ids]

    def work() -> list[SeatResult]:
        batch = Batch(prepares=True)
        locked = LockedReads(batch, event_ids, count=0, deadline=deadline)
        batch.send()
        seats, (events, now) = locked.seats, locked.events_and_time
        with change_ledger():
            release_late(seats.values(), events, now)
            holds = holds_in_time(seats.values(), events, now)
        seat_counters = {pk: SeatCounter(row, holds[pk]) for pk, row in seats.items()}
        seat_results = decide_all(
            seat_requests, seat_counters=seat_counters, engaged={}, events=events, now=now
        )
        transaction.set_rollback(True)
        return seat_results

    return in_transaction(work, deadline=deadline)


def _disengage(engaged: Mapping[int, list[Registration]], released: Iterable[Registration]) -> None:
    """Removes registrations that were released a moment ago."""
    gone = {registration.pk for registration in released}
    for held in engaged.values():
        held[:] = [registration for registration in held if registration.pk not in gone]


def _write(
    seat_results: list[SeatResult], seat_counters: Iterable[SeatCounter], origin: Origin, keys: Result
) -> None:
    obtained = [result.registration for result in seat_results if result.registration]
    if not obtained:
        return
    _store_submissions(obtained)
    ledger = require_ledger()
    # What was given back or promoted here a moment ago has later keys; the history is read in the order of keys.
    create(obtained, origin=origin, keys=None if ledger.has_changes else keys)
    for seat_counter in seat_counters:
        add_counts(seat_counter, ledger.batch)


def add_counts(seat_counter: SeatCounter, batch: Batch) -> None:
    """Adds what was decided to the stored counts.

    The updates are conditional: they never go above the capacity or a hold, even if a caller forgot the lock. The
    ledger that sends the batch raises `ConcurrentUpdate` in that case.
    """
    from_held = seat_counter.named.total()
    if seat_counter.confirmed or seat_counter.added_waiting or from_held:
        Seats.objects.queue_add(
            batch,
            seat_counter.seats.pk,
            taken=seat_counter.confirmed,
            waiting=seat_counter.added_waiting,
            from_held=from_held,
        )
    for hold_id, names in seat_counter.named.items():
        Hold.objects.queue_use(batch, hold_id, names)


def _store_submissions(obtained: list[Registration]) -> None:
    """Inserts the submissions that waited until they obtained something, in one statement."""
    new = {id(row.submission): row.submission for row in obtained if row.submission and not row.submission.pk}
    if new:
        if not insert_new(list(new.values())):
            # Another worker is registering these rows of a list. The next attempt leaves out what it has done.
            raise ConcurrentUpdate
        for row in obtained:
            row.submission = row.submission  # sets submission_id, which is known only now


def store_refusals(seat_results: Iterable[tuple[Submission, SeatResult]], batch: Batch) -> None:
    """Stores what these submissions did not obtain, with the reasons, beside what they did."""
    queue_insert(
        batch,
        [
            Refusal(
                submission=submission,
                event=result.event,
                reason=result.decision.reason,
                other=result.decision.other,
            )
            for submission, result in seat_results
            if result.event and not result.registration
        ],
    )
