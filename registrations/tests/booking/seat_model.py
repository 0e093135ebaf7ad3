"""A state machine of registrations with a model of lists and dictionaries, for the stateful tests.

After every step the model and PostgreSQL must agree, and the invariants of seats, waiting list, changes, tickets
and mails must hold.
"""

import datetime as dt
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db.models import Count, F, Max, Q
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from events.editing import set_capacity
from events.models import Event, Fest, Seats
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected, AmbiguousIdentity, RegistrationRejected
from registrations.booking.state import GRAPH
from registrations.booking.submit import BookingRequest
from registrations.forms import details_of
from registrations.models import Change, Consent, Hold, Registration, School, Student, Submission
from registrations.students.corrections import correct
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_school,
    build_teacher,
    submit_now,
)
from registrations.tests.counting import counts
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

NAMES = ("Asha", "Ben", "Chitra", "Dev", "Elif", "Farid")
STRANGER = "Stranger"
"""A name that no student has: refusals that would reveal who is registered are those of a new student."""
OBTAINED = {"confirmed", "waiting"}
HOURS = (10.0, 10.5, 12.0)
"""The first two events overlap."""
ANY = st.integers(0, 20)
"""Chooses among what is there, by its remainder: what is drawn must not depend on primary keys."""


@dataclass(eq=False)
class Held:
    """What the model knows of one hold; `is_over`: its time is over, whether or not anything has noticed."""

    hold: int
    seats: int
    is_open: bool = True
    is_over: bool = False
    is_reserved: bool = False


@dataclass(eq=False)
class SeatRequest:
    """What the model knows of one registration."""

    who: str
    state: str
    held: Held | None = None
    has_come: bool = False


@dataclass(eq=False)
class Plan:
    """What the model knows of one event."""

    capacity: int
    limit: int | None
    seat_requests: list[SeatRequest] = field(default_factory=list)
    holds: list[Held] = field(default_factory=list)
    is_paused: bool = False
    is_closed: bool = False
    stands_still: bool = False
    most: int | None = None
    """How many events a student may have."""

    @property
    def held(self) -> int:
        return sum(seat_request.state == "confirmed" for seat_request in self.seat_requests) + self.unnamed

    @property
    def unnamed(self) -> int:
        return sum(self.left(hold) for hold in self.holds)

    def left(self, hold: Held) -> int:
        """Seats of a hold that count as taken without a registration."""
        names = sum(
            seat_request.held is hold and seat_request.state == "confirmed"
            for seat_request in self.seat_requests
        )
        return hold.seats - names if hold.is_open else 0

    def settle(self) -> None:
        """Ends what is over, as every transaction with the lock does first."""
        for hold in self.holds:
            ends = self.is_closed and not hold.is_reserved
            hold.is_open = hold.is_open and not (hold.is_over or ends or self.stands_still)
        self.promote()

    @property
    def waiting(self) -> list[SeatRequest]:
        return [seat_request for seat_request in self.seat_requests if seat_request.state == "waiting"]

    def active(self, who: str) -> SeatRequest | None:
        return next(
            (
                seat_request
                for seat_request in self.seat_requests
                if seat_request.who == who and seat_request.state != "cancelled"
            ),
            None,
        )

    def hold_for(self, response: str, *, is_named: bool) -> Held | None:
        """The hold that a teacher's registration would use."""
        if response != "confirmed" or not is_named:
            return None
        return next((hold for hold in self.holds if self.left(hold) and not hold.is_reserved), None)

    def decide(self, who: str, plans: "list[Plan]", *, wants_waiting: bool, is_named: bool = False) -> str:
        clashing = {0: 1, 1: 0}.get(plans.index(self))
        if self.active(who):
            return "already"
        if self.is_closed:
            return "closed"
        if self.is_paused:
            return "paused"
        if clashing is not None and plans[clashing].active(who):
            return "clash"
        if self.has_most(who, plans):
            return "events_cap"
        return self.decide_seat(wants_waiting=wants_waiting, is_named=is_named)

    def has_most(self, who: str, plans: "list[Plan]") -> bool:
        """Whether the student may have no further event."""
        count = sum(plan.active(who) is not None for plan in plans)
        return self.most is not None and count >= self.most

    def decide_seat(self, *, wants_waiting: bool, is_named: bool = False) -> str:
        if self.hold_for("confirmed", is_named=is_named):
            return "confirmed"
        if self.held < self.capacity and not self.waiting:
            return "confirmed"
        has_line = not self.stands_still and (self.limit is None or len(self.waiting) < self.limit)
        return "waiting" if wants_waiting and has_line else "full"

    def promote(self) -> None:
        """Gives free seats to the waiting list while it is open."""
        if self.stands_still:
            return
        for seat_request in self.waiting[: max(0, self.capacity - self.held)]:
            seat_request.state = "confirmed"


