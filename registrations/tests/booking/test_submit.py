"""One submitted form: what it obtains, what it stores, and that it counts once."""

import dataclasses
import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event, Fest
from registrations.booking.allocate import allocate
from registrations.booking.cancel import cancel
from registrations.booking.errors import AmbiguousIdentity, IdempotencyConflict, RegistrationRejected
from registrations.booking.policy import SeatRequest
from registrations.booking.submit import BookingRequest, submit
from registrations.models import (
    Change,
    Consent,
    Refusal,
    Registration,
    School,
    Student,
    Submission,
)
from registrations.tests.builders import build_event, build_fest, build_request, build_submission, submit_now
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_fest()


def reasons(booking_request: BookingRequest) -> list[str]:
    with pytest.raises(RegistrationRejected) as refused:
        submit_now(booking_request)
    return [outcome.decision.reason for outcome in refused.value.seat_results]


def rows() -> list[int]:
    models = (Student, School, Consent, Submission, Registration, Refusal, Change, Ticket, Delivery)
    return [model.objects.count() for model in models]


def test_submission_with_free_seat_is_confirmed(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    submission = build_submission(event)
    assert (states(event), counts(event)) == (["confirmed"], (1, 0, 1))
    assert submission.created_student
    assert rows() == [1, 1, 1, 1, 1, 0, 1, 1, 1]


def test_submission_is_recorded_as_the_students(fest: Fest) -> None:
    submission = build_submission(build_event(fest))
    change = Change.objects.get()
    assert (change.from_state, change.to_state, change.cause, change.actor, change.submission) == (
        "",
        "confirmed",
        "submitted",
        "student",
        submission,
    )


def test_submission_queues_one_mail_for_all_its_events(fest: Fest) -> None:
    submission = build_submission(build_event(fest), build_event(fest))
    mail = Delivery.objects.get()
    assert (mail.kind, mail.to, mail.submission) == ("registered", submission.student.email, submission)
    assert Ticket.objects.count() == 2


def test_submission_without_email_queues_no_mail(fest: Fest) -> None:
    build_submission(build_event(fest), email="")
    assert rows() == [1, 1, 1, 1, 1, 0, 1, 1, 0]


def test_submission_keeps_the_consent_with_its_wording(fest: Fest) -> None:
    submission = build_submission(build_event(fest))
    consent = Consent.objects.get()
    assert (consent.student, consent.text, consent.basis) == (
        submission.student,
        fest.consent_texts.get(),
        "form",
    )


def test_submission_with_new_school_leaves_it_pending(fest: Fest) -> None:
    build_submission(build_event(fest), school="Brand New School")
    assert School.objects.values_list("name", "state").get() == ("Brand New School", "pending")


def test_submission_for_full_event_waits_in_order(fest: Fest) -> None:
    event = build_event(fest, capacity=1)
    for _ in range(3):
        build_submission(event)
    assert (states(event), counts(event)) == (["confirmed", "waiting", "waiting"], (1, 2, 3))
    assert Ticket.objects.count() == 1


def test_submission_repeated_gives_first_answer(fest: Fest) -> None:
    event = build_event(fest)
    booking_request = build_request(event)
    first = submit_now(booking_request)
    written = rows()
    assert submit_now(booking_request) == first
    assert (rows(), counts(event)) == (written, (1, 0, 1))


def test_submission_repeated_with_events_in_other_order_is_the_same(fest: Fest) -> None:
    booking_request = build_request(build_event(fest), build_event(fest))
    first = submit_now(booking_request)
    assert (
        submit_now(dataclasses.replace(booking_request, event_ids=booking_request.event_ids[::-1])) == first
    )


@pytest.mark.parametrize("email", ["asha@example.org", ""])
def test_submission_repeated_after_everything_changed_gives_first_answer(fest: Fest, email: str) -> None:
    """Cancelled, filled and closed meanwhile: the repeat still returns the first submission."""
    event = build_event(fest, capacity=1)
    booking_request = build_request(event, email=email)
    first = submit_now(booking_request)
    cancel([first.registrations.get().pk], actor="student", deadline=Deadline())
    set_capacity(event, capacity=0)
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - dt.timedelta(hours=1))
    assert submit_now(booking_request) == first
    assert states(event) == ["cancelled"]


