"""A stateful test with organisers and check-in: promoting, moving, merging, reserving, admitting."""

from copy import deepcopy
from functools import partial

import pytest
from django.db import IntegrityError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from events.capacity import ReservedCapacity, set_capacity
from events.models import Event
from registrations.booking import walk_in as walk_in_module
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected, LockTimeout
from registrations.booking.promotion import promote_chosen
from registrations.booking.transfer import move_to
from registrations.booking.waitlist import promote_after_change
from registrations.locking import Deadline, in_transaction
from registrations.models import Hold, Registration, Student
from registrations.students.merge import merge_students
from registrations.tests.booking.seat_model import ANY, BOUNDED, NAMES, Held, Person, Plan, Rush, SeatRequest
from registrations.tests.builders import build_user
from techfest.core.db.clock import database_now
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.entry import enter
from tickets.checkin.walk_in import latest_unclaimed
from tickets.models import Ticket
from tickets.tests.audited import offenders

EVENT = st.integers(0, 2)
CLASHING = {0: 1, 1: 0}


class Admin(Rush):
    """The state machine with an organiser who overrides, and a volunteer who gives free seats at the door."""

    @initialize(
        capacity=st.integers(0, 2),
        first=st.integers(0, 3),
        come=st.lists(st.booleans(), min_size=2, max_size=2),
    )
    def begin(self, capacity: int, first: int, come: list[bool]) -> None:
        """Four have pressed for the last event and two of them for the first: of each one has the only seat.

        Each example begins with one of the steps that seldom come about by chance.
        """
        self.set_up((1, capacity, 1), (None, None, None))
        self.user = build_user()
        self.late: set[int] = set()
        self.register_one_after_another(list(NAMES[:4]))
        for who in NAMES[:2]:
            self.register(who=who, wanted=[0], wants_waiting=True)
        steps = (
            partial(self.turn_out_to_be_one, 2, come),
            partial(self.move_to_where_there_is_room, 2),
            partial(self.stand_at_the_door, 2, "Chitra", how="late", leaves=False),
            partial(self.keep_seats_back_and_give_them, 2, 1),
        )
        steps[first]()

    def _seated(self, index: int) -> list[int]:
        """The indexes of the registrations with a seat in this event."""
        return [
            number
            for number, (event, seat_request) in enumerate(self._seat_requests())
            if event == index and seat_request.state == "confirmed"
        ]

    def _seat_requests(self) -> list[tuple[int, SeatRequest]]:
        """The registrations with their events, by primary key."""
        rows = Registration.objects.filter(pk__in=self.acknowledged).order_by("pk")
        of_event = {event.pk: index for index, event in enumerate(self.events)}
        return [
            (of_event[row.event_id], self.plans[of_event[row.event_id]].seat_requests[row.queue_position - 1])
            for row in rows
        ]

    def _of(self, seat_request: SeatRequest) -> Student:
        student = self.people[seat_request.who].student
        assert student is not None
        return student

    @precondition(lambda self: self.acknowledged)
    @rule(indexes=st.lists(ANY, min_size=1, max_size=3))
    def cancel(self, indexes: list[int]) -> None:
        """Students who came in keep their seats."""
        known = self._seat_requests()
        chosen = [known[index % len(known)][1] for index in indexes]
        if any(seat_request.has_come for seat_request in chosen):
            numbers = [self.acknowledged[index % len(known)] for index in indexes]
            with pytest.raises(ActionRejected):
                cancel(numbers, actor="student", deadline=Deadline(30))
            return
        super().cancel(indexes)

    @precondition(lambda self: self.acknowledged)
    @rule(indexes=st.lists(ANY, min_size=1, max_size=3, unique=True))
    def promote_by_hand(self, indexes: list[int]) -> None:
        """Promotes all or none, with free and reserved seats, past earlier ones on the waiting list."""
        known = self._seat_requests()
        chosen = sorted({index % len(known) for index in indexes})
        after = deepcopy(self.plans)
        queue_positions = [
            (event, self.plans[event].seat_requests.index(seat_request))
            for event, seat_request in map(known.__getitem__, chosen)
        ]
        for event in {event for event, _place in queue_positions}:
            after[event].settle()
        is_possible = all(
            self._promote(
                plan,
                [
                    plan.seat_requests[queue_position]
                    for event, queue_position in queue_positions
                    if event == index
                ],
            )
            for index, plan in enumerate(after)
        )
        work = partial(
            promote_chosen,
            [self.acknowledged[index] for index in chosen],
            user=self.user,
            reason="Sponsor",
            deadline=Deadline(30),
        )
        if not is_possible:
            with pytest.raises(ActionRejected):
                work()
            return
        work()
        self.plans = after

    def _promote(self, plan: Plan, seat_requests: list[SeatRequest]) -> bool:
        chosen = sorted(
            (one for one in seat_requests if one.state == "waiting"), key=plan.seat_requests.index
        )
        free = max(0, plan.capacity - plan.held)
        reserved = [hold for hold in plan.holds for _seat in range(plan.left(hold)) if hold.is_reserved]
        seats = [None] * free + reserved
        if len(chosen) > len(seats):
            return False
        for seat_request, held in zip(chosen, seats, strict=False):
            seat_request.state, seat_request.held = "confirmed", held
        return True

    @rule(index=EVENT, more=st.integers(1, 2), kept=st.integers(1, 2))
    def keep_seats_back(self, index: int, more: int, kept: int) -> None:
        """Reserves added seats, which the waiting list does not get."""
        plan = self.plans[index]
        capacity = max(plan.capacity, plan.held) + more
        if capacity > 6 or kept > more or plan.stands_still:
            return
        until = self.events[index].starts_at
        set_capacity(self.events[index], capacity=capacity, reserved=ReservedCapacity(kept, until, self.user))
        plan.capacity = capacity
        plan.holds.append(Held(Hold.objects.latest("pk").pk, kept, is_reserved=True))
        plan.promote()

    @rule(index=EVENT, more=st.integers(1, 2))
    def keep_seats_back_and_give_them(self, index: int, more: int) -> None:
        """Promotes the last on the waiting list."""
        self.keep_seats_back(index, more, more)
        waiting = [
            number
            for number, (event, seat_request) in enumerate(self._seat_requests())
            if event == index and seat_request.state == "waiting"
        ]
        if waiting:
            self.promote_by_hand(waiting[-1:])

    @precondition(lambda self: self.acknowledged)
    @rule(indexes=st.lists(ANY, min_size=1, max_size=3, unique=True), to=EVENT, may_wait=st.booleans())
    def move(self, indexes: list[int], to: int, may_wait: bool) -> None:
        known = self._seat_requests()
        chosen = sorted({index % len(known) for index in indexes})
        rows = [known[index] for index in chosen]
        for event in {event for event, _seat_request in rows} | {to}:
            self.plans[event].settle()
        target, expected = self.plans[to], []
        rows = sorted((row for row in rows if row[1].state != "cancelled"), key=lambda row: self._order(row))
        for event, seat_request in rows:
            response = self._decide_move(event, seat_request, to, may_wait=may_wait)
            expected.append(response)
            if response in ("confirmed", "waiting"):
                seat_request.state, seat_request.has_come = "given up", False
                target.seat_requests.append(SeatRequest(seat_request.who, response))
        left = [event for event, seat_request in rows if seat_request.state == "given up"]
        for _event, seat_request in rows:
            seat_request.state = "cancelled" if seat_request.state == "given up" else seat_request.state
        for event in left:
            self.plans[event].promote()
        moves = move_to(
            [self.acknowledged[index] for index in chosen],
            event_id=self.events[to].pk,
            user=self.user,
            reason="Hall",
            deadline=Deadline(30),
            may_wait=may_wait,
        )
        assert [move.decision.state or move.decision.reason for move in moves] == expected
        self.acknowledged += [move.successor.pk for move in moves if move.successor]

    @rule(index=st.sampled_from([0, 2]))
    def move_to_where_there_is_room(self, index: int) -> None:
        """The waiting list gets the seat that is left."""
        self.change_capacity(1, self.plans[1].held + 1)
        self.move(self._seated(index)[:1] or [0], to=1, may_wait=False)

    def _order(self, row: tuple[int, SeatRequest]) -> tuple[int, int]:
        return row[0], self.plans[row[0]].seat_requests.index(row[1])

    def _decide_move(self, event: int, seat_request: SeatRequest, to: int, *, may_wait: bool) -> str:
        """Allocates like a submission, but without opening hours, and ignoring the seat that is given up."""
        if event == to or self.plans[to].active(seat_request.who):
            return "already"
        clashing = CLASHING.get(to)
        if clashing is not None and clashing != event and self.plans[clashing].active(seat_request.who):
            return "clash"
        return self.plans[to].decide_seat(wants_waiting=may_wait)

    def _people(self) -> list[Person]:
        return [person for person in self.people.values() if person.student and person.email]

    @precondition(lambda self: len(self._people()) > 1)
    @rule(kept=ANY, gone=ANY)
    def merge(self, kept: int, gone: int) -> None:
        """Merges two students: the kept one gets everything, and of two for one event the better stays."""
        people = self._people()
        one = people[kept % len(people)]
        other = people[gone % len(people)]
        if one is not other:
            self._merge(one, other)

    def _merge(self, one: Person, other: Person) -> None:
        assert one.student is not None
        assert other.student is not None
        keys = {person.name: key for key, person in self.people.items()}
        mine, theirs = keys[one.name], keys[other.name]
        concerned = [
            plan
            for plan in self.plans
            if {mine, theirs} & {seat_request.who for seat_request in plan.seat_requests}
        ]
        for plan in concerned:
            plan.settle()
        for plan in concerned:
            both = [plan.active(who) for who in (mine, theirs)]
            there = [seat_request for seat_request in plan.seat_requests if seat_request in both]
            doubles = [one for state in ("confirmed", "waiting") for one in there if one.state == state]
            if len(doubles) == 2:
                doubles[1].state = "cancelled"
                self._take_over_entry(*doubles)
            for seat_request in plan.seat_requests:
                seat_request.who = mine if seat_request.who == theirs else seat_request.who
        for plan in concerned:
            plan.promote()
        merge_students(
            one.student.pk, other.student.pk, user=self.user, reason="Twice", deadline=Deadline(30)
        )
        other.student = None

    @rule(index=EVENT, come=st.lists(st.booleans(), min_size=2, max_size=2))
    def turn_out_to_be_one(self, index: int, come: list[bool]) -> None:
        """Merges the first two with a seat in one event, after none, one or both came in."""
        self.change_capacity(index, max(2, self.plans[index].capacity))
        numbers = self._seated(index)[:2]
        for number, comes in zip(numbers, come, strict=False):
            if comes:
                self.come_in(number)
        people = [self.people[self._seat_requests()[number][1].who] for number in numbers]
        if len(people) == 2 and all(person.email for person in people):
            self._merge(*people)

    def _take_over_entry(self, better: SeatRequest, worse: SeatRequest) -> None:
        if better.state == "confirmed":
            better.has_come = better.has_come or worse.has_come
        worse.has_come = False

    @rule(index=EVENT, how=st.sampled_from(["still", "late", "late", "moves"]))
    def stop_or_move_the_line(self, index: int, how: str) -> None:
        """Gives free seats at the door, and later those of students who have not come."""
        plan, event, now = self.plans[index], self.events[index], database_now()
        plan.stands_still = how != "moves"
        (self.late.add if how == "late" else self.late.discard)(index)
        Event.objects.filter(pk=event.pk).update(
            promotes_until=now if plan.stands_still else None, seats_kept_until=now if how == "late" else None
        )
        in_transaction(lambda: promote_after_change(event), deadline=Deadline(30))
        plan.promote()

    @precondition(lambda self: self.acknowledged)
    @rule(index=ANY)
    def come_in(self, index: int) -> None:
        known = self._seat_requests()
        number = index % len(known)
        _event, seat_request = known[number]
        codes = Ticket.objects.filter(registration=self.acknowledged[number]).values_list("code", flat=True)
        entered = enter(list(codes), checkpoint=Checkpoint(self.fest), user=self.user, how="scan")
        assert bool(entered) == (seat_request.state == "confirmed" and not seat_request.has_come)
        seat_request.has_come = seat_request.has_come or bool(entered)

    @rule(
        index=EVENT, who=st.sampled_from(NAMES), how=st.sampled_from(["still", "late"]), leaves=st.booleans()
    )
    def stand_at_the_door(self, index: int, who: str, how: str, leaves: bool) -> None:
        """A student without a seat comes after the waiting list has ended, with or without a cancellation before."""
        self.stop_or_move_the_line(index, how)
        seated = self._seated(index)
        if leaves and seated:
            self.cancel(seated[-1:])
        self.walk_in(index, who)

    @rule(index=EVENT, who=st.sampled_from(NAMES))
    def walk_in(self, index: int, who: str) -> None:
        """A known student comes to the door without a seat."""
        person = self.people[who]
        if person.student is None:
            return
        after = deepcopy(self.plans)
        is_possible = self._seat(after, index, who)
        walk_in = walk_in_module.WalkIn(
            Student.objects.get(pk=person.student.pk), self.events[index].pk, self.user, "Stands here"
        )
        deadline = Deadline(30)
        work = partial(walk_in_module.seat, walk_in, latest_unclaimed=latest_unclaimed, deadline=deadline)
        if not is_possible:
            with pytest.raises(ActionRejected):
                in_transaction(work, deadline=deadline)
            return
        registration = in_transaction(work, deadline=deadline)
        self.plans = after
        if registration.pk not in self.acknowledged:
            self.acknowledged.append(registration.pk)

    def _seat(self, plans: list[Plan], index: int, who: str) -> bool:
        plan, clashing = plans[index], CLASHING.get(index)
        plan.settle()
        mine = plan.active(who)
        other = plans[clashing].active(who) if clashing is not None else None
        if (
            not plan.stands_still
            or (mine and mine.state == "confirmed")
            or (other and other.state == "confirmed")
        ):
            return False
        if plan.held >= plan.capacity:
            unclaimed = [one for one in plan.seat_requests if one.state == "confirmed" and not one.has_come]
            if index not in self.late or plan.held > plan.capacity or not unclaimed:
                return False
            unclaimed[-1].state = "cancelled"
        if mine:
            mine.state = "confirmed"
        else:
            plan.seat_requests.append(SeatRequest(who, "confirmed"))
        return True

    @invariant()
    def check_ins_agree(self) -> None:
        rows = Ticket.objects.live().filter(registration__event__fest=self.fest, checked_in_at__isnull=False)
        inside = set(rows.values_list("registration", flat=True))
        expected = {
            pk
            for pk, (_event, seat_request) in zip(self.acknowledged, self._seat_requests(), strict=True)
            if seat_request.has_come
        }
        assert inside == expected

    def teardown(self) -> None:
        """Checks all invariants at the end, except those of scans: students come in without scans here."""
        assert [line for line in offenders() if " scans and has " not in line] == []


SOME = settings(BOUNDED, max_examples=12, stateful_step_count=16)


@pytest.mark.slow
@pytest.mark.django_db
def test_any_sequence_of_steps_with_admin_and_door_agrees_with_the_model() -> None:
    run_state_machine_as_test(Admin, settings=SOME)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    "forgotten",
    [
        "registrations.booking.promotion._give_seats",
        "registrations.booking.transfer.promote",
        "registrations.students.merge.promote",
        "registrations.students.merge._give_up",
        "registrations.booking.walk_in._make_room",
        "tickets.merge._move_check_in",
    ],
)
def test_sequence_with_a_part_of_the_admin_forgotten_disagrees(
    monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    """Negative controls: the machine fails when a part of the code does nothing."""
    monkeypatch.setattr(forgotten, lambda *_args, **_kwargs: [])
    noticed = (AssertionError, KeyError, ActionRejected, LockTimeout, IntegrityError, pytest.fail.Exception)
    with pytest.raises(noticed):
        run_state_machine_as_test(Admin, settings=SOME)