@dataclass
class Person:
    """A student as the model sees one: the name that is typed, and whether a row exists."""

    name: str
    email: str
    student: Student | None = None


class Rush(RuleBasedStateMachine):
    """Each example has a fest of its own in the one database."""

    fest: Fest
    school: School
    events: list[Event]
    plans: list[Plan]

    @initialize(
        capacities=st.tuples(*[st.integers(0, 2)] * 3),
        limits=st.tuples(*[st.sampled_from([None, None, None, 1])] * 3),
    )
    def begin(self, capacities: tuple[int, ...], limits: tuple[int | None, ...]) -> None:
        self.set_up(capacities, limits)

    def set_up(self, capacities: tuple[int, ...], limits: tuple[int | None, ...]) -> None:
        self.fest = build_fest()
        self.school = build_school()
        self.events = [
            build_event(self.fest, hour=hour, capacity=capacity, waiting_limit=limit)
            for hour, capacity, limit in zip(HOURS, capacities, limits, strict=True)
        ]
        self.plans = [Plan(capacity, limit) for capacity, limit in zip(capacities, limits, strict=True)]
        self.people = {
            key: Person(f"{key} {self.fest.pk}", f"{key.lower()}@example.org" if key != "Dev" else "")
            for key in NAMES
        }
        self.teacher = build_teacher(self.school)
        self.sent: list[tuple[BookingRequest, Submission]] = []
        self.named: list[Submission] = []
        self.acknowledged: list[int] = []
        self.corrections = 0

    @rule(
        who=st.sampled_from(NAMES),
        wanted=st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True),
        wants_waiting=st.booleans(),
    )
    def register(self, who: str, wanted: list[int], wants_waiting: bool) -> None:
        person = self.people[who]
        expected = self._expected(who, wanted, wants_waiting=wants_waiting)
        of_a_stranger = self._expected(STRANGER, wanted, wants_waiting=wants_waiting)
        is_possible = bool(OBTAINED & set(of_a_stranger))
        is_unclear = person.student is not None and not person.email
        booking_request = build_request(
            *[self.events[index] for index in wanted],
            wants_waiting=wants_waiting,
            name=person.name,
            email=person.email,
        )
        if is_unclear and is_possible:
            with pytest.raises(AmbiguousIdentity):
                submit_now(booking_request)
            return
        if is_unclear or not OBTAINED & set(expected):
            with pytest.raises(RegistrationRejected) as refused:
                submit_now(booking_request)
            reasons = [outcome.decision.reason for outcome in refused.value.seat_results]
            assert reasons == (expected if is_possible else of_a_stranger)
            return
        submission = submit_now(booking_request)
        self._look_at(wanted)
        obtained = {row.event_id: row.state for row in submission.registrations.all()}
        refusals = {row.event_id: row.reason for row in submission.refusals.all()}
        assert [(obtained | refusals)[self.events[index].pk] for index in wanted] == expected
        self.sent.append((booking_request, submission))
        self.acknowledged += submission.registrations.order_by("pk").values_list("pk", flat=True)
        person.student = submission.student
        self._remember(who, wanted, expected)

    @rule(who=st.sampled_from(NAMES))
    def register_for_whatever_is_there(self, who: str) -> None:
        self.register(who=who, wanted=[1, 0, 2], wants_waiting=True)

    @rule(whoever=st.lists(st.sampled_from(NAMES), min_size=3, max_size=5, unique=True))
    def register_one_after_another(self, whoever: list[str]) -> None:
        for who in whoever:
            self.register(who=who, wanted=[2], wants_waiting=True)

    def _expected(self, who: str, wanted: list[int], *, wants_waiting: bool) -> list[str]:
        """Decides on a copy: one event of a request may clash with the next, or all may be refused."""
        plans = deepcopy(self.plans)
        for index in wanted:
            if plans[index].unnamed:
                plans[index].settle()
        expected = []
        for index in wanted:
            response = plans[index].decide(who, plans, wants_waiting=wants_waiting)
            if response in ("confirmed", "waiting"):
                plans[index].seat_requests.append(SeatRequest(who, response))
            expected.append(response)
        return expected

    def _look_at(self, wanted: list[int]) -> None:
        """A request that obtains something has ended what was over, if seats were held."""
        for index in wanted:
            if self.plans[index].unnamed:
                self.plans[index].settle()

    def _remember(self, who: str, wanted: list[int], expected: list[str]) -> None:
        for index, response in zip(wanted, expected, strict=True):
            if response in ("confirmed", "waiting"):
                self.plans[index].seat_requests.append(SeatRequest(who, response))

    @precondition(lambda self: self.sent)
    @rule(index=ANY)
    def replay(self, index: int) -> None:
        booking_request, submission = self.sent[index % len(self.sent)]
        before = Change.objects.count(), Delivery.objects.count()
        assert submit_now(booking_request) == submission
        assert (Change.objects.count(), Delivery.objects.count()) == before

    @precondition(lambda self: self.acknowledged)
    @rule(indexes=st.lists(ANY, min_size=1, max_size=3))
    def cancel(self, indexes: list[int]) -> None:
        chosen = [self.acknowledged[index % len(self.acknowledged)] for index in indexes]
        cancel(chosen, actor=Change.Actor.STUDENT, deadline=Deadline(30))
        gone = Registration.objects.filter(pk__in=chosen).values_list("event_id", "queue_position")
        for plan, event in zip(self.plans, self.events, strict=True):
            queue_positions = [queue_position for event_id, queue_position in gone if event_id == event.pk]
            if queue_positions:
                plan.settle()
            for queue_position in queue_positions:
                plan.seat_requests[queue_position - 1].state = "cancelled"
            if queue_positions:
                plan.promote()

    @rule(index=st.integers(0, 2), capacity=st.integers(0, 4))
    def change_capacity(self, index: int, capacity: int) -> None:
        set_capacity(self.events[index], capacity=capacity)
        self.plans[index].capacity = capacity
        self.plans[index].promote()

    @rule(most=st.sampled_from([None, None, 1, 2]))
    def limit_events(self, most: int | None) -> None:
        """Nobody loses an event by it."""
        Fest.objects.filter(pk=self.fest.pk).update(events_per_student=most)
        for plan in self.plans:
            plan.most = most

    @rule(index=st.integers(0, 2), how=st.sampled_from(["open", "open", "open", "paused", "closed"]))
    def open_pause_or_close(self, index: int, how: str) -> None:
        plan = self.plans[index]
        plan.is_paused, plan.is_closed = how == "paused", how == "closed"
        closes_at = timezone.now() - dt.timedelta(minutes=3) if plan.is_closed else None
        rows = Event.objects.filter(pk=self.events[index].pk)
        rows.update(is_paused=plan.is_paused, closes_at=closes_at)

    @precondition(lambda self: any(person.student for person in self.people.values()))
    @rule(index=ANY, other=st.sampled_from(NAMES), number=st.integers(0, 9))
    def correct(self, index: int, other: str, number: int) -> None:
        """Takes a free name, or tries that of another student."""
        known = [person for person in self.people.values() if person.student]
        person = known[index % len(known)]
        assert person.student is not None
        taken = self.people[other].student is not None and self.people[other] is not person
        name = self.people[other].name if taken else f"{person.name.split()[0]} {self.fest.pk} No {number}"
        values = details_of(person.student) | {"name": name}
        if taken:
            with pytest.raises(ActionRejected):
                correct(person.student.pk, values=values, actor="student", deadline=Deadline(30))
            return
        if name != person.name:
            self.corrections += person.student.registrations.count()
        person.student = correct(person.student.pk, values=values, actor="student", deadline=Deadline(30))
        person.name = name

    # What must hold after every step; the numbers are those of the project's list.

    @invariant()
    def registrations_are_as_the_model_says(self) -> None:
        for plan, event in zip(self.plans, self.events, strict=True):
            rows = Registration.objects.filter(event=event).order_by("queue_position")
            keys = {person.student.pk: key for key, person in self.people.items() if person.student}
            assert [(keys[row.student_id], row.state) for row in rows] == [
                (seat_request.who, seat_request.state) for seat_request in plan.seat_requests
            ]

    @invariant()
    def counts_equal_a_recount_and_only_lowering_makes_too_many(self) -> None:
        """Invariants 1, 2 and 5: seats above the capacity were given before it was lowered."""
        for plan, event in zip(self.plans, self.events, strict=True):
            assert counts(event) == (plan.held, len(plan.waiting), len(plan.seat_requests))
            seats = Seats.objects.get(pk=event.pk)
            assert seats.held == plan.unnamed
            assert seats.capacity == plan.capacity
            assert plan.stands_still or not (seats.free and seats.waiting)

    @invariant()
    def nobody_holds_an_event_twice_and_every_key_is_used_once(self) -> None:
        """Invariant 3."""
        active = Registration.objects.active().filter(event__fest=self.fest)
        assert not active.values("student", "event").annotate(n=Count("pk")).filter(n__gt=1).exists()
        booking_requests = len(self.sent) + len(self.named)
        assert Submission.objects.filter(student__fest=self.fest).count() == booking_requests

    @invariant()
    def holds_are_as_the_model_says(self) -> None:
        rows = Hold.objects.filter(event__fest=self.fest).order_by("pk")
        known = {
            hold.hold: (hold.is_open, hold.seats, plan.left(hold))
            for plan in self.plans
            for hold in plan.holds
        }
        assert {row.pk: (row.returned_at is None, row.seats, row.unused) for row in rows} == known
        for row in rows:
            assert row.used == row.registrations.holding_seats().count()

    @invariant()
    def what_was_acknowledged_is_there(self) -> None:
        """Invariant 4."""
        rows = Registration.objects.filter(event__fest=self.fest)
        assert list(rows.order_by("pk").values_list("pk", flat=True)) == self.acknowledged

    @invariant()
    def every_step_is_along_the_graph_and_recorded_once(self) -> None:
        """Invariant 7: each registration's changes make one path that ends in its state."""
        changes = Change.objects.filter(registration__event__fest=self.fest).order_by("pk")
        at: dict[int, str] = {}
        for row in changes.values("registration_id", "from_state", "to_state", "cause"):
            before = at.get(row["registration_id"], "")
            assert row["from_state"] == before
            assert row["to_state"] in GRAPH[before] or row["cause"] == "corrected"
            at[row["registration_id"]] = row["to_state"]
        assert changes.filter(cause="corrected").count() == self.corrections
        rows = Registration.objects.filter(event__fest=self.fest)
        assert at == dict(rows.values_list("pk", "state"))

    @invariant()
    def confirmed_have_one_live_ticket_and_nobody_else(self) -> None:
        """Invariant 8."""
        rows = Registration.objects.filter(event__fest=self.fest).order_by("pk")
        live = Ticket.objects.live().filter(student__fest=self.fest).order_by("registration")
        holding = rows.holding_seats().values_list("pk", flat=True)
        assert list(live.values_list("registration", flat=True)) == list(holding)
        assert not Ticket.objects.exclude(student=F("registration__student")).exists()

    @invariant()
    def mails_are_queued_for_every_answer_promotion_and_cancellation(self) -> None:
        """Invariant 11."""
        submissions = [*self.named, *(submission for _request, submission in self.sent)]
        booking_requests = [submission.pk for submission in submissions if submission.student.email]
        responses = Delivery.objects.filter(kind="registered", student__fest=self.fest)
        assert sorted(responses.values_list("submission_id", flat=True)) == sorted(booking_requests)
        caused = Change.objects.filter(
            Q(to_state="cancelled") & ~Q(cause="moved")
            | Q(from_state="waiting", to_state="confirmed")
            | Q(from_state="", cause__in=("moved", "walk_in")),
            registration__event__fest=self.fest,
        ).exclude(cause__in=("corrected", "merged"))
        pending = Delivery.objects.filter(
            kind__in=("promoted", "cancelled", "moved"), student__fest=self.fest
        )
        mailable = caused.exclude(registration__student__email="").values_list("pk", flat=True)
        assert sorted(pending.values_list("change_id", flat=True)) == sorted(mailable)

    @invariant()
    def nobody_was_registered_while_closed_or_paused(self) -> None:
        """Invariant 14, by the database's clock."""
        latest = Registration.objects.filter(event__fest=self.fest).aggregate(at=Max("created_at"))["at"]
        assert latest is None or self.fest.opens_at <= latest < self.fest.closes_at

    @invariant()
    def whoever_is_registered_has_agreed(self) -> None:
        """Invariant 16."""
        students = Student.objects.filter(fest=self.fest)
        assert Consent.objects.filter(student__in=students).count() == students.count()


BOUNDED = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def take(machine: RuleBasedStateMachine, *steps: Callable[[Any], None]) -> None:
    """Take these steps one after another and check all invariants after each.

    Negative controls take few steps that are known to need a part of the code, instead of searching for some.
    """
    for step in steps:
        step(machine)
        for one in machine.invariants:
            one.function(machine)
    machine.teardown()