@pytest.mark.parametrize(
    "values",
    [
        {"name": "Ben Khan"},
        {"school": "Lotus Valley School"},
        {"grade": 8},
        {"section": "B"},
        {"roll_number": "17"},
        {"email": "other@example.org"},
    ],
)
def test_submission_with_used_key_and_other_details_is_not_guessed(
    fest: Fest, values: dict[str, object]
) -> None:
    event = build_event(fest)
    booking_request = build_request(event, name="Asha Rao", email="asha@example.org")
    first = submit_now(booking_request)
    assert booking_request.details is not None
    details = dataclasses.replace(booking_request.details, **values)  # type: ignore[arg-type]  # one of its fields
    other = dataclasses.replace(booking_request, details=details)
    with pytest.raises(IdempotencyConflict) as error:
        submit_now(other)
    assert error.value.submission == first
    assert counts(event) == (1, 0, 1)


def test_submission_with_used_key_and_other_events_is_not_guessed(fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest)
    booking_request = build_request(event)
    submit_now(booking_request)
    with pytest.raises(IdempotencyConflict):
        submit_now(dataclasses.replace(booking_request, event_ids=(event.pk, other.pk)))
    assert counts(other) == (0, 0, 0)


def test_submission_that_obtained_nothing_leaves_no_row(fest: Fest) -> None:
    event = build_event(fest, capacity=0)
    booking_request = build_request(event, wants_waiting=False, school="Brand New School")
    assert reasons(booking_request) == ["full"]
    assert (rows(), counts(event)) == ([0] * 9, (0, 0, 0))


def test_submission_that_obtained_nothing_may_be_sent_again_with_its_key(fest: Fest) -> None:
    event = build_event(fest, capacity=0)
    booking_request = build_request(event, wants_waiting=False)
    reasons(booking_request)
    set_capacity(event, capacity=1)
    assert submit_now(booking_request).registrations.get().state == "confirmed"


def test_submission_that_obtained_nothing_may_be_corrected_under_its_key(fest: Fest) -> None:
    event = build_event(fest, capacity=0)
    booking_request = build_request(event, wants_waiting=False)
    reasons(booking_request)
    assert (
        submit_now(dataclasses.replace(booking_request, wants_waiting=True)).registrations.get().state
        == "waiting"
    )


def test_submission_over_events_keeps_what_it_did_not_obtain(fest: Fest) -> None:
    free, full = build_event(fest), build_event(fest, capacity=0, waiting_limit=0)
    late, old = (
        build_event(fest, opens_at=timezone.now() + dt.timedelta(hours=1)),
        build_event(fest, grade_min=9),
    )
    first, clashing = build_event(fest, hour=10), build_event(fest, hour=10.5)
    submission = build_submission(free, full, late, old, first, clashing)
    assert [row.event for row in submission.registrations.order_by("pk")] == [free, first]
    assert list(submission.refusals.order_by("pk").values_list("event", "reason", "other")) == [
        (full.pk, "full", None),
        (late.pk, "too_soon", None),
        (old.pk, "ineligible", None),
        (clashing.pk, "clash", first.pk),
    ]
    assert [counts(event) for event in (free, full, late, old, first, clashing)] == [
        (1, 0, 1),
        (0, 0, 0),
        (0, 0, 0),
        (0, 0, 0),
        (1, 0, 1),
        (0, 0, 0),
    ]


def test_submission_naming_an_event_twice_takes_one_seat(fest: Fest) -> None:
    event = build_event(fest)
    booking_request = dataclasses.replace(build_request(event), event_ids=(event.pk, event.pk))
    submission = submit_now(booking_request)
    assert (counts(event), submission.registrations.count()) == ((1, 0, 1), 1)


