"""Another event instead: both, or neither."""

from typing import Any

import pytest

from events.models import Event, Fest
from registrations.booking.errors import ActionRejected
from registrations.booking.transfer import Move, move_to
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def user() -> Any:
    return build_user()


def move(user: Any, event: Event, *rows: Registration, **values: Any) -> list[Move]:
    wanted = {"user": user, "reason": "Wrong hall", "deadline": Deadline()} | values
    return move_to([row.pk for row in rows], event_id=event.pk, **wanted)


def of(event: Event) -> Registration:
    return event.registrations.active().order_by("queue_position")[0]


def test_seat_is_exchanged_and_the_freed_one_promotes(fest: Fest, user: Any) -> None:
    old, new = build_event(fest, capacity=1), build_event(fest, capacity=1)
    submission = build_submission(old)
    build_submission(old)
    (moved,) = move(user, new, of(old))
    assert (states(old), counts(old)) == (["cancelled", "confirmed"], (1, 0, 2))
    assert (states(new), counts(new)) == (["confirmed"], (1, 0, 1))
    assert moved.successor == of(new)
    assert of(new).submission == submission
    assert set(
        Change.objects.filter(cause="moved").values_list("from_state", "to_state", "reason", "user")
    ) == {
        ("confirmed", "cancelled", "Wrong hall", user.pk),
        ("", "confirmed", "Wrong hall", user.pk),
    }


def test_move_is_told_by_one_mail_and_gives_a_new_ticket(fest: Fest, user: Any) -> None:
    old, new = build_event(fest), build_event(fest)
    build_submission(old)
    code = Ticket.objects.get().code
    move(user, new, of(old))
    assert list(Delivery.objects.order_by("pk").values_list("kind", flat=True)) == ["registered", "moved"]
    assert Ticket.objects.live().get().registration == of(new)
    assert Ticket.objects.live().get().code != code


def test_without_a_free_seat_the_old_one_is_kept(fest: Fest, user: Any) -> None:
    old, full = build_event(fest), build_event(fest, capacity=1)
    build_submission(full)
    build_submission(old)
    (stays,) = move(user, full, of(old))
    assert (stays.decision.reason, stays.successor) == ("full", None)
    assert (states(old), states(full)) == (["confirmed"], ["confirmed"])
    assert Change.objects.filter(cause="moved").count() == 0


def test_whoever_may_wait_stands_at_the_end_of_the_new_line(fest: Fest, user: Any) -> None:
    old, full = build_event(fest), build_event(fest, capacity=1)
    build_submission(full)
    build_submission(full)
    build_submission(old)
    move(user, full, of(old), may_wait=True)
    assert (states(old), states(full)) == (["cancelled"], ["confirmed", "waiting", "waiting"])
    assert (counts(old), counts(full)) == ((0, 0, 1), (1, 2, 3))


def test_clash_with_what_is_given_up_does_not_count(fest: Fest, user: Any) -> None:
    old, same_hour = build_event(fest, hour=10), build_event(fest, hour=10.5)
    build_submission(old)
    move(user, same_hour, of(old))
    assert (states(old), states(same_hour)) == (["cancelled"], ["confirmed"])


def test_clash_with_a_third_event_keeps_the_old_one(fest: Fest, user: Any) -> None:
    old, third, new = build_event(fest), build_event(fest, hour=10), build_event(fest, hour=10.5)
    build_submission(old, third)
    (stays,) = move(user, new, of(old))
    assert (stays.decision.reason, stays.decision.other) == ("clash", third)
    assert states(old) == ["confirmed"]


def test_grade_that_is_not_let_in_keeps_the_old_one(fest: Fest, user: Any) -> None:
    old, new = build_event(fest), build_event(fest, grade_min=11)
    build_submission(old)
    assert move(user, new, of(old))[0].decision.reason == "ineligible"
    assert states(old) == ["confirmed"]


def test_many_are_moved_in_their_order_until_it_is_full(fest: Fest, user: Any) -> None:
    old, new = build_event(fest, capacity=3), build_event(fest, capacity=2)
    for _number in range(3):
        build_submission(old)
    moves = move(user, new, *reversed(old.registrations.order_by("queue_position")))
    assert [bool(one.successor) for one in moves] == [True, True, False]
    assert states(old) == ["cancelled", "cancelled", "confirmed"]


def test_two_of_one_student_become_one_and_the_other_stays(fest: Fest, user: Any) -> None:
    first, second, new = (build_event(fest) for _number in range(3))
    build_submission(first, second)
    moves = move(user, new, of(first), of(second))
    assert [one.decision.reason for one in moves] == ["", "already"]
    assert (states(first), states(second)) == (["cancelled"], ["confirmed"])


def test_closed_event_takes_whom_an_organiser_moves(fest: Fest, user: Any) -> None:
    old, closed = build_event(fest), build_event(fest, closes_at=fest.opens_at)
    build_submission(old)
    move(user, closed, of(old))
    assert states(closed) == ["confirmed"]


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_event_that_does_not_take_place_takes_nobody(fest: Fest, user: Any, state: str) -> None:
    old, new = build_event(fest), build_event(fest, state=state)
    build_submission(old)
    with pytest.raises(ActionRejected):
        move(user, new, of(old))
    assert states(old) == ["confirmed"]


def test_second_submission_moves_nothing(fest: Fest, user: Any) -> None:
    old, new = build_event(fest), build_event(fest)
    build_submission(old)
    row = of(old)
    move(user, new, row)
    assert move(user, new, row) == []
    assert counts(new) == (1, 0, 1)
