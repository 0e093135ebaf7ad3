"""The hourly cap: a mailbox gets three unrequested mails an hour, however its address is written."""

import datetime as dt
import threading
from contextlib import suppress
from typing import Any

import pytest
from django.utils import timezone

from registrations.models import Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.races import in_threads
from tickets.mail import outbox
from tickets.mail.outbox import ON_REQUEST_PER_HOUR, enqueue_attempt, enqueue_link
from tickets.models import Delivery
from tickets.tests.builders import build_answered, let_time_pass


def links_to(mailbox: str) -> int:
    return Delivery.objects.filter(mailbox=mailbox, kind="link").count()


def student_at(email: str) -> Student:
    return build_answered(email=email).student


@pytest.mark.django_db
def test_fourth_link_within_an_hour_is_not_queued() -> None:
    student = student_at("asha@example.org")
    results = [enqueue_link([student], now=timezone.now()) for _ in range(5)]
    assert results == [True] * 3 + [False] * 2
    assert links_to("asha@example.org") == ON_REQUEST_PER_HOUR


@pytest.mark.django_db
def test_link_is_queued_again_an_hour_later() -> None:
    student = student_at("asha@example.org")
    for _ in range(4):
        enqueue_link([student], now=timezone.now())
    let_time_pass(dt.timedelta(minutes=61))
    assert enqueue_link([student], now=timezone.now()) is True


@pytest.mark.django_db
def test_tags_of_an_address_share_one_mailbox() -> None:
    event = build_event(build_fest())
    students = [build_submission(event, email=f"Kid+{number}@Example.org").student for number in range(5)]
    results = [enqueue_link([student], now=timezone.now()) for student in students]
    assert results == [True] * 3 + [False] * 2
    assert links_to("kid@example.org") == 3


@pytest.mark.django_db
def test_mails_of_new_seats_are_not_counted() -> None:
    event = build_event(build_fest())
    students = [build_submission(event, email="kid@example.org").student for _ in range(6)]
    assert Delivery.objects.filter(kind="registered").count() == 6
    assert enqueue_link(students, now=timezone.now()) is True


@pytest.mark.django_db
def test_attempt_is_told_once_an_hour() -> None:
    student = student_at("asha@example.org")
    assert [enqueue_attempt(student, now=timezone.now()) for _ in range(3)] == [True, False, False]
    let_time_pass(dt.timedelta(minutes=61))
    assert enqueue_attempt(student, now=timezone.now()) is True


@pytest.mark.django_db
def test_attempts_and_links_share_the_cap() -> None:
    student = student_at("asha@example.org")
    for _ in range(3):
        enqueue_link([student], now=timezone.now())
    assert enqueue_attempt(student, now=timezone.now()) is False


@pytest.mark.django_db
def test_attempt_on_a_student_without_address_queues_nothing() -> None:
    assert enqueue_attempt(student_at(""), now=timezone.now()) is False
    assert Delivery.objects.count() == 0


def ask_at_once(monkeypatch: pytest.MonkeyPatch, *, patience: float) -> int:
    """Run eight requests for one mailbox that meet between counting and adding; return the number of mails."""
    event = build_event(build_fest())
    students = [build_submission(event, email=f"kid+{number}@example.org").student for number in range(8)]
    is_over_cap = outbox._is_over_cap

    def slowly(*args: Any, **options: Any) -> bool:
        response = is_over_cap(*args, **options)
        with suppress(threading.BrokenBarrierError):
            line.wait(patience)
        return response

    line = threading.Barrier(len(students))
    monkeypatch.setattr(outbox, "_is_over_cap", slowly)
    waiting = iter(students)
    in_threads(lambda: enqueue_link([next(waiting)], now=timezone.now()), len(students))
    return links_to("kid@example.org")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_requests_at_once_stay_within_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ask_at_once(monkeypatch, patience=0.5) == ON_REQUEST_PER_HOUR


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_requests_without_the_lock_exceed_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control."""
    monkeypatch.setattr(outbox, "lock_mailboxes", lambda mailboxes: None)
    assert ask_at_once(monkeypatch, patience=20) == 8 > ON_REQUEST_PER_HOUR
