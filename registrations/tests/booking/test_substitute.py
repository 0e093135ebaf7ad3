"""Substituting a student: the seat and the ranks stay."""

import datetime as dt
import threading
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event, Fest
from events.querysets import SeatsQuerySet
from registrations.booking.cancel import cancel
from registrations.booking.errors import (
    ActionRejected,
    AmbiguousIdentity,
    IdempotencyConflict,
    RegistrationRejected,
)
from registrations.booking.state import move
from registrations.booking.substitute import Substitution, replace
from registrations.models import Change, Consent, Registration, Student, Submission
from registrations.tests.builders import build_details, build_event, build_fest, build_submission
from registrations.tests.counting import counts, recount, states
from registrations.tests.races import PATIENCE, at_once, without_lock
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket
from tickets.tests.audited import damage, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


@pytest.fixture
def teacher() -> User:
    return User.objects.create_user("rao")


def substitution(*registrations: Registration, teacher: User | None = None, **values: Any) -> Substitution:
    """A new student instead of the one with these registrations."""
    first = registrations[0]
    defaults: dict[str, Any] = {
        "key": Submission.new_key(),
        "registration_ids": tuple(row.pk for row in registrations),
        "actor": Change.Actor.TEACHER,
        "user": teacher,
        "consent_text_id": first.event.fest.consent_texts.get().pk,
    }
    if "newcomer_id" not in values:
        defaults["details"] = build_details(name="Zoya Khan", email="zoya@example.org")
    return Substitution(**(defaults | values))


def replaced(*registrations: Registration, **values: Any) -> Submission:
    return replace(substitution(*registrations, **values), deadline=Deadline(PATIENCE))


def place_of(name: str) -> tuple[str, int]:
    return Registration.objects.values_list("state", "queue_position").get(student__name=name)


def full_event(fest: Fest) -> tuple[Event, list[Registration]]:
    """One seat and two who wait."""
    event = build_event(fest, capacity=1)
    rows = [build_submission(event, name=f"Asha {character}").registrations.get() for character in "ABC"]
    return event, rows


@pytest.mark.django_db(transaction=True)
def test_seat_goes_to_the_newcomer_and_not_to_the_next_in_line(fest: Fest, teacher: User) -> None:
    event, (first, *_waiting) = full_event(fest)
    before = counts(event)
    replaced(first, teacher=teacher)
    assert place_of("Zoya Khan") == ("confirmed", 1)
    assert (place_of("Asha A")[0], place_of("Asha B"), place_of("Asha C")) == (
        "cancelled",
        ("waiting", 2),
        ("waiting", 3),
    )
    assert counts(event) == (before[0], before[1], before[2] + 1)
    assert recount(event) == counts(event)[:2]
    assert run() == []


@pytest.mark.django_db(transaction=True)
def test_place_in_line_goes_to_the_newcomer(fest: Fest, teacher: User) -> None:
    """In front of those who came after the one who leaves; the next free seat is the newcomer's."""
    _event, (first, second, _third) = full_event(fest)
    replaced(second, teacher=teacher)
    assert (place_of("Zoya Khan"), place_of("Asha B")) == (("waiting", 2), ("cancelled", 4))
    cancel([first.pk], actor=Change.Actor.TEACHER, deadline=Deadline())
    assert (place_of("Zoya Khan")[0], place_of("Asha C")[0]) == ("confirmed", "waiting")
    assert run() == []


def test_both_sides_are_recorded_with_the_teacher(fest: Fest, teacher: User) -> None:
    _event, (first, *_waiting) = full_event(fest)
    replaced(first, teacher=teacher)
    notified = Change.objects.filter(cause="replaced").order_by("pk")
    assert [
        (row.registration.student.name, row.from_state, row.to_state, row.actor, row.user) for row in notified
    ] == [
        ("Asha A", "confirmed", "cancelled", "teacher", teacher),
        ("Zoya Khan", "", "confirmed", "teacher", teacher),
    ]


