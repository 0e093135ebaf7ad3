"""What people do by hand finds the seats that were not confirmed in time released, also between two rounds of beat."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event, Fest
from registrations.booking.confirmation_deadline import confirm, release_due
from registrations.booking.errors import ActionRejected
from registrations.booking.policy import CONFIRMATION_TIME
from registrations.booking.promotion import promote_chosen
from registrations.booking.substitute import Substitution, replace
from registrations.booking.transfer import move_to
from registrations.models import Change, Registration
from registrations.students.merge import merge_students
from registrations.students.merge_schools import merge_schools
from registrations.tests.builders import (
    build_details,
    build_event,
    build_fest,
    build_submission,
    build_teacher,
    build_user,
)
from registrations.tests.builders.event_changes import change
from registrations.tests.builders.holds import request_now, return_now
from registrations.tests.counting import counts, recount, states
from techfest.core.db.locking import Deadline
from tickets.checkin.walk_in import seat_waiting
from tickets.keys import random_key
from tickets.tests.admin_helpers import list_path, organiser_client, post_as_shown
from tickets.tests.audited import offenders
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest(confirms_addresses=True)


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, capacity=1, name="Robo Race")


def register(event: Event, **values: Any) -> Registration:
    return build_submission(event, **values).registrations.get()


def confirmed(event: Event, **values: Any) -> Registration:
    row = register(event, **values)
    confirm(row.student_id, deadline=Deadline(30))
    return row


def late(event: Event, **values: Any) -> Registration:
    """Its time is over, and nothing has noticed yet."""
    return make_late(register(event, **values))


def make_late(row: Registration) -> Registration:
    Registration.objects.filter(pk=row.pk).update(
        confirm_by=timezone.now() - dt.timedelta(seconds=1),
        confirm_mailed_at=timezone.now() - CONFIRMATION_TIME,
    )
    return row


def history(row: Registration) -> list[str]:
    return list(row.changes.order_by("pk").values_list("to_state", flat=True))


def check(event: Event) -> None:
    assert counts(event)[:2] == recount(event)
    assert offenders() == []


def promote(*rows: Registration) -> list[Registration]:
    ids = [row.pk for row in rows]
    return promote_chosen(ids, user=build_user(), reason="Prefect", deadline=Deadline(30))


def move(event: Event, *rows: Registration) -> list[str]:
    """The states that these registrations have in their new event."""
    ids = [row.pk for row in rows]
    moves = move_to(ids, event_id=event.pk, user=build_user(), reason="Wrong hall", deadline=Deadline(30))
    return [one.successor.state if one.successor else one.decision.reason for one in moves]


def substitute(row: Registration, **newcomer: Any) -> Registration:
    wanted = Substitution(
        key=random_key(),
        registration_ids=(row.pk,),
        actor=Change.Actor.TEACHER,
        user=build_user(),
        consent_text_id=row.event.fest.consent_texts.get().pk,
        **newcomer,
    )
    return replace(wanted, deadline=Deadline(30)).registrations.get()


def test_organiser_promotes_into_a_seat_that_is_late(event: Event) -> None:
    first, second, third = register(event), register(event), register(event)
    make_late(first)
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now())
    assert [row.pk for row in promote(third)] == [third.pk]
    assert [history(row)[-1] for row in (first, second, third)] == ["cancelled", "waiting", "confirmed"]
    check(event)


def test_organiser_promotes_nobody_who_is_late(event: Event) -> None:
    confirmed(event)
    second = late(event)
    assert promote(second) == []
    assert history(second) == ["waiting", "cancelled"]
    check(event)


def act(action: str, row: Registration, **values: Any) -> Any:
    form = {"action": action, "_selected_action": [row.pk], "reason": "Wrong hall", "notify": "on"} | values
    return post_as_shown(organiser_client(), list_path(Registration), form)


def test_page_that_asks_about_a_seat_counts_the_one_that_is_late(event: Event) -> None:
    first, third = register(event), register(event)
    make_late(first)
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now())
    page = act("promote_registrations", third).content.decode()
    assert "Robo Race: 1 seat can be given, 0 of them held back; 1 waiting." in page


def test_organiser_reads_that_what_was_to_be_moved_is_gone(fest: Fest, event: Event) -> None:
    first, other = late(event), build_event(fest, name="Quiz")
    response = act("move_registrations", first, event=other.pk, confirmed="yes")
    assert [str(message) for message in response.context["messages"]] == [
        "1 cancelled, 1 mail queued.",
        "1 was cancelled in the meantime.",
    ]


def test_move_finds_the_seat_that_is_late(fest: Fest, event: Event) -> None:
    first, mover = late(event), confirmed(build_event(fest, name="Quiz"))
    assert move(event, mover) == ["confirmed"]
    assert history(first) == ["confirmed", "cancelled"]
    check(event)


def test_what_is_late_is_released_and_not_moved(fest: Fest, event: Event) -> None:
    first, other = late(event), build_event(fest, name="Quiz")
    assert move(other, first) == []
    assert (history(first), states(other)) == (["confirmed", "cancelled"], [])
    check(event)


def test_seat_is_handed_to_a_student_whose_own_place_is_late(event: Event) -> None:
    first, second = confirmed(event), late(event)
    assert substitute(first, newcomer_id=second.student_id).state == "confirmed"
    assert (history(first), history(second)) == (["confirmed", "cancelled"], ["waiting", "cancelled"])
    check(event)


def test_seat_that_is_late_is_not_handed_on_and_goes_to_the_next(event: Event) -> None:
    first, second = register(event), confirmed(event)
    make_late(first)
    with pytest.raises(ActionRejected, match="was not confirmed in time, so this seat in Robo Race"):
        substitute(first, details=build_details(name="Zoya Khan"))
    assert release_due() == 1
    assert (history(first), history(second)) == (["confirmed", "cancelled"], ["waiting", "confirmed"])
    check(event)


def test_walk_in_gets_the_seat_that_is_late() -> None:
    event = open_event(fest_today(confirms_addresses=True), capacity=1)
    checkpoint = checkpoint_of(gate_of(event.fest, event))
    first, second = register(event), waiting_for(event)
    make_late(first)
    user = volunteer(checkpoint.gate)
    seat_waiting(second, checkpoint=checkpoint, key=random_key(), user=user, reason="Waited at the door")
    assert (history(first), history(second)) == (["confirmed", "cancelled"], ["waiting", "confirmed"])
    check(event)


def by_raised_capacity(event: Event) -> Callable[[], object]:
    confirmed(event)
    return lambda: change(event, capacity=2)


def by_a_list_that_moves_again(event: Event) -> Callable[[], object]:
    confirmed(event)

    def move_again() -> None:
        Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now())
        set_capacity(event, capacity=2)
        change(event, promotes_until=None)

    return move_again


def by_a_hold_that_is_given_back(event: Event) -> Callable[[], object]:
    set_capacity(event, capacity=2)
    confirmed(event)
    hold = request_now(build_teacher(), event, 1)
    return lambda: return_now(hold)


def by_merged_students(event: Event) -> Callable[[], object]:
    set_capacity(event, capacity=2)
    kept, gone = confirmed(event).student_id, confirmed(event).student_id
    return lambda: merge_students(kept, gone, user=build_user(), reason="Twice", deadline=Deadline(30))


def by_merged_schools(event: Event) -> Callable[[], object]:
    set_capacity(event, capacity=2)
    rows = [confirmed(event, name="Asha", school=name) for name in ("Hill School", "Valley School")]
    kept, gone = (row.student.school_id for row in rows)
    return lambda: merge_schools(kept, [gone], user=build_user(), reason="Twice", deadline=Deadline(30))


WAYS = [
    by_raised_capacity,
    by_a_list_that_moves_again,
    by_a_hold_that_is_given_back,
    by_merged_students,
    by_merged_schools,
]


@pytest.mark.parametrize("way", WAYS)
def test_seat_that_becomes_free_goes_past_who_is_late(
    way: Callable[[Event], Callable[[], object]], event: Event
) -> None:
    free_a_seat = way(event)
    second, third = register(event), confirmed(event)
    make_late(second)
    free_a_seat()
    assert (history(second), history(third)) == (["waiting", "cancelled"], ["waiting", "confirmed"])
    check(event)
