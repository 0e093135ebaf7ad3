"""Walk-ins: seats given at the door."""

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Event, Seats
from registrations.booking.errors import ActionRejected
from registrations.models import Change, Consent, Hold, Registration, Student
from registrations.students.identity import Details
from registrations.tests.builders import build_submission, build_teacher, build_user
from registrations.tests.builders.holds import name_now, request_now
from registrations.tests.counting import counts
from registrations.tests.races import at_once
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.walk_in import Newcomer, seat_newcomer, seat_waiting
from tickets.keys import random_key
from tickets.models import CheckIn, Delivery, Scan, Ticket
from tickets.tests.audited import offenders
from tickets.tests.audited import run as audited
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    key_in,
    open_event,
    phone_of,
    scanned,
    submit_scan,
    ticket_for,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), capacity=2, name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate)


def seats_are_kept_no_longer(event: Event) -> None:
    Event.objects.filter(pk=event.pk).update(seats_kept_until=timezone.now() - MINUTE)


def walk_in(registration: Registration, checkpoint: Checkpoint, user: Any) -> Scan:
    return seat_waiting(
        registration, checkpoint=checkpoint, key=random_key(), user=user, reason="Waited at the door"
    )


def newcomer(event: Event, **values: Any) -> Newcomer:
    details: dict[str, Any] = {"name": "Zoya Khan", "school": "Riverside Public School", "grade": 7}
    return Newcomer(Details(**(details | values)), event.pk)


def come(who: Newcomer, checkpoint: Checkpoint, user: Any) -> Scan:
    return seat_newcomer(
        who, checkpoint=checkpoint, key=random_key(), user=user, reason="Registered at the door"
    )


def free_one(event: Event) -> None:
    """Adds a seat that no waiting registration gets, because the waiting list has closed."""
    seats = Seats.objects.get(event=event)
    Seats.objects.filter(event=event).update(capacity=seats.taken + 1)


