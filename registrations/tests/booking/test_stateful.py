"""Any sequence of registrations, cancellations, capacities, corrections, pauses and repeats agrees with the model."""

import pytest
from hypothesis.stateful import run_state_machine_as_test

from registrations.booking.errors import RegistrationRejected
from registrations.tests.booking.seat_model import BOUNDED, PATIENT, Rush


@pytest.mark.slow
@pytest.mark.django_db
def test_any_sequence_of_steps_agrees_with_the_model() -> None:
    run_state_machine_as_test(Rush, settings=BOUNDED)


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    "forgotten",
    [
        "registrations.booking.cancel.promote",
        "registrations.holds.reserve.promote",
        "registrations.booking.state._return_seats",
        "registrations.booking.submit.store_refusals",
        "registrations.students.corrections.note",
        "registrations.booking.policy._closed",
        "tickets.issuing._void",
        "tickets.issuing.outbox.enqueue",
    ],
)
def test_sequence_with_one_thing_forgotten_disagrees(monkeypatch: pytest.MonkeyPatch, forgotten: str) -> None:
    """The negative controls: the machine notices when a part of the code does nothing."""
    monkeypatch.setattr(forgotten, lambda *_args, **_kwargs: [])
    with pytest.raises((AssertionError, KeyError, RegistrationRejected, pytest.fail.Exception)):
        run_state_machine_as_test(Rush, settings=PATIENT)
