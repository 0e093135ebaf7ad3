"""Mails about a changed event: sent once, with the values at the time of composing, and only news."""

import datetime as dt
from typing import Any

import pytest
from anymail.message import AnymailMessage
from django.db import connection
from django.utils import timezone

from events.models import Event, Venue
from registrations.models import Change
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.event_changes import change, set_beside
from tickets.content import ticket_file_name
from tickets.mail import queue
from tickets.mail.compose import Composer
from tickets.mail.queue import Result
from tickets.models import Delivery
from tickets.tests.builders import let_time_pass, pretend_rendered

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def sent() -> list[AnymailMessage]:
    """Compose the due mails and record them as sent."""
    pretend_rendered()
    claimed = queue.claim(100).mails
    composer = Composer()
    messages = composer.compose(claimed)
    queue.record([*composer.take_results(), *(Result(one, Delivery.State.SENT) for one, _ in messages)])
    return [message for _delivery, message in messages]


def after_a_day() -> None:
    """Move all mails and changes one day into the past."""
    day = dt.timedelta(days=1)
    let_time_pass(day)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE tickets_delivery SET sent_at = sent_at - interval '1 day'")
        cursor.execute("UPDATE registrations_registration SET created_at = created_at - interval '1 day'")
        cursor.execute("UPDATE events_auditentry SET at = at - interval '1 day'")
        cursor.execute("UPDATE registrations_conflict SET at = at - interval '1 day'")
        cursor.execute("SET session_replication_role = origin")


def subjects() -> list[str]:
    return [str(message.subject) for message in sent()]


def event_with_a_student(**values: Any) -> Event:
    event = build_event(build_fest(), name="Robots", hour=10, **values)
    build_submission(event, name="Asha")
    assert len(sent()) == 1
    after_a_day()
    return event


def test_new_time_is_told_with_the_old_one_the_ticket_and_the_calendar() -> None:
    event = event_with_a_student()
    change(event, starts_at=event.starts_at + HOUR, ends_at=event.ends_at + HOUR)
    (message,) = sent()
    assert str(message.subject).startswith("Asha: new time: Robots, ")
    assert ", 10:00am to 11:00am." in message.body.partition("The old time was ")[2]
    assert "11:00am" in message.body
    assert [one[0] for one in message.attachments] == [
        ticket_file_name(event.registrations.get()),
        f"{event.slug}.ics",
    ]
    assert "SEQUENCE:2" in message.attachments[1][1]


def test_new_end_alone_is_told_with_the_old_one() -> None:
    event = event_with_a_student()
    change(event, ends_at=event.ends_at - HOUR / 2)
    (message,) = sent()
    assert ", 10:00am to 11:00am." in message.body.partition("The old time was ")[2]


def test_new_name_is_told_with_the_next_change() -> None:
    event = event_with_a_student()
    change(event, name="Robot Race")
    assert subjects() == []
    change(event, venue=Venue.objects.create(fest=event.fest, name="Lab 3"))
    (message,) = sent()
    assert "The old name was Robots." in message.body


def test_new_hall_is_told_with_the_old_one() -> None:
    event = event_with_a_student()
    change(event, venue=Venue.objects.create(fest=event.fest, name="Lab 3"))
    (message,) = sent()
    assert str(message.subject) == "Asha: new venue: Robots, Lab 3"
    assert "The old venue was Main Hall." in message.body


def test_several_changes_before_the_worker_comes_are_one_mail() -> None:
    event = event_with_a_student()
    for hours in (1, 2, 3):
        change(event, ends_at=event.ends_at + hours * HOUR)
    assert len(subjects()) == 1
    assert Delivery.objects.filter(kind="changed", state="dropped").count() == 2


def test_change_that_was_taken_back_before_it_was_told_is_dropped() -> None:
    event = event_with_a_student()
    begins, ends = event.starts_at, event.ends_at
    change(event, starts_at=begins + HOUR, ends_at=ends + HOUR)
    change(event, starts_at=begins, ends_at=ends)
    assert subjects() == []


def test_change_that_was_taken_back_after_it_was_told_is_told() -> None:
    event = event_with_a_student()
    begins, ends = event.starts_at, event.ends_at
    change(event, starts_at=begins + HOUR, ends_at=ends + HOUR)
    assert len(subjects()) == 1
    after_a_day()
    change(event, starts_at=begins, ends_at=ends)
    assert len(subjects()) == 1


def test_change_taken_back_within_the_minute_in_which_it_was_told_is_told() -> None:
    event = event_with_a_student()
    begins, ends = event.starts_at, event.ends_at
    change(event, starts_at=begins + HOUR, ends_at=ends + HOUR)
    assert len(subjects()) == 1
    change(event, starts_at=begins, ends_at=ends)
    assert len(subjects()) == 1


def test_change_taken_back_between_writing_and_sending_of_its_mail_is_told() -> None:
    """The event has its first time again, but the mail in flight says another."""
    event = event_with_a_student()
    begins, ends = event.starts_at, event.ends_at
    change(event, starts_at=begins + HOUR, ends_at=ends + HOUR)
    pretend_rendered()
    claimed = queue.claim(100).mails
    written = Composer().compose(claimed)
    change(event, starts_at=begins, ends_at=ends)
    queue.record(Result(one, Delivery.State.SENT) for one, _message in written)
    assert len(subjects()) == 1


def test_change_taken_back_while_the_mail_about_it_was_on_its_way_is_told() -> None:
    event = event_with_a_student()
    begins, ends = event.starts_at, event.ends_at
    change(event, starts_at=begins + HOUR, ends_at=ends + HOUR)
    pretend_rendered()
    on_its_way = queue.claim(100).mails
    change(event, starts_at=begins, ends_at=ends)
    assert len(subjects()) == 1
    assert [one.kind for one in on_its_way] == ["changed"]


def test_answer_that_was_sent_after_the_change_says_it_already() -> None:
    event = build_event(build_fest(), hour=10)
    build_submission(event)
    change(event, ends_at=event.ends_at + HOUR)
    pretend_rendered()
    Delivery.objects.filter(kind="changed").update(due_at=timezone.now() + HOUR)
    assert len(subjects()) == 1
    Delivery.objects.update(
        due_at=timezone.now() - HOUR, sent_at=timezone.now() + 2 * dt.timedelta(minutes=1)
    )
    assert subjects() == []


def test_clash_is_told_with_what_to_do() -> None:
    event = event_with_a_student()
    quiz = build_event(event.fest, hour=14, name="Quiz")
    student = event.registrations.get().student
    build_submission(
        quiz, name=student.name, email=student.email, grade=student.grade, school=student.school.name
    )
    assert len(sent()) == 1
    after_a_day()
    set_beside(event, quiz)
    (message,) = sent()
    assert "You keep both for now. Choose one, and cancel the other by" in message.body
    assert "Quiz" in message.alternatives[0][0]


def test_cancelled_registration_hears_nothing_of_the_change() -> None:
    event = event_with_a_student()
    change(event, ends_at=event.ends_at + HOUR)
    change(event, state=Event.State.CANCELLED, reason="No <b>power</b>")
    (message,) = sent()
    assert str(message.subject) == "Asha: event cancelled: Robots"
    assert "The organisers write: No <b>power</b>" in message.body
    assert "No &lt;b&gt;power&lt;/b&gt;" in message.alternatives[0][0]
    assert "METHOD:CANCEL" in message.attachments[0][1]
    assert Change.objects.filter(cause="event_cancelled").count() == 1