def test_ticket_of_the_one_dies_and_the_other_gets_one(fest: Fest) -> None:
    _event, (first, *_waiting) = full_event(fest)
    old = Ticket.objects.get(registration=first)
    replaced(first)
    assert Ticket.objects.live().get().student.name == "Zoya Khan"
    assert Ticket.objects.live().get().code != old.code


def test_both_are_notified_by_mail(fest: Fest) -> None:
    _event, (first, *_waiting) = full_event(fest)
    Delivery.objects.all().delete()
    replaced(first)
    assert list(Delivery.objects.order_by("pk").values_list("kind", "student__name")) == [
        ("cancelled", "Asha A"),
        ("registered", "Zoya Khan"),
    ]


def test_consent_of_the_newcomer_is_the_teachers_declaration(fest: Fest, teacher: User) -> None:
    _event, (first, *_waiting) = full_event(fest)
    replaced(first, teacher=teacher)
    consent = Consent.objects.get(student__name="Zoya Khan")
    assert (consent.basis, consent.user) == ("teacher", teacher)


def test_same_submission_again_changes_nothing(fest: Fest) -> None:
    event, (first, *_waiting) = full_event(fest)
    wanted = substitution(first)
    responses = [replace(wanted, deadline=Deadline()) for _ in range(2)]
    assert responses[0] == responses[1]
    assert (states(event), Student.objects.count()) == (
        ["confirmed", "waiting", "waiting", "cancelled"],
        4,
    )


def test_same_key_with_another_newcomer_is_no_guess(fest: Fest) -> None:
    _event, (first, *_waiting) = full_event(fest)
    wanted = substitution(first)
    replace(wanted, deadline=Deadline())
    with pytest.raises(IdempotencyConflict):
        replace(substitution(first, key=wanted.key, details=build_details()), deadline=Deadline())


@pytest.mark.django_db(transaction=True)
def test_several_events_are_handed_over_or_none(fest: Fest) -> None:
    small, large = build_event(fest, grade_max=7), build_event(fest)
    rows = list(build_submission(small, large, name="Asha A").registrations.order_by("pk"))
    with pytest.raises(RegistrationRejected) as refused:
        replaced(*rows, details=build_details(grade=8))
    assert [outcome.decision.reason for outcome in refused.value.seat_results] == ["ineligible"]
    assert Student.objects.count() == 1
    replaced(*rows, details=build_details(name="Zoya Khan"))
    assert set(Registration.objects.active().values_list("student__name", flat=True)) == {"Zoya Khan"}
    assert run() == []


def test_known_student_of_the_school_may_come(fest: Fest) -> None:
    event, other = build_event(fest, capacity=1), build_event(fest)
    first = build_submission(event).registrations.get()
    newcomer = build_submission(other).student
    replaced(first, newcomer_id=newcomer.pk)
    assert event.registrations.active().get().student == newcomer


@pytest.mark.parametrize("reason", ["clash", "already", "closed", "paused"])
def test_newcomer_must_meet_the_rules_of_every_submission(fest: Fest, reason: str) -> None:
    event, other = build_event(fest, hour=9), build_event(fest, hour=9.5)
    first = build_submission(event).registrations.get()
    newcomer = build_submission({"clash": other, "already": event}.get(reason, build_event(fest))).student
    if reason == "closed":
        Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - dt.timedelta(minutes=3))
    if reason == "paused":
        Event.objects.filter(pk=event.pk).update(is_paused=True)
    with pytest.raises(RegistrationRejected) as refused:
        replaced(first, newcomer_id=newcomer.pk)
    assert [outcome.decision.reason for outcome in refused.value.seat_results] == [reason]
    first.refresh_from_db()
    assert first.state == "confirmed"


def test_in_the_grace_after_closing_it_is_still_possible(fest: Fest) -> None:
    event = build_event(fest)
    first = build_submission(event).registrations.get()
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - dt.timedelta(minutes=1))
    replaced(first)
    assert place_of("Zoya Khan")[0] == "confirmed"


