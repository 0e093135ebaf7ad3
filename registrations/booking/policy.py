"""The rules that decide about seats: pure Python, no query; everything they read was locked or read before."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from events.models import Event, Seats
from registrations.models import Hold, Refusal, Registration, Student, Submission

Reason = Refusal.Reason
State = Registration.State
CONFIRMATION_TIME = timedelta(minutes=30)
"""How long an address may stay unconfirmed after the mail with the link was handed over."""


@dataclass(frozen=True, slots=True)
class SeatRequest:
    """One student's request for one event. `is_new`: this transaction has inserted the student.

    A `submission` that is not stored yet is stored once one of its requests obtains something. `uses_hold` is
    for requests by a teacher, which take the school's held seats first; a student's own request never does. `is_move`:
    another registration of the student is given up for it.
    """

    student: Student
    event_id: int
    wants_waiting: bool = True
    is_new: bool = False
    submission: Submission | None = None
    uses_hold: bool = False
    is_move: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The state that a request obtains, or the reason why it obtains none.

    `other` is the event that clashes; `hold` is the hold that the seat comes from.
    """

    state: str = ""
    reason: str = ""
    other: Event | None = None
    hold: Hold | None = None


@dataclass(frozen=True, slots=True)
class SeatResult:
    """The outcome of a request: a registration or a refusal; `before` is a registration the student already had."""

    event_id: int
    event: Event | None
    decision: Decision
    registration: Registration | None = None
    before: Registration | None = None


class SeatCounter:
    """The stored counts of one event plus what the requests decided so far add to them."""

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
        """The hold of the student's school that ends first and has a seat left, if the request may use one."""
        if not seat_request.uses_hold:
            return None
        of_school = (hold for hold in self.holds if hold.school_id == seat_request.student.school_id)
        return next((hold for hold in of_school if hold.unused > self.named[hold.pk]), None)

    def give_queue_position(self, state: str, hold: Hold | None = None) -> int:
        """Counts a registration of this state and returns its queue position."""
        if hold:
            self.named[hold.pk] += 1
        elif state == State.CONFIRMED:
            self.confirmed += 1
        else:
            self.added_waiting += 1
        return self.seats.last_queue_position + self.confirmed + self.added_waiting + self.named.total()


def decide_all(
    seat_requests: Sequence[SeatRequest],
    *,
    seat_counters: Mapping[int, SeatCounter],
    engaged: dict[int, list[Registration]],
    events: Mapping[int, Event],
    now: datetime | None,
) -> list[SeatResult]:
    """Decides the requests in their order; each one sees what those before it obtained.

    `engaged` has the active registrations of each student; it and the counters are updated. Nothing is
    saved. `allocate` calls this with locked rows, a forecast with rows that may change.
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
        elif decision.reason == Reason.ALREADY:
            before = next(one for one in held if one.event_id == seat_request.event_id)
        seat_results.append(SeatResult(seat_request.event_id, event, decision, registration, before))
    return seat_results


def decide(
    seat_request: SeatRequest,
    event: Event | None,
    seat_counter: SeatCounter | None,
    held: Sequence[Registration],
    now: datetime | None,
) -> Decision:
    """Decides one request; `held` are the student's active registrations. Drafts count as unknown events."""
    if event is None or seat_counter is None or now is None or event.fest_id != seat_request.student.fest_id:
        return Decision(reason=Reason.UNKNOWN)
    if any(registration.event_id == event.pk for registration in held):
        return Decision(reason=Reason.ALREADY)
    if reason := closed_reason(event, now):
        return Decision(reason=reason)
    return decide_seat(seat_request, event, seat_counter, held, now)


def decide_seat(
    seat_request: SeatRequest,
    event: Event,
    seat_counter: SeatCounter,
    held: Sequence[Registration],
    now: datetime,
) -> Decision:
    """The rules that bind organisers too: grade, clash, caps, seats. Opening hours do not bind them."""
    if not event.has_room_for_grade(seat_request.student.grade):
        return Decision(reason=Reason.INELIGIBLE)
    for registration in held:
        if event.overlaps(registration.event):
            return Decision(reason=Reason.CLASH, other=registration.event)
    if not seat_request.is_move and has_most_events(event, len(held)):
        return Decision(reason=Reason.EVENTS_CAP)
    if hold := seat_counter.hold_for(seat_request):
        return Decision(state=State.CONFIRMED, hold=hold)
    if seat_counter.free and not seat_counter.waiting:
        return Decision(state=State.CONFIRMED)
    if seat_request.wants_waiting and can_wait(event, seat_counter.waiting, now):
        return Decision(state=State.WAITING)
    return Decision(reason=Reason.FULL)


def has_most_events(event: Event, count: int) -> bool:
    """Whether a student with this many active registrations, waiting ones too, may have no further event."""
    most = event.fest.events_per_student
    return most is not None and count >= most


def can_wait(event: Event, waiting: int, now: datetime) -> bool:
    """Whether the waiting list takes one more; it closes when free seats are given at the door."""
    if now >= event.promotion_ends_at:
        return False
    return event.waiting_limit is None or waiting < event.waiting_limit


def confirmation_due(student: Student, event: Event, now: datetime) -> datetime | None:
    """When a registration that a student makes now must be confirmed; `None` if it need not be.

    The value is provisional: the hand-over of the mail sets it anew, and nothing is late before that. A
    student without an address has to enter one and confirm it.
    """
    if not event.fest.confirms_addresses or (student.email_verified_at and student.email):
        return None
    return now + CONFIRMATION_TIME


def closed_reason(event: Event, now: datetime) -> str:
    """Why registration is not open at this time of the database clock; empty when it is open."""
    if event.state == Event.State.CANCELLED or now >= event.registration_accepted_until:
        return Reason.CLOSED
    if now < event.registration_opens_at:
        return Reason.TOO_SOON
    if event.is_paused or event.fest.is_paused:
        return Reason.PAUSED
    return ""


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
