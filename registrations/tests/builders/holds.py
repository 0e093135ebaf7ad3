"""Held seats in tests: a teacher asks, names a student, gives back."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.utils import timezone

from events.models import Event
from registrations import hooks
from registrations.booking.allocate import allocate
from registrations.booking.errors import RegistrationRejected
from registrations.booking.policy import SeatRequest
from registrations.holds import service
from registrations.models import Change, Consent, Hold, Registration, Student, Submission, Teacher
from registrations.schools import find_or_create_school
from registrations.students.identity import identify
from registrations.tests.builders import build_details
from techfest.core.db.locking import Deadline

PATIENCE = 30


def hold_request(teacher: Teacher, event: Event, seats: int = 5, **values: Any) -> service.HoldRequest:
    defaults: dict[str, Any] = {
        "event_id": event.pk,
        "school": teacher.school,
        "user": teacher.user,
        "seats": seats,
        "until": timezone.now() + dt.timedelta(days=3),
        "key": Submission.new_key(),
    }
    return service.HoldRequest(**(defaults | values))


def request_now(teacher: Teacher, event: Event, seats: int = 5, **values: Any) -> Hold:
    return service.request_hold(hold_request(teacher, event, seats, **values), deadline=Deadline(PATIENCE))


def grant(hold: Hold, user: Any) -> Hold:
    return service.approve(hold.pk, user=user, deadline=Deadline(PATIENCE))


def return_now(hold: Hold, user: Any = None) -> Hold:
    return service.give_back(hold.pk, user=user or hold.requested_by, deadline=Deadline(PATIENCE))


def outlive(hold: Hold) -> Hold:
    """Its time is over, and nothing has noticed yet."""
    Hold.objects.filter(pk=hold.pk).update(until=timezone.now() - dt.timedelta(seconds=1))
    hold.refresh_from_db()
    return hold


def name_now(
    event: Event, *, school: str = "Riverside Public School", student: Student | None = None, **values: Any
) -> Registration:
    """Books as a teacher, first from the school's hold; raises `RegistrationRejected`."""
    details = build_details(school=school, **values)
    with transaction.atomic():
        is_new = student is None
        if student is None:
            student, is_new = identify(details, fest_id=event.fest_id, school=find_or_create_school(school))
            agree(student)
        submission = Submission.objects.create(
            key=Submission.new_key(),
            origin=Submission.Origin.TEACHER,
            digest=bytes(32),
            student=student,
        )
        seat_request = SeatRequest(student, event.pk, is_new=is_new, submission=submission, uses_hold=True)
        seat_results = allocate([seat_request], actor=Change.Actor.TEACHER, deadline=Deadline(PATIENCE))
        registration = seat_results[0].registration
        if registration is None:
            raise RegistrationRejected(seat_results)
    return registration


def agree(student: Student) -> None:
    text = student.fest.consent_texts.get(audience="students")
    Consent.objects.get_or_create(student=student, text=text, basis=Consent.Basis.TEACHER)


@contextmanager
def notices() -> Iterator[list[dict[str, Any]]]:
    """The notices that are enqueued inside the block, as keyword arguments; they are enqueued all the same."""
    heard: list[dict[str, Any]] = []
    enqueue = hooks.enqueue_notice.call

    def hear(**notice: Any) -> None:
        heard.append(notice)
        enqueue(**notice)

    hooks.enqueue_notice.register(hear)
    try:
        yield heard
    finally:
        hooks.enqueue_notice.register(enqueue)
