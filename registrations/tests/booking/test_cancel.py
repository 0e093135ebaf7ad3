"""Cancelling: once, for one event or several, until the event begins."""

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from events.models import Event, Fest
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.models import Change, Registration
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def given_up(*registrations: Registration, actor: str = Change.Actor.STUDENT) -> list[Registration]:
    return cancel([row.pk for row in registrations], actor=actor, deadline=Deadline())


def begun(event: Event) -> None:
    now = timezone.now()
    Event.objects.filter(pk=event.pk).update(starts_at=now, ends_at=now + dt.timedelta(hours=1))


def test_cancelled_registration_frees_its_seat(fest: Fest) -> None:
    event = build_event(fest)
    row = build_submission(event).registrations.get()
    assert given_up(row) == [row]
    assert (states(event), counts(event)) == (["cancelled"], (0, 0, 1))


def test_cancelled_registration_has_no_live_ticket(fest: Fest) -> None:
    row = build_submission(build_event(fest)).registrations.get()
    given_up(row)
    assert [ticket.is_live for ticket in Ticket.objects.all()] == [False]


def test_cancellation_is_recorded_and_mailed(fest: Fest) -> None:
    row = build_submission(build_event(fest)).registrations.get()
    given_up(row)
    change = row.changes.latest("pk")
    assert (change.from_state, change.to_state, change.cause, change.actor) == (
        "confirmed",
        "cancelled",
        "cancelled",
        "student",
    )
    assert Delivery.objects.filter(kind="cancelled").values_list("to", flat=True).get() == row.student.email


def test_cancelled_twice_is_cancelled_once(fest: Fest) -> None:
    event = build_event(fest)
    rows = [build_submission(event).registrations.get() for _ in range(2)]
    given_up(rows[0])
    assert given_up(rows[0]) == []
    assert counts(event) == (1, 0, 2)
    assert (rows[0].changes.count(), Delivery.objects.filter(kind="cancelled").count()) == (2, 1)


def test_cancelled_waiting_frees_no_seat(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    rows = [build_submission(event).registrations.get() for _ in range(3)]
    given_up(rows[1])
    assert (states(event), counts(event)) == (["confirmed", "cancelled", "waiting"], (1, 1, 3))


def test_all_of_a_student_are_cancelled_and_each_event_promotes(fest: Fest) -> None:
    events = [build_event(fest, capacity=1) for _ in range(3)]
    rows = list(build_submission(*events).registrations.all())
    build_submission(*events)
    given_up(*rows)
    assert [states(event) for event in events] == [["cancelled", "confirmed"]] * 3
    assert [counts(event) for event in events] == [(1, 0, 2)] * 3


def test_two_cancelled_in_one_event_promote_two(fest: Fest) -> None:
    event = build_event(fest, capacity=2)
    rows = [build_submission(event).registrations.get() for _ in range(4)]
    given_up(*rows[:2])
    assert states(event) == ["cancelled"] * 2 + ["confirmed"] * 2


def test_held_and_first_waiting_cancelled_together_promote_the_next(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    rows = [build_submission(event).registrations.get() for _ in range(3)]
    given_up(*rows[:2])
    assert states(event) == ["cancelled", "cancelled", "confirmed"]
    assert counts(event) == (1, 0, 3)


def test_cancelling_nothing_changes_nothing(fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event)
    assert given_up() == []
    assert cancel([0, -1], actor="student", deadline=Deadline()) == []
    assert counts(event) == (1, 0, 1)


def test_student_cannot_cancel_what_has_begun(fest: Fest) -> None:
    event = build_event(fest)
    row = build_submission(event).registrations.get()
    begun(event)
    with pytest.raises(ActionRejected) as refused:
        given_up(row)
    assert refused.value.text == f"{event.name} has begun."
    assert (states(event), counts(event)) == (["confirmed"], (1, 0, 1))


def test_student_cannot_cancel_all_when_one_has_begun(fest: Fest) -> None:
    events = [build_event(fest), build_event(fest)]
    rows = list(build_submission(*events).registrations.all())
    begun(events[0])
    with pytest.raises(ActionRejected):
        given_up(*rows)
    assert [states(event) for event in events] == [["confirmed"]] * 2


def test_organiser_cancels_what_has_begun(fest: Fest) -> None:
    event = build_event(fest)
    row = build_submission(event).registrations.get()
    begun(event)
    user = get_user_model().objects.create_user("meera")
    cancel([row.pk], actor=Change.Actor.ORGANISER, user=user, deadline=Deadline())
    assert row.changes.latest("pk").user == user


def test_seats_over_capacity_are_given_to_nobody(fest: Fest) -> None:
    """Two too many: the first two cancellations only bring the event back to its capacity."""
    event = build_event(fest, capacity=3)
    rows = [build_submission(event).registrations.get() for _ in range(4)]
    event.seats.refresh_from_db()
    event.seats.capacity = 1
    event.seats.save(update_fields=["capacity"])
    given_up(rows[0])
    given_up(rows[1])
    assert (states(event), counts(event)) == (["cancelled", "cancelled", "confirmed", "waiting"], (1, 1, 4))
    given_up(rows[2])
    assert (states(event), counts(event)) == (["cancelled"] * 3 + ["confirmed"], (1, 0, 4))
