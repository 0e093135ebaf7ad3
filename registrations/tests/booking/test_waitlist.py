"""Who waits, in which order, and how a seat becomes theirs."""

import datetime as dt

import pytest
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event, Fest
from registrations.booking import waitlist
from registrations.booking.cancel import cancel
from registrations.booking.errors import RegistrationRejected
from registrations.booking.waitlist import with_number
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_request, build_submission, submit_now
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def registered(event: Event, number: int) -> list[Registration]:
    return [build_submission(event).registrations.get() for _ in range(number)]


def give_up(*registrations: Registration) -> None:
    cancel([row.pk for row in registrations], actor=Change.Actor.STUDENT, deadline=Deadline())


def numbers(event: Event) -> list[int]:
    return [row.number for row in with_number(Registration.objects.filter(event=event)).waiting()]


def over(event: Event) -> None:
    """From now on nobody is promoted: the start is near."""
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now() - dt.timedelta(seconds=1))


def test_waiting_are_numbered_in_the_order_of_acceptance(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    rows = registered(event, 4)
    assert list(Registration.objects.filter(event=event).waiting()) == rows[1:]
    assert numbers(event) == [1, 2, 3]


def test_numbers_close_up_when_somebody_leaves(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    rows = registered(event, 4)
    give_up(rows[2])
    assert numbers(event) == [1, 2]
    assert counts(event) == (1, 2, 4)


def test_numbers_of_a_long_list_are_those_of_a_short_one(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    event, other = build_event(fest, capacity=2), build_event(fest, capacity=0)
    rows = registered(event, 12)
    registered(other, 3)
    give_up(rows[0], rows[4], rows[11])
    counted = {row.pk: row.number for row in with_number(Registration.objects.all())}
    monkeypatch.setattr(waitlist, "LONG_LIST", 0)
    assert {row.pk: row.number for row in with_number(Registration.objects.all())} == counted
    assert numbers(event) == [1, 2, 3, 4, 5, 6, 7]
    assert {counted[row.pk] for row in rows[:3]} == {0}


def test_numbers_of_two_events_are_counted_apart(fest: Fest) -> None:
    one, other = build_event(fest, capacity=0), build_event(fest, capacity=0)
    for _ in range(2):
        build_submission(one, other)
    assert (numbers(one), numbers(other)) == ([1, 2], [1, 2])


def test_cancelled_seat_goes_to_the_first_in_line(fest: Fest) -> None:
    event = build_event(fest, capacity=2)
    rows = registered(event, 5)
    give_up(rows[0])
    assert states(event) == ["cancelled", "confirmed", "confirmed", "waiting", "waiting"]
    assert counts(event) == (2, 2, 5)


def test_promotion_leaves_change_ticket_and_mail_behind(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    held, waiting = registered(event, 2)
    give_up(held)
    change = waiting.changes.latest("pk")
    assert (change.from_state, change.to_state, change.cause, change.actor) == (
        "waiting",
        "confirmed",
        "promoted",
        "system",
    )
    assert Ticket.objects.live().get().registration == waiting
    assert [mail.student for mail in Delivery.objects.filter(kind="promoted")] == [waiting.student]


def test_added_seats_go_to_those_who_wait_in_their_order(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    registered(event, 5)
    set_capacity(event, capacity=3)
    assert states(event) == ["confirmed"] * 3 + ["waiting"] * 2
    assert set(Change.objects.filter(from_state="waiting").values_list("cause", flat=True)) == {
        "capacity_raised"
    }


def test_added_seats_beyond_the_list_stay_free(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    registered(event, 3)
    set_capacity(event, capacity=10)
    assert counts(event) == (3, 0, 3)


def test_newcomer_with_free_seat_behind_waiting_does_not_overtake(fest: Fest) -> None:
    """A free seat beside a waiting list has a reason of its own, here a promotion that is closed."""
    event = build_event(fest, capacity=1)
    rows = registered(event, 2)
    over(event)
    give_up(rows[0])
    assert counts(event) == (0, 1, 2)
    with pytest.raises(RegistrationRejected):
        registered(event, 1)
    assert states(event) == ["cancelled", "waiting"]


def test_nobody_moves_after_promotion_has_closed(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    rows = registered(event, 3)
    over(event)
    give_up(rows[0])
    set_capacity(event, capacity=5)
    assert states(event) == ["cancelled", "waiting", "waiting"]


def test_promotion_closes_two_hours_before_the_start(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    assert event.promotion_ends_at == event.starts_at - dt.timedelta(hours=2)


def test_nobody_moves_in_a_cancelled_event(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    rows = registered(event, 2)
    Event.objects.filter(pk=event.pk).update(state=Event.State.CANCELLED)
    give_up(rows[0])
    assert states(event) == ["cancelled", "waiting"]


def test_somebody_who_comes_again_stands_at_the_end(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    _held, first, _second = registered(event, 3)
    give_up(first)
    again = build_request(event, name=first.student.name, email=first.student.email)
    registration = submit_now(again).registrations.get()
    assert (registration.student, registration.queue_position) == (first.student, 4)
    assert states(event) == ["confirmed", "cancelled", "waiting", "waiting"]


@pytest.mark.parametrize(("limit", "accepted"), [(0, 0), (1, 1), (2, 2), (None, 3)])
def test_waiting_list_takes_no_more_than_its_limit(fest: Fest, limit: int | None, accepted: int) -> None:
    event = build_event(fest, capacity=0, waiting_limit=limit)
    refused = 0
    for _ in range(3):
        try:
            build_submission(event)
        except RegistrationRejected:
            refused += 1
    assert (counts(event)[1], refused) == (accepted, 3 - accepted)


def test_freed_place_on_limited_list_is_given_again(fest: Fest) -> None:
    event = build_event(fest, capacity=0, waiting_limit=1)
    (row,) = registered(event, 1)
    give_up(row)
    assert registered(event, 1)[0].state == "waiting"


def test_waiting_occupies_the_time(fest: Fest) -> None:
    """So that a promotion never makes a clash."""
    full, other = build_event(fest, capacity=0, hour=10), build_event(fest, hour=10.5)
    student = registered(full, 1)[0].student
    with pytest.raises(RegistrationRejected) as refused:
        submit_now(build_request(other, name=student.name, email=student.email))
    assert [line.decision.reason for line in refused.value.seat_results] == ["clash"]
