"""Many students in one call: the rules of a single submission, and no more statements for thirty than for three."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from events.models import Event
from registrations.booking.allocate import allocate
from registrations.booking.policy import SeatRequest, SeatResult
from registrations.models import Change, Consent, Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_school
from registrations.tests.counting import counts, states
from techfest.core.db.locking import Deadline
from tickets.models import Delivery, Ticket

pytestmark = pytest.mark.django_db


def build_student(event: Event, number: int) -> Student:
    email = f"pupil{number}@example.org"
    student = Student(fest=event.fest, school=build_school(), grade=7, name=f"Pupil {number}", email=email)
    student.set_keys()
    student.save()
    Consent.objects.create(
        student=student, text=event.fest.consent_texts.get(audience="students"), basis="teacher"
    )
    return student


def submission_of(student: Student) -> Submission:
    return Submission(key=Submission.new_key(), digest=b"", student=student, created_student=True)


def reserved(seat_requests: list[SeatRequest], **values: Any) -> list[SeatResult]:
    with transaction.atomic():
        return allocate(seat_requests, actor=Change.Actor.TEACHER, deadline=Deadline(), **values)


def seat_requests_of(event: Event, many: int, *, start: int = 0) -> list[SeatRequest]:
    students = [build_student(event, start + number) for number in range(many)]
    return [SeatRequest(student, event.pk, True, True, submission_of(student)) for student in students]


def test_seats_go_in_the_order_of_the_claims() -> None:
    event = build_event(build_fest(), capacity=2)
    seat_requests = seat_requests_of(event, 4)[::-1]
    seat_results = reserved(seat_requests)
    assert [outcome.decision.state for outcome in seat_results] == ["confirmed"] * 2 + ["waiting"] * 2
    assert (states(event), counts(event)) == (["confirmed"] * 2 + ["waiting"] * 2, (2, 2, 4))
    assert [row.student for row in event.registrations.order_by("queue_position")] == [
        one.student for one in seat_requests
    ]


def test_each_student_has_a_submission_that_change_and_mail_belong_to() -> None:
    event = build_event(build_fest())
    user = get_user_model().objects.create(username="rao")
    reserved(seat_requests_of(event, 3), user=user)
    for row in Registration.objects.select_related("submission"):
        change = Change.objects.get(registration=row)
        assert (change.submission, change.user, change.actor) == (row.submission, user, "teacher")
        assert row.submission is not None
        assert row.submission.student_id == row.student_id
        assert Delivery.objects.get(submission=row.submission).to == row.student.email
    assert Ticket.objects.count() == 3


def test_submission_that_obtained_nothing_is_not_stored() -> None:
    event = build_event(build_fest(), capacity=1, waiting_limit=0)
    seat_requests = seat_requests_of(event, 3)
    assert [outcome.decision.reason for outcome in reserved(seat_requests)] == ["", "full", "full"]
    assert [
        seat_request.submission.pk is None for seat_request in seat_requests if seat_request.submission
    ] == [False, True, True]


def test_outcome_names_the_registration_that_was_there() -> None:
    event = build_event(build_fest())
    (seat_request,) = seat_requests_of(event, 1)
    (first,) = reserved([seat_request])
    (again,) = reserved([SeatRequest(seat_request.student, event.pk)])
    assert (again.decision.reason, again.before) == ("already", first.registration)


def test_statements_do_not_grow_with_the_students() -> None:
    event = build_event(build_fest(), capacity=20)
    few, many = seat_requests_of(event, 3), seat_requests_of(event, 30, start=3)
    seen = []
    for seat_requests in (few, many):
        with CaptureQueriesContext(connection) as queries:
            reserved(seat_requests)
        seen.append(len(queries))
    assert seen == [5, 5]
