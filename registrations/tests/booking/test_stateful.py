"""Any sequence of registrations, cancellations, capacities, corrections, pauses and repeats agrees with the model."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from registrations.booking.errors import RegistrationRejected
from registrations.tests.booking.seat_model import BOUNDED, Rush, take


@pytest.mark.slow
@pytest.mark.django_db
def test_any_sequence_of_steps_agrees_with_the_model() -> None:
    run_state_machine_as_test(Rush, settings=BOUNDED)


def begin(machine: Rush) -> None:
    machine.begin(capacities=(1, 1, 1), limits=(None, None, None))


def two_for_one_seat(machine: Rush) -> None:
    machine.register_one_after_another(["Asha", "Ben"])


def both_of_two_that_clash(machine: Rush) -> None:
    machine.register(who="Asha", wanted=[0, 1], wants_waiting=True)


def cancel_the_first(machine: Rush) -> None:
    machine.cancel([0])


def add_a_seat(machine: Rush) -> None:
    machine.change_capacity(2, 2)


def correct_a_name(machine: Rush) -> None:
    machine.correct(index=0, other="Asha", number=1)


def allow_one_event(machine: Rush) -> None:
    machine.limit_events(1)


def two_events(machine: Rush) -> None:
    machine.register(who="Asha", wanted=[0, 2], wants_waiting=True)


def close(machine: Rush) -> None:
    machine.open_pause_or_close(2, "closed")


FORGOTTEN = {
    "registrations.booking.cancel.promote": [two_for_one_seat, cancel_the_first],
    "registrations.holds.reserve.promote": [two_for_one_seat, add_a_seat],
    "registrations.booking.state._return_seats": [two_for_one_seat, cancel_the_first],
    "registrations.booking.submit.store_refusals": [both_of_two_that_clash],
    "registrations.students.corrections.note": [two_for_one_seat, correct_a_name],
    "registrations.booking.policy.closed_reason": [close, two_for_one_seat],
    "registrations.booking.policy.has_most_events": [allow_one_event, two_events],
    "tickets.issuing._void": [two_for_one_seat, cancel_the_first],
    "tickets.issuing.outbox.enqueue": [two_for_one_seat],
}


@pytest.mark.django_db
@pytest.mark.parametrize("forgotten", FORGOTTEN)
def test_sequence_with_one_thing_forgotten_disagrees(monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    """The negative controls: the machine notices when a part of the code does nothing."""
    steps = [begin, *FORGOTTEN[forgotten]]
    take(Rush(), *steps)
    monkeypatch.setattr(forgotten, lambda *_args, **_kwargs: [])
    with pytest.raises((AssertionError, KeyError, RegistrationRejected, pytest.fail.Exception)):
        take(Rush(), *steps)