def test_submission_on_draft_other_fest_and_nothing_learns_the_same(fest: Fest) -> None:
    event = build_event(fest)
    draft, elsewhere = build_event(fest, state=Event.State.DRAFT), build_event(build_fest())
    booking_request = dataclasses.replace(build_request(event), event_ids=(draft.pk, elsewhere.pk, 0, -1))
    assert reasons(booking_request) == ["unknown"] * 4
    assert rows() == [0] * 9


def test_submission_by_a_known_student_needs_no_details(fest: Fest) -> None:
    student = build_submission(build_event(fest)).student
    other = build_event(fest)
    booking_request = BookingRequest(
        Submission.new_key(), fest.pk, (other.pk,), wants_waiting=True, student_id=student.pk
    )
    submission = submit_now(booking_request)
    assert (submission.student, submission.created_student) == (student, False)
    assert submit_now(booking_request) == submission


def test_known_student_comes_back_to_a_second_submission(fest: Fest) -> None:
    first = build_submission(build_event(fest), name="Asha Rao", email="asha@example.org")
    second = build_submission(build_event(fest), name="Asha Rao", email="ASHA@example.org")
    assert (second.student, second.created_student, first.created_student) == (first.student, False, True)
    assert second.registrations.count() == 1
    assert Consent.objects.count() == 1


def test_event_held_already_is_refused_with_its_reason(fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event, name="Asha Rao", email="asha@example.org")
    assert reasons(build_request(event, name="Asha Rao", email="asha@example.org")) == ["already"]
    assert counts(event) == (1, 0, 1)


def test_same_name_with_other_email_is_asked_and_address_is_told(fest: Fest) -> None:
    event, other = build_event(fest), build_event(fest)
    build_submission(event, name="Asha Rao", email="asha@example.org")
    with pytest.raises(AmbiguousIdentity):
        submit_now(build_request(other, name="asha  RAO", email="x@example.org"))
    assert Delivery.objects.get(kind="attempt").to == "asha@example.org"
    assert counts(other) == (0, 0, 0)


def test_address_is_told_of_attempts_once_an_hour(fest: Fest) -> None:
    event = build_event(fest)
    build_submission(event, name="Asha Rao", email="asha@example.org")
    for _ in range(3):
        with pytest.raises(AmbiguousIdentity):
            submit_now(build_request(event, name="Asha Rao", email="x@example.org"))
    assert Delivery.objects.filter(kind="attempt").count() == 1
    Delivery.objects.filter(kind="attempt").update(created_at=timezone.now() - dt.timedelta(minutes=61))
    with pytest.raises(AmbiguousIdentity):
        submit_now(build_request(event, name="Asha Rao", email="x@example.org"))
    assert Delivery.objects.filter(kind="attempt").count() == 2


def test_twins_of_one_email_have_two_registrations_and_two_mails(fest: Fest) -> None:
    event = build_event(fest)
    for name in ("Asha Rao", "Usha Rao"):
        build_submission(event, name=name, section="B", email="parent@example.org")
    assert counts(event) == (2, 0, 2)
    assert list(Delivery.objects.values_list("kind", "to")) == [("registered", "parent@example.org")] * 2


def test_receiver_that_fails_undoes_the_submission(fest: Fest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat without its ticket is not taken."""
    event = build_event(fest)

    def fail(*_args: object, **_kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("tickets.issuing.outbox.enqueue", fail)
    with pytest.raises(ZeroDivisionError):
        submit(build_request(event), deadline=Deadline())
    assert (rows(), counts(event)) == ([0] * 9, (0, 0, 0))


def test_student_is_checked_as_they_are_once_the_lock_is_held(fest: Fest) -> None:
    """A correction that was faster than this request counts; the grade read before the lock does not."""
    student = build_submission(build_event(fest), grade=8).student
    seniors = build_event(fest, hour=14, grade_min=8)
    Student.objects.filter(pk=student.pk).update(grade=6)
    with transaction.atomic():
        (outcome,) = allocate(
            [SeatRequest(student, seniors.pk)], actor=Change.Actor.STUDENT, deadline=Deadline()
        )
    assert (student.grade, outcome.decision.reason) == (6, "ineligible")