def test_waiting_person_gets_a_free_seat_and_is_in(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    for _ in range(2):
        ticket_for(event)
    waiting = waiting_for(event)
    free_one(event)
    green = walk_in(waiting, checkpoint, ravi)
    waiting.refresh_from_db()
    change = Change.objects.get(registration=waiting, to_state="confirmed")
    assert (green.verdict, waiting.state, counts(event)) == ("in", "confirmed", (3, 0, 3))
    assert (change.cause, change.actor, change.user, change.reason) == (
        "walk_in", "volunteer", ravi, "Waited at the door",
    )  # fmt: skip
    assert CheckIn.objects.get().how == "walk_in"


def test_before_that_time_the_seat_is_refused_with_the_time(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    until = (timezone.now() + 5 * MINUTE).replace(second=0, microsecond=0)
    Event.objects.filter(pk=event.pk).update(promotes_until=until)
    at = timezone.localtime(until).strftime("%-I:%M%p").lower()
    with pytest.raises(ActionRejected, match=f"given at the door from .+, {at}") as refused:
        come(newcomer(event), checkpoint, ravi)
    assert "go to the waiting list" in str(refused.value)
    assert not Student.objects.exists()


def test_full_event_keeps_its_seats_until_their_time(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    for _ in range(2):
        ticket_for(event)
    with pytest.raises(
        ActionRejected, match=r"No seat is free\. Seats of people who have not come are given from"
    ):
        come(newcomer(event), checkpoint, ravi)
    assert counts(event) == (2, 0, 2)


def test_latest_no_show_loses_the_seat_and_is_notified(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    early, late = (ticket_for(event) for _ in range(2))
    waiting = waiting_for(event)
    seats_are_kept_no_longer(event)
    walk_in(waiting, checkpoint, ravi)
    lost = Change.objects.get(cause="no_show")
    assert (lost.registration, lost.user, lost.actor) == (late.registration, ravi, "volunteer")
    assert Delivery.objects.get(change=lost).kind == "cancelled"
    assert Ticket.objects.live().filter(registration=late.registration).exists() is False
    assert (counts(event), early.registration.state) == ((2, 0, 3), "confirmed")
    assert scanned(checkpoint, late.code, ravi).verdict == "cancelled"


def test_student_who_is_in_keeps_the_seat(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    first, last = (ticket_for(event) for _ in range(2))
    scanned(checkpoint, last.code, ravi)
    seats_are_kept_no_longer(event)
    come(newcomer(event), checkpoint, ravi)
    assert Change.objects.get(cause="no_show").registration == first.registration
    with pytest.raises(ActionRejected, match="everyone with a seat has come"):
        come(newcomer(event, name="Yusuf Ali"), checkpoint, ravi)
    assert counts(event) == (2, 0, 3)


def test_event_with_more_taken_than_seats_gives_none(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    for _ in range(2):
        ticket_for(event)
    Seats.objects.filter(event=event).update(capacity=1)
    seats_are_kept_no_longer(event)
    with pytest.raises(ActionRejected):
        come(newcomer(event), checkpoint, ravi)
    assert counts(event) == (2, 0, 2)


def test_seat_that_was_reserved_is_free_at_the_door(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    Hold.objects.create(
        event=event, seats=2, until=event.starts_at, requested_by=build_user(), held_at=timezone.now()
    )
    Seats.objects.filter(event=event).update(taken=2, held=2)
    assert come(newcomer(event), checkpoint, ravi).verdict == "in"
    assert counts(event) == (1, 0, 1)


def test_newcomer_is_registered_with_a_consent_on_paper(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    green = come(newcomer(event), checkpoint, ravi)
    consent = Consent.objects.get()
    assert (consent.basis, consent.user, consent.student.name) == ("paper", ravi, "Zoya Khan")
    assert (green.verdict, counts(event)) == ("in", (1, 0, 1))


def test_newcomer_of_another_grade_or_with_a_seat_is_refused(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    waiting = waiting_for(event)
    Registration.objects.filter(pk=waiting.pk).update(state="confirmed")
    with pytest.raises(ActionRejected, match="has a seat already"):
        walk_in(waiting, checkpoint, ravi)
    Event.objects.filter(pk=event.pk).update(grade_max=5)
    with pytest.raises(ActionRejected, match="grades 1 to 5"):
        come(newcomer(event, name="Yusuf Ali"), checkpoint, ravi)


def test_same_submission_twice_gives_one_seat(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    key = random_key()
    scans = [
        seat_newcomer(newcomer(event), checkpoint=checkpoint, key=key, user=ravi, reason="At the door")
        for _ in range(2)
    ]
    assert scans[0] == scans[1]
    assert counts(event) == (1, 0, 1)


def test_card_of_a_waiting_person_offers_the_seat(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    for _ in range(2):
        ticket_for(event)
    waiting = waiting_for(event)
    free_one(event)
    phone = phone_of(ravi)
    page = submit_scan(phone, checkpoint, waiting.student.reference)
    display = Scan.objects.get()
    assert "Give a free seat and let in" in page.content.decode()
    response = phone.post(checkpoint.url("seat", display.link_id), {"key": key_in(page)}, follow=True)
    assert "<h1>In</h1>" in response.content.decode()


def test_form_registers_a_new_student(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    phone: Client = phone_of(ravi)
    page = phone.get(checkpoint.url("walk_in"))
    sent = {
        "name": "Zoya Khan",
        "school": "Riverside",
        "grade": "7",
        "event": str(event.pk),
        "key": key_in(page),
    }
    refused = phone.post(checkpoint.url("walk_in"), sent).content.decode()
    assert "only be registered with consent on paper" in refused
    assert not Student.objects.exists()
    response = phone.post(checkpoint.url("walk_in"), sent | {"consent": "on"}, follow=True)
    assert "<h1>In</h1>" in response.content.decode()


def test_form_asks_about_a_similar_name_without_naming_anybody(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    build_submission(event, name="Karthik Subramanian", email="")
    phone = phone_of(ravi)
    sent = {"name": "S Karthik", "school": "Riverside Public School", "grade": "7", "event": str(event.pk)}
    sent |= {"consent": "on", "key": key_in(phone.get(checkpoint.url("walk_in")))}
    page = phone.post(checkpoint.url("walk_in"), sent).content.decode()
    assert "A student with a name like this is registered in this grade" in page
    assert "Subramanian" not in page
    assert Student.objects.count() == 1
    response = phone.post(checkpoint.url("walk_in"), sent | {"another": "1"}, follow=True)
    assert "<h1>In</h1>" in response.content.decode()


def test_form_refuses_an_event_of_another_checkpoint(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    other = open_event(event.fest)
    phone = phone_of(ravi)
    sent = {"name": "Zoya", "school": "R", "grade": "7", "event": str(other.pk), "consent": "on"}
    sent["key"] = key_in(phone.get(checkpoint.url("walk_in")))
    assert "Select the event" in phone.post(checkpoint.url("walk_in"), sent).content.decode()
    assert not Student.objects.exists()


@pytest.mark.race
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_many_walk_ins_and_scans_at_once_never_pass_the_capacity() -> None:
    """Three unclaimed seats, eleven walk-ins (one of them waiting), and two seat holders who come after all."""
    event = open_event(fest_today(), capacity=3)
    checkpoint = checkpoint_of(gate_of(event.fest, event))
    user = volunteer(checkpoint.gate)
    tickets = [ticket_for(event) for _ in range(3)]
    waiting = waiting_for(event)
    seats_are_kept_no_longer(event)
    wanted = [partial(come, newcomer(event, name=f"New {number}"), checkpoint, user) for number in range(10)]
    wanted.append(partial(walk_in, waiting, checkpoint, user))
    came = [partial(scanned, checkpoint, ticket.code, user) for ticket in tickets[:2]]
    responses = at_once([*wanted, *came])
    inside = [one for one in responses if isinstance(one, Scan) and one.verdict == "in"]
    assert (len(inside), counts(event)[0]) == (3, 3)
    assert CheckIn.objects.filter(undone_at=None).count() == 3
    assert audited() == []


def test_unclaimed_seat_that_a_teacher_had_held_leaves_its_hold(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket_for(event)
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now() + MINUTE)
    request_now(build_teacher(), event, 1, until=timezone.now() + MINUTE / 2)
    named = name_now(event, name="Named Nita")
    Event.objects.filter(pk=event.pk).update(promotes_until=None)
    seats_are_kept_no_longer(event)
    come(newcomer(event), checkpoint, ravi)
    named.refresh_from_db()
    assert (named.state, Hold.objects.get().used) == ("cancelled", 0)
    assert offenders() == []


def test_walk_in_with_a_clashing_waiting_registration_gets_a_conflict(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    """A clashing waiting registration does not prevent the walk-in; it becomes a conflict."""
    ticket_for(event)
    other = open_event(event.fest, capacity=1)
    ticket_for(other)
    waiting = waiting_for(other, name="Waits Elsewhere")
    details = {"name": "Waits Elsewhere", "email": waiting.student.email}
    come(newcomer(event, **details), checkpoint, ravi)
    assert offenders() == []