def test_nobody_of_another_school_or_fest_comes_instead(fest: Fest) -> None:
    first = build_submission(build_event(fest)).registrations.get()
    stranger = build_submission(build_event(fest), school="Hill School").student
    elsewhere = build_submission(build_event(build_fest())).student
    for newcomer in (stranger, elsewhere, first.student):
        with pytest.raises(ActionRejected):
            replaced(first, newcomer_id=newcomer.pk)
    assert Registration.objects.active().count() == 3


def test_namesake_is_asked_about_and_not_guessed(fest: Fest) -> None:
    event = build_event(fest)
    first = build_submission(event).registrations.get()
    build_submission(event, name="Zoya Khan", email="another@example.org")
    with pytest.raises(AmbiguousIdentity):
        replaced(first)


def test_what_is_cancelled_cannot_be_handed_over(fest: Fest) -> None:
    first = build_submission(build_event(fest)).registrations.get()
    cancel([first.pk], actor=Change.Actor.TEACHER, deadline=Deadline())
    with pytest.raises(ActionRejected):
        replaced(first)
    with pytest.raises(ActionRejected):
        replaced(first, registration_ids=(first.pk + 1000,))


def test_registrations_of_two_students_are_not_handed_over_together(fest: Fest) -> None:
    event = build_event(fest)
    rows = [build_submission(event).registrations.get() for _ in range(2)]
    with pytest.raises(ActionRejected):
        replaced(*rows)


@pytest.mark.django_db(transaction=True)
def test_overfull_event_keeps_its_seats(fest: Fest) -> None:
    """The capacity was lowered: no registration is lost, and a seat may still be handed on."""
    event = build_event(fest, capacity=2)
    first = build_submission(event).registrations.get()
    build_submission(event)
    set_capacity(event, capacity=1)
    replaced(first)
    assert counts(event)[0] == 2
    assert run() == []


@pytest.mark.django_db(transaction=True)
def test_audit_names_a_seat_that_nobody_gave_up(fest: Fest) -> None:
    _event, (first, *_waiting) = full_event(fest)
    replaced(first)
    damage(
        "UPDATE registrations_change SET cause = 'cancelled' WHERE cause = 'replaced' AND from_state <> ''"
    )
    assert any("is not what was given up" in line for line in run())


# ---- Races ----------------------------------------------------------------------------------------------


def handed_over_and_given_up(event: Event, first: Registration) -> list[Any]:
    """The teacher hands the seat on while the student cancels, which would promote the next on the waiting list."""
    return at_once(
        [
            partial(replaced, first),
            partial(cancel, [first.pk], actor=Change.Actor.STUDENT, deadline=Deadline(PATIENCE)),
        ]
    )


@pytest.mark.race
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_handing_over_against_giving_up_is_one_of_them() -> None:
    for _ in range(5):
        event, (first, *_waiting) = full_event(build_fest())
        responses = handed_over_and_given_up(event, first)
        newcomers = event.registrations.active().filter(student__name="Zoya Khan").count()
        assert newcomers == isinstance(responses[0], Submission)
        assert counts(event)[0] == recount(event)[0] == 1
        assert counts(event)[1] == recount(event)[1]
    assert run() == []


@pytest.mark.race
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_handing_over_against_giving_up_without_locks_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: without the locks the seat is handed on and given to the next on the waiting list."""
    line, is_given_up = threading.Barrier(2), threading.Event()

    def meet(*args: Any, **kwargs: Any) -> Any:
        line.wait(20)
        return move(*args, **kwargs)

    def meet_and_be_late(*args: Any, **kwargs: Any) -> Any:
        line.wait(20)
        is_given_up.wait(20)
        return move(*args, **kwargs)

    def give_up() -> Any:
        try:
            return cancel([first.pk], actor=Change.Actor.STUDENT, deadline=Deadline(PATIENCE))
        finally:
            is_given_up.set()

    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_kwargs: self)
    monkeypatch.setattr("registrations.booking.substitute.move", meet_and_be_late)
    monkeypatch.setattr("registrations.booking.state.move", meet)
    event, (first, *_waiting) = full_event(build_fest())
    at_once([partial(replaced, first), give_up])
    assert recount(event)[0] == 2
