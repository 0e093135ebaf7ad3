"""The seat transaction: locks the events, decides every request by the rules of `policy`, and writes the result."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction

from events.locked_reads import read_locked_events
from events.models import Seats
from registrations.booking.confirmation_deadline import confirm_by_teacher, release_late
from registrations.booking.ledger import change_ledger
from registrations.booking.policy import SeatCounter, SeatRequest, SeatResult, decide_all
from registrations.booking.state import Origin, create
from registrations.holds.reserve import holds_in_time
from registrations.models import Change, Hold, Refusal, Registration, Student, Submission
from techfest.core.db.bulk import insert_new
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate


def allocate(
    seat_requests: Sequence[SeatRequest], *, actor: str, deadline: Deadline, user: Any = None
) -> list[SeatResult]:
    """Gives each request a seat, a position on the waiting list, or a refusal with its reason.

    Runs in the caller's transaction (READ COMMITTED), for one form or for many rows of a class list. Locks the
    Seats rows of all events in primary-key order, then the students that already existed. Everything that is
    decided, the time included, is read after these locks. Holds and unconfirmed registrations whose time is
    over are given back first, so nothing depends on the worker. The requests are decided in their order, and
    the number of statements does not grow with them.

    Afterwards `taken` equals the seats in use and is not raised above any capacity; nobody has overtaken the
    waiting list except with a held seat; no student has an event twice. Raises `LockTimeout` when no time is
    left, and `ConcurrentUpdate` when counts changed although they were locked.
    """
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(one.event_id for one in seat_requests)}
    engaged = _engagements((one.student for one in seat_requests if not one.is_new), deadline)
    with change_ledger():
        events, now = read_locked_events(seats)
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
            _write(
                seat_results, seat_counters.values(), Origin(Change.Cause.SUBMITTED, actor, now, user=user)
            )
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
        deadline.limit_locks()
        seats = {row.pk: row for row in Seats.objects.locked(event_ids)}
        with change_ledger():
            events, now = read_locked_events(seats)
            release_late(seats.values(), events, now)
            holds = holds_in_time(seats.values(), events, now)
        seat_counters = {pk: SeatCounter(row, holds[pk]) for pk, row in seats.items()}
        seat_results = decide_all(
            seat_requests, seat_counters=seat_counters, engaged={}, events=events, now=now
        )
        transaction.set_rollback(True)
        return seat_results

    return in_transaction(work, deadline=deadline)


def _engagements(students: Iterable[Student], deadline: Deadline) -> dict[int, list[Registration]]:
    """Locks these students, updates them from their rows, and returns their active registrations by student id."""
    engaged: dict[int, list[Registration]] = defaultdict(list)
    known = defaultdict(list)
    for student in students:
        known[student.pk].append(student)
    if known:
        deadline.limit_locks()
        rows = Student.objects.filter(pk__in=known).locked()
        found = list(rows.values_list("pk", "grade", "email", "email_verified_at", "erased_at"))
        if len(found) < len(known):
            # Two students were merged while this transaction waited: it starts again.
            raise ConcurrentUpdate
        for pk, grade, email, verified_at, erased_at in found:
            if erased_at:
                # A student was erased meanwhile: it starts again, as if the form had been sent afterwards.
                raise ConcurrentUpdate
            for student in known[pk]:
                student.grade, student.email, student.email_verified_at = grade, email, verified_at
        for registration in Registration.objects.active().filter(student__in=known).select_related("event"):
            engaged[registration.student_id].append(registration)
    return engaged


def _disengage(engaged: Mapping[int, list[Registration]], released: Iterable[Registration]) -> None:
    """Removes registrations that were released a moment ago."""
    gone = {registration.pk for registration in released}
    for held in engaged.values():
        held[:] = [registration for registration in held if registration.pk not in gone]


def _write(seat_results: list[SeatResult], seat_counters: Iterable[SeatCounter], origin: Origin) -> None:
    obtained = [result.registration for result in seat_results if result.registration]
    if not obtained:
        return
    _store_submissions(obtained)
    create(obtained, origin=origin)
    for seat_counter in seat_counters:
        add_counts(seat_counter)


def add_counts(seat_counter: SeatCounter) -> None:
    """Adds what was decided to the stored counts.

    The update is conditional: it never goes above the capacity or a hold, even if a caller forgot the lock.
    Raises `ConcurrentUpdate` in that case.
    """
    from_held = seat_counter.named.total()
    if seat_counter.confirmed or seat_counter.added_waiting or from_held:
        added = Seats.objects.add(
            seat_counter.seats.pk,
            taken=seat_counter.confirmed,
            waiting=seat_counter.added_waiting,
            from_held=from_held,
        )
        if not added:
            raise ConcurrentUpdate
    for hold_id, names in seat_counter.named.items():
        if not Hold.objects.use(hold_id, names):
            raise ConcurrentUpdate


def _store_submissions(obtained: list[Registration]) -> None:
    """Inserts the submissions that waited until they obtained something, in one statement."""
    new = {id(row.submission): row.submission for row in obtained if row.submission and not row.submission.pk}
    if new:
        if not insert_new(list(new.values())):
            # Another worker is registering these rows of a list. The next attempt leaves out what it has done.
            raise ConcurrentUpdate
        for row in obtained:
            row.submission = row.submission  # sets submission_id, which is known only now


def store_refusals(seat_results: Iterable[tuple[Submission, SeatResult]]) -> None:
    """Stores what these submissions did not obtain, with the reasons, beside what they did."""
    refused = [
        (submission, result)
        for submission, result in seat_results
        if result.event and not result.registration
    ]
    if refused:
        Refusal.objects.bulk_create(
            Refusal(
                submission=submission,
                event=result.event,
                reason=result.decision.reason,
                other=result.decision.other,
            )
            for submission, result in refused
        )
