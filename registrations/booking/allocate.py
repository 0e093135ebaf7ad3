"""The seat transaction: who gets a seat, who waits, who is refused, and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import confirm_by_teacher, confirmation_due, release_late
from registrations.booking.errors import ConcurrentUpdate
from registrations.booking.policy import Decision, decide
from registrations.booking.state import Origin, create
from registrations.holds.reserve import holds_in_time
from registrations.locking import Deadline
from registrations.models import Change, Hold, Refusal, Registration, Student, Submission
from registrations.signals import registrations_changed
from techfest.core.db.bulk import insert_new

State = Registration.State


@dataclass(frozen=True, slots=True)
class SeatRequest:
    """One student's wish for one event. A student inserted by this very transaction is `is_new`.

    A `submission` that is not stored yet is stored when one of its claims obtains something. `uses_block` is
    a teacher's: the name is one of those for whom the school's seats are held. A student's own press never
    uses them, since the teacher has promised them to others.
    """

    student: Student
    event_id: int
    wants_waiting: bool = True
    is_new: bool = False
    submission: Submission | None = None
    uses_hold: bool = False


@dataclass(frozen=True, slots=True)
class SeatResult:
    """What a claim came to: a registration, or the reason of the refusal.

    `before` is the registration that the student already had.
    """

    event_id: int
    event: Event | None
    decision: Decision
    registration: Registration | None = None
    before: Registration | None = None


class SeatCounter:
    """The counts of one locked event while its claims are judged, and what they add to it."""

    def __init__(self, seats: Seats, holds: Sequence[Hold] = ()) -> None:
        self.seats = seats
        self.holds = holds
        self.confirmed = 0
        self.added_waiting = 0
        self.named: Counter[int] = Counter()

    @property
    def free(self) -> int:
        return max(0, self.seats.capacity - self.seats.taken - self.confirmed)

    @property
    def waiting(self) -> int:
        return self.seats.waiting + self.added_waiting

    def hold_for(self, seat_request: SeatRequest) -> Hold | None:
        """The block of the student's school that has a seat left and ends first; only for a teacher's claim."""
        if not seat_request.uses_hold:
            return None
        of_school = (hold for hold in self.holds if hold.school_id == seat_request.student.school_id)
        return next((hold for hold in of_school if hold.unused > self.named[hold.pk]), None)

    def give_queue_position(self, state: str, hold: Hold | None = None) -> int:
        if hold:
            self.named[hold.pk] += 1
        elif state == State.CONFIRMED:
            self.confirmed += 1
        else:
            self.added_waiting += 1
        return self.seats.last_queue_position + self.confirmed + self.added_waiting + self.named.total()

    def write(self) -> None:
        """Adds to the stored counts, but never past the capacity or a block, whoever forgot the lock."""
        from_held = self.named.total()
        if self.confirmed or self.added_waiting or from_held:
            added = Seats.objects.add(
                self.seats.pk, taken=self.confirmed, waiting=self.added_waiting, from_held=from_held
            )
            if not added:
                raise ConcurrentUpdate
        for hold_id, names in self.named.items():
            if not Hold.objects.use(hold_id, names):
                raise ConcurrentUpdate


def allocate(
    seat_requests: Sequence[SeatRequest], *, actor: str, deadline: Deadline, user: Any = None
) -> list[SeatResult]:
    """Gives each claim a seat, a place on the waiting list, or a refusal with its reason.

    Runs inside the caller's transaction (READ COMMITTED), for one press or for many students of a list.
    Locks the Seats rows of all events in primary-key order, then the students that were there before;
    everything that is judged, the time included, is read after these locks. Afterwards `taken` equals the
    seats held and this call has raised it past no capacity; nobody overtook the waiting list but with a seat
    that was held before; no student holds an event twice. Blocks whose time is over are given back first, so
    that nothing hangs on the worker. Claims are judged in their order, and the number of statements does not
    grow with them. `registrations_changed` is sent once for all of them. Raises `LockTimeout` when no time is left,
    `ConcurrentUpdate` when the counts moved although they were locked.
    """
    deadline.limit_locks()
    seats = {
        row.pk: row for row in Seats.objects.locked(seat_request.event_id for seat_request in seat_requests)
    }
    engaged = _engagements(
        (seat_request.student for seat_request in seat_requests if not seat_request.is_new), deadline
    )
    events, now = read_locked_events(seats)
    if released := release_late(seats.values(), events, now):
        _disengage(engaged, released)
    holds = holds_in_time(seats.values(), events, now)
    seat_counters = {pk: SeatCounter(row, holds[pk]) for pk, row in seats.items()}
    seat_results = decide_all(
        seat_requests, seat_counters=seat_counters, engaged=engaged, events=events, now=now
    )
    if now:
        confirm_by_teacher(
            one.before
            for seat_request, one in zip(seat_requests, seat_results, strict=True)
            if seat_request.uses_hold
        )
        _write(seat_results, seat_counters.values(), Origin(Change.Cause.SUBMITTED, actor, now, user=user))
    return seat_results


def decide_all(
    seat_requests: Sequence[SeatRequest],
    *,
    seat_counters: Mapping[int, SeatCounter],
    engaged: dict[int, list[Registration]],
    events: Mapping[int, Event],
    now: datetime | None,
) -> list[SeatResult]:
    """What each claim comes to, in their order: no query, nothing is written.

    The tallies and engagements are carried on from claim to claim. `allocate` calls it with what it has
    locked; a forecast with what it has read, and nobody is bound by that.
    """
    seat_results: list[SeatResult] = []
    for seat_request in seat_requests:
        event = events.get(seat_request.event_id)
        held = engaged.setdefault(seat_request.student.pk, [])
        decision = decide(seat_request, event, seat_counters.get(seat_request.event_id), held, now)
        registration = before = None
        if decision.state and event and now:
            registration = _registration(seat_request, event, seat_counters[event.pk], decision, now)
            held.append(registration)
        elif decision.reason == Refusal.Reason.ALREADY:
            before = next(one for one in held if one.event_id == seat_request.event_id)
        seat_results.append(SeatResult(seat_request.event_id, event, decision, registration, before))
    return seat_results


def _engagements(students: Iterable[Student], deadline: Deadline) -> dict[int, list[Registration]]:
    """The active registrations of these students, who are locked from here on, and judged as they are now."""
    engaged: dict[int, list[Registration]] = defaultdict(list)
    known = defaultdict(list)
    for student in students:
        known[student.pk].append(student)
    if known:
        deadline.limit_locks()
        rows = Student.objects.filter(pk__in=known).locked()
        found = list(rows.values_list("pk", "grade", "email", "email_verified_at", "erased_at"))
        if len(found) < len(known):
            # Two rows of one student became one while the press waited; it begins anew.
            raise ConcurrentUpdate
        for pk, grade, email, verified_at, erased_at in found:
            if erased_at:
                # Somebody was erased while the press waited; it begins anew, as if it had come afterwards.
                raise ConcurrentUpdate
            for student in known[pk]:
                student.grade, student.email, student.email_verified_at = grade, email, verified_at
        for registration in Registration.objects.active().filter(student__in=known).select_related("event"):
            engaged[registration.student_id].append(registration)
    return engaged


def _disengage(engaged: Mapping[int, list[Registration]], released: Iterable[Registration]) -> None:
    """Takes what was released a moment ago away from what the students are judged by."""
    gone = {registration.pk for registration in released}
    for held in engaged.values():
        held[:] = [registration for registration in held if registration.pk not in gone]


def _registration(
    seat_request: SeatRequest, event: Event, seat_counter: SeatCounter, decision: Decision, now: datetime
) -> Registration:
    return Registration(
        event=event,
        student=seat_request.student,
        submission=seat_request.submission,
        hold=decision.hold,
        state=decision.state,
        queue_position=seat_counter.give_queue_position(decision.state, decision.hold),
        created_at=now,
        confirm_by=None if seat_request.uses_hold else confirmation_due(seat_request.student, event, now),
    )


def _write(seat_results: list[SeatResult], seat_counters: Iterable[SeatCounter], origin: Origin) -> None:
    obtained = [outcome.registration for outcome in seat_results if outcome.registration]
    if not obtained:
        return
    _store_submissions(obtained)
    changes = create(obtained, origin=origin)
    for seat_counter in seat_counters:
        seat_counter.write()
    registrations_changed.send(sender=Registration, changes=changes, now=origin.at)


def _store_submissions(obtained: list[Registration]) -> None:
    """Those that wait to be stored until they have obtained something, in one statement."""
    new = {id(row.submission): row.submission for row in obtained if row.submission and not row.submission.pk}
    if new:
        if not insert_new(list(new.values())):
            raise ConcurrentUpdate  # another worker is at these rows of a list; what it has done is left out next time
        for row in obtained:
            row.submission = row.submission  # its primary key is known only now


def store_refusals(seat_results: Iterable[tuple[Submission, SeatResult]]) -> None:
    """Stores what presses that obtained something did not obtain, with its reason."""
    refused = [(submission, one) for submission, one in seat_results if one.event and not one.registration]
    if refused:
        Refusal.objects.bulk_create(
            Refusal(
                submission=submission, event=one.event, reason=one.decision.reason, other=one.decision.other
            )
            for submission, one in refused
        )
