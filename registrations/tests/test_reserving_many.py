"""Many students in one call: the rules of a single press, and no more statements for thirty than for three."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events.models import Event
from registrations.booking.allocate import Claim, Outcome, reserve
from registrations.locking import Deadline
from registrations.models import Change, Consent, Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_school
from registrations.tests.counting import counts, states
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


def build_student(event: Event, number: int) -> Student:
    email = f"pupil{number}@example.org"
    student = Student(fest=event.fest, school=build_school(), grade=7, name=f"Pupil {number}", email=email)
    student.set_keys()
    student.save()
    Consent.objects.create(student=student, text=event.fest.consent_texts.get(), basis="teacher")
    return student


def press_of(student: Student) -> Submission:
    return Submission(key=Submission.new_key(), digest=b"", student=student, created_student=True)


def reserved(claims: list[Claim], **values: Any) -> list[Outcome]:
    with transaction.atomic():
        return reserve(claims, actor=Change.Actor.TEACHER, deadline=Deadline(), **values)


def claims_of(event: Event, many: int, *, start: int = 0) -> list[Claim]:
    students = [build_student(event, start + number) for number in range(many)]
    return [Claim(student, event.pk, True, True, press_of(student)) for student in students]


def test_seats_go_in_the_order_of_the_claims() -> None:
    event = build_event(build_fest(), capacity=2)
    claims = claims_of(event, 4)[::-1]
    outcomes = reserved(claims)
    assert [outcome.judgement.state for outcome in outcomes] == ["confirmed"] * 2 + ["waiting"] * 2
    assert (states(event), counts(event)) == (["confirmed"] * 2 + ["waiting"] * 2, (2, 2, 4))
    assert [row.student for row in event.registrations.order_by("place")] == [one.student for one in claims]


def test_each_student_has_a_press_of_the_own_that_change_and_mail_belong_to() -> None:
    event = build_event(build_fest())
    user = get_user_model().objects.create(username="rao")
    reserved(claims_of(event, 3), user=user)
    for row in Registration.objects.select_related("submission"):
        change = Change.objects.get(registration=row)
        assert (change.submission, change.user, change.actor) == (row.submission, user, "teacher")
        assert row.submission is not None
        assert row.submission.student_id == row.student_id
        assert Delivery.objects.get(submission=row.submission).to == row.student.email
    assert Ticket.objects.count() == 3


def test_press_that_obtained_nothing_is_not_stored() -> None:
    event = build_event(build_fest(), capacity=1, waiting_limit=0)
    claims = claims_of(event, 3)
    assert [outcome.judgement.reason for outcome in reserved(claims)] == ["", "full", "full"]
    assert [claim.submission.pk is None for claim in claims if claim.submission] == [False, True, True]


def test_outcome_names_the_registration_that_was_there() -> None:
    event = build_event(build_fest())
    (claim,) = claims_of(event, 1)
    (first,) = reserved([claim])
    (again,) = reserved([Claim(claim.student, event.pk)])
    assert (again.judgement.reason, again.before) == ("already", first.registration)


def test_statements_do_not_grow_with_the_students() -> None:
    event = build_event(build_fest(), capacity=20)
    few, many = claims_of(event, 3), claims_of(event, 30, start=3)
    seen = []
    for claims in (few, many):
        with CaptureQueriesContext(connection) as queries:
            reserved(claims)
        seen.append(len(queries))
    assert seen == [9, 9]
