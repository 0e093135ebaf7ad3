"""`manage.py audit`: silent on a sound database, in a fixed number of queries, and changing nothing."""

import datetime as dt

import pytest
from django.db import InternalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event, Seats
from registrations.booking.cancel import cancel
from registrations.models import Change, Student
from registrations.tests.builders import build_event, build_submission
from techfest.core.db.locking import Deadline
from techfest.core.invariants import one_moment
from tickets.mail import outbox
from tickets.tests.audited import build_robo_race, cancel_first, correct_student, run

pytestmark = pytest.mark.django_db(transaction=True)


def test_sound_database_is_silent_after_all_that_may_happen() -> None:
    event = build_robo_race()
    other = build_event(event.fest, capacity=1, waiting_limit=0)
    build_submission(event, other, email="")
    build_submission(event, other, name="Late")
    cancel_first(event)
    set_capacity(event, capacity=4)
    set_capacity(event, capacity=1)
    cancel_first(event)
    student = Student.objects.get(name="Asha D")
    correct_student(student, name="Asha Dee")
    correct_student(student, email="new@example.org")
    correct_student(student, email="")
    correct_student(student, email="third@example.org", section="b")
    for row in list(event.registrations.active().order_by("-queue_position")[:2]):
        cancel([row.pk], actor=Change.Actor.ORGANISER, deadline=Deadline())
    outbox.enqueue_link([student], now=timezone.now())
    outbox.enqueue_attempt(Student.objects.get(name="Late"), now=timezone.now())
    Event.objects.filter(pk=event.pk).update(closes_at=timezone.now() - dt.timedelta(hours=1))
    assert run() == []


def test_empty_database_is_silent() -> None:
    assert run("--pdf", "--all") == []


def test_number_of_queries_does_not_grow() -> None:
    build_robo_race()
    with CaptureQueriesContext(connection) as few:
        run("--pdf")
    build_robo_race()
    with CaptureQueriesContext(connection) as more:
        run("--pdf")
    assert len(few) == len(more)


def test_audit_can_change_nothing() -> None:
    event = build_robo_race()
    with pytest.raises(InternalError, match="read-only"), one_moment():
        Seats.objects.filter(pk=event.pk).update(taken=0)
    assert run() == []
