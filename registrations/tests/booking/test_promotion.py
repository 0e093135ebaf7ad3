"""Seats given by hand: a free one, one that was held back, and none that is not there."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event, Seats
from registrations.booking.cancel import cancel
from registrations.booking.errors import ActionRejected
from registrations.booking.promotion import promote_chosen
from registrations.models import Change, Hold, Registration
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_late_event,
    build_submission,
    build_user,
)
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> Any:
    return build_user()


def at(event: Event, queue_position: int) -> Registration:
    return event.registrations.get(queue_position=queue_position)


def promote(user: Any, *rows: Registration, **values: Any) -> list[Registration]:
    wanted = {"user": user, "reason": "Prefect", "deadline": Deadline()} | values
    return promote_chosen([row.pk for row in rows], **wanted)


def test_chosen_one_has_the_seat_past_an_earlier_place(user: Any) -> None:
    event = build_late_event()
    promote(user, at(event, 3))
    assert states(event) == ["cancelled", "waiting", "confirmed", "waiting"]
    assert counts(event) == (1, 2, 4)
    change = Change.objects.get(cause="chosen")
    assert (change.actor, change.user, change.reason) == ("organiser", user, "Prefect")
    assert Ticket.objects.live().get().registration == at(event, 3)
    assert Delivery.objects.get(kind="promoted").state == "queued"


def test_second_submission_does_no_harm(user: Any) -> None:
    event = build_late_event()
    promote(user, at(event, 3))
    assert promote(user, at(event, 3)) == []
    assert counts(event) == (1, 2, 4)


def test_student_who_is_not_to_be_notified_gets_a_dropped_mail(user: Any) -> None:
    event = build_late_event()
    promote(user, at(event, 2), notify=False)
    assert Delivery.objects.get(kind="promoted").state == "dropped"


def test_more_than_fit_are_refused_together(user: Any) -> None:
    event = build_late_event()
    with pytest.raises(ActionRejected, match="1 free seat, and 2 were chosen"):
        promote(user, at(event, 2), at(event, 3))
    assert states(event)[1:] == ["waiting"] * 3


def test_full_event_is_refused_in_a_sentence(user: Any) -> None:
    event = build_event(build_fest(), capacity=1)
    build_submission(event)
    build_submission(event)
    with pytest.raises(ActionRejected, match=f"{event.name} has no free seat"):
        promote(user, at(event, 2))
    assert counts(event) == (1, 1, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "cancelled"}, "does not take place"),
        ({"starts_at": -2, "ends_at": -1}, "is over"),
    ],
    ids=["cancelled", "over"],
)
def test_event_that_gives_no_seats_any_more_is_refused(user: Any, change: Any, words: str) -> None:
    event = build_late_event()
    hours = {
        name: timezone.now() + dt.timedelta(hours=value) for name, value in change.items() if name != "state"
    }
    Event.objects.filter(pk=event.pk).update(**(change | hours))
    with pytest.raises(ActionRejected, match=words):
        promote(user, at(event, 2))


def test_seat_that_was_reserved_is_given_and_comes_back_to_its_hold(user: Any) -> None:
    event = build_event(build_fest(), capacity=2)
    build_submission(event)
    hold = Hold.objects.create(
        event=event, seats=1, until=event.starts_at, requested_by=user, held_at=timezone.now()
    )
    Seats.objects.hold(event.pk, seats=1)
    build_submission(event)
    chosen = at(event, 2)
    promote(user, chosen)
    hold.refresh_from_db()
    seats = Seats.objects.get(pk=event.pk)
    assert (seats.taken, seats.held, seats.waiting, hold.used) == (2, 0, 0, 1)
    cancel([chosen.pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    hold.refresh_from_db()
    seats.refresh_from_db()
    assert (seats.taken, seats.held, hold.used) == (2, 1, 0)
