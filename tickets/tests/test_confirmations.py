"""Mails bring the link that confirms an address, and say until when; what was not confirmed is told, too."""

import datetime as dt
import re

import pytest
from anymail.message import AnymailMessage
from django.conf import settings
from django.utils import timezone

from events.models import Event
from registrations import links
from registrations.locking import Deadline
from registrations.models import Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.unconfirmed import confirm, release_due
from tickets import gathering
from tickets.composing import Composer
from tickets.deliveries import Result, claim, owe_link, record
from tickets.models import Delivery
from tickets.tests.builders import pretend_rendered

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(confirms_addresses=True), capacity=20, name="Robo Race")


def written() -> list[AnymailMessage]:
    pretend_rendered()
    composer = Composer()
    pairs = composer.compose(claim(100))
    record([Result(delivery, Delivery.State.SENT) for delivery, _message in pairs])
    return [message for _delivery, message in pairs]


def brings_link(message: AnymailMessage, student: Student) -> bool:
    """Whether both parts of the mail have the link, and say until when."""
    link = f"{settings.SITE_URL}{links.confirm_path(student)}"
    html = str(message.alternatives[0][0])
    assert (link in message.body) == (link in html)
    return link in html and bool(re.search(r"by \d+:\d\d [AP]M, or the place goes to the next", message.body))


def test_mail_of_a_registration_brings_the_link(event: Event) -> None:
    student = build_submission(event).student
    (message,) = written()
    assert brings_link(message, student)


def test_link_asked_for_again_brings_it_until_it_is_confirmed(event: Event) -> None:
    student = build_submission(event).student
    written()
    owe_link([student], now=timezone.now())
    (message,) = written()
    assert brings_link(message, student)
    confirm(student.pk, deadline=Deadline())
    owe_link([student], now=timezone.now())
    (message,) = written()
    assert links.confirm_path(student) not in message.body


def test_without_the_switch_no_mail_asks() -> None:
    student = build_submission(build_event(build_fest())).student
    (message,) = written()
    assert links.confirm_path(student) not in message.body


def test_digest_brings_the_link_of_each_student_in_time(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held goes well before the time to confirm is over."""
    monkeypatch.setattr(gathering, "PAUSE", dt.timedelta())
    students = [build_submission(event, email="parent@example.org").student for _ in range(5)]
    assert len(written()) == 3
    (digest,) = written()
    assert [brings_link(digest, one) for one in students] == [False] * 3 + [True] * 2


def test_released_seat_is_told_with_its_reason(event: Event) -> None:
    build_submission(event)
    written()
    Registration.objects.update(confirm_by=timezone.now())
    assert release_due() == 1
    (message,) = written()
    assert "was not confirmed in time" in message.body
    assert "was not confirmed in time" in str(message.alternatives[0][0])
