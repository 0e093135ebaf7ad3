"""Any sequence of steps with held seats among them: asked for, named, cancelled, given back, and outlived."""

from collections import Counter
from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from registrations.booking.errors import ActionRejected, RegistrationRejected
from registrations.holds.service import MAX_AT_ONCE, process_due
from registrations.models import Hold
from registrations.tests.booking.seat_model import ANY, BOUNDED, NAMES, Held, Plan, Rush, SeatRequest, take
from registrations.tests.builders.holds import name_now, outlive, request_now, return_now

EVENT = st.integers(0, 2)


class Holds(Rush):
    """The same machine where teachers hold seats and name students; its last event is the busy one."""

    @initialize(capacities=st.tuples(*[st.integers(1, 3)] * 3))
    def begin(self, capacities: tuple[int, ...]) -> None:
        """The last event begins full: all seats held, one named, two students waiting for the others."""
        self.set_up(capacities, (None, None, None))
        self.request_hold(index=2, seats=capacities[2])
        self.name(index=2, who="Asha")
        for who in ("Ben", "Chitra"):
            self.register(who=who, wanted=[2], wants_waiting=True)

    @rule(index=EVENT, seats=st.integers(1, 3))
    def request_hold(self, index: int, seats: int) -> None:
        plan, event = self.plans[index], self.events[index]
        before = deepcopy(plan)
        before.settle()
        asked = sum(hold.seats for hold in before.holds if hold.is_open)
        if asked + seats > MAX_AT_ONCE:
            return
        is_refused = before.is_closed or before.is_paused or before.waiting or seats > plan.capacity
        if is_refused or before.held + seats > before.capacity:
            with pytest.raises(ActionRejected):
                request_now(self.teacher, event, seats)
            return
        plan.settle()
        plan.holds.append(Held(request_now(self.teacher, event, seats).pk, seats))

    @rule(index=EVENT, who=st.sampled_from(NAMES))
    def name(self, index: int, who: str) -> None:
        """A teacher's request for one student, known or new."""
        plan, person = self.plans[index], self.people[who]
        plans = deepcopy(self.plans)
        if plan.unnamed:
            plans[index].settle()
        expected = plans[index].decide(who, plans, wants_waiting=True, is_named=True)
        student = (
            {"student": person.student} if person.student else {"name": person.name, "email": person.email}
        )
        if expected not in ("confirmed", "waiting"):
            with pytest.raises(RegistrationRejected) as refused:
                name_now(self.events[index], **student)
            assert [outcome.decision.reason for outcome in refused.value.seat_results] == [expected]
            return
        row = name_now(self.events[index], **student)
        self._look_at([index])
        held = plan.hold_for(expected, is_named=True)
        assert (row.state, row.hold_id) == (expected, held.hold if held else None)
        plan.seat_requests.append(SeatRequest(who, expected, held))
        assert row.submission is not None
        person.student = row.student
        self.named.append(row.submission)
        self.acknowledged.append(row.pk)

    def _open(self) -> list[tuple[Plan, Held]]:
        return [(plan, hold) for plan in self.plans for hold in plan.holds if hold.is_open]

    @precondition(lambda self: self._open())
    @rule(index=ANY)
    def give_back(self, index: int) -> None:
        plan, hold = self._open()[index % len(self._open())]
        return_now(Hold.objects.get(pk=hold.hold))
        plan.settle()
        hold.is_open = False
        plan.promote()

    @precondition(lambda self: self._open())
    @rule(index=ANY)
    def expire(self, index: int) -> None:
        """The time of a hold is over, and the worker notices."""
        self._outlive(index)
        process_due()
        for plan in self.plans:
            plan.settle()

    @precondition(lambda self: self._open())
    @rule(index=ANY, who=st.sampled_from(NAMES))
    def register_after_the_time(self, index: int, who: str) -> None:
        """The time of a hold is over, and a request is the first to notice."""
        self._outlive(index)
        self.register(who=who, wanted=[2], wants_waiting=True)

    @precondition(lambda self: self._open())
    @rule(indexes=st.lists(ANY, min_size=1, max_size=2))
    def cancel_after_the_time(self, indexes: list[int]) -> None:
        """The time of a hold is over, and a cancellation is the first to notice."""
        self._outlive(0)
        self.cancel(indexes=[0, *indexes])

    def _outlive(self, index: int) -> None:
        _plan, hold = self._open()[index % len(self._open())]
        outlive(Hold.objects.get(pk=hold.hold))
        hold.is_over = True


SOME = settings(BOUNDED, max_examples=10, stateful_step_count=12)


@pytest.mark.slow
@pytest.mark.django_db
def test_any_sequence_of_steps_with_holds_agrees_with_the_model() -> None:
    run_state_machine_as_test(Holds, settings=SOME)


def begin(machine: Holds) -> None:
    """Two seats are held, Asha is named for one of them, Ben and Chitra wait."""
    machine.begin(capacities=(1, 1, 2))


FORGOTTEN: dict[str, Callable[[Holds], None]] = {
    "registrations.holds.reserve.promote": lambda machine: machine.give_back(0),
    "registrations.holds.reserve.expire": lambda machine: machine.register_after_the_time(0, "Dev"),
    "registrations.booking.cancel.end_what_is_over": lambda machine: machine.cancel_after_the_time([0]),
    "registrations.booking.state._return_to_holds": lambda machine: machine.cancel([0]),
    "registrations.holds.service.expire": lambda machine: machine.expire(0),
}


@pytest.mark.django_db
@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_sequence_with_a_part_of_holds_forgotten_disagrees(
    monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    """The negative controls: the machine notices when a part of the code does nothing."""
    take(Holds(), begin, FORGOTTEN[forgotten])
    monkeypatch.setattr(forgotten, lambda *_args, **_kwargs: Counter())
    with pytest.raises((AssertionError, KeyError, RegistrationRejected, pytest.fail.Exception)):
        take(Holds(), begin, FORGOTTEN[forgotten])
