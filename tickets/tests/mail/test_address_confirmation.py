"""Mails contain the link that confirms an address and the deadline; released seats are announced, too."""

import datetime as dt
import re

import pytest
from anymail.message import AnymailMessage
from django.conf import settings
from django.db.models import F
from django.test import Client
from django.utils import timezone

from events.models import Event
from registrations import links
from registrations.booking.cancel import cancel
from registrations.booking.confirmation_deadline import confirm, release_due
from registrations.booking.policy import CONFIRMATION_TIME
from registrations.models import Change, Registration, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.form_posts import text_of
from techfest.core.db.locking import Deadline
from tickets import tasks
from tickets.mail import mailbox_limit
from tickets.mail.address_confirmation import LONGEST, keep_time
from tickets.mail.compose import Composer
from tickets.mail.kinds import digest as digest_module
from tickets.mail.outbox import enqueue_link
from tickets.mail.queue import Result, claim, later, record
from tickets.models import Delivery
from tickets.tests.audited import damage, run
from tickets.tests.builders import let_time_pass, pretend_rendered

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(confirms_addresses=True), capacity=20, name="Robo Race")


def written() -> list[AnymailMessage]:
    pretend_rendered()
    composer = Composer()
    pairs = composer.compose(claim(100).mails)
    record([Result(delivery, Delivery.State.SENT) for delivery, _message in pairs])
    return [message for _delivery, message in pairs]


def brings_link(message: AnymailMessage, student: Student) -> bool:
    """Whether both parts of the mail contain the link and the deadline."""
    link = f"{settings.SITE_URL}{links.confirm_address_path(student)}"
    html = str(message.alternatives[0][0])
    assert (link in message.body) == (link in html)
    when = r"(by \d+:\d\d[ap]m|within 30 minutes after this mail was sent)\. After that, the seat is given"
    return link in html and bool(re.search(when, message.body))


def test_mail_of_a_registration_brings_the_link(event: Event) -> None:
    student = build_submission(event).student
    (message,) = written()
    assert brings_link(message, student)


def test_link_asked_for_again_brings_it_until_it_is_confirmed(event: Event) -> None:
    student = build_submission(event).student
    written()
    enqueue_link([student], now=timezone.now())
    (message,) = written()
    assert brings_link(message, student)
    confirm(student.pk, deadline=Deadline())
    enqueue_link([student], now=timezone.now())
    (message,) = written()
    assert links.confirm_address_path(student) not in message.body


def test_without_the_switch_no_mail_asks() -> None:
    student = build_submission(build_event(build_fest())).student
    (message,) = written()
    assert links.confirm_address_path(student) not in message.body


def test_digest_brings_the_link_of_each_student_in_time(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A held mail is sent well before the time to confirm is over."""
    monkeypatch.setattr(mailbox_limit, "PAUSE", dt.timedelta())
    students = [build_submission(event, email="parent@example.org").student for _ in range(5)]
    assert len(written()) == 3
    (digest,) = written()
    assert [brings_link(digest, one) for one in students] == [False] * 3 + [True] * 2


def flood(event: Event, monkeypatch: pytest.MonkeyPatch) -> list[Student]:
    """Three mails at once, then a digest that shows one and counts the two others."""
    monkeypatch.setattr(mailbox_limit, "PAUSE", dt.timedelta())
    monkeypatch.setattr(digest_module, "MAX_SHOWN", 1)
    return [build_submission(event, email="office@example.org").student for _ in range(6)]


def test_digest_says_that_what_it_only_counts_must_be_confirmed_too(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    flood(event, monkeypatch)
    written()
    (digest,) = written()
    for text in (digest.body, re.sub(r"\s+", " ", str(digest.alternatives[0][0]))):
        assert "2 more messages are not listed here" in text
        assert "ask for the link within 30 minutes after this mail was sent" in text


def test_digest_of_a_fest_without_confirmations_says_nothing_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    flood(build_event(build_fest(), capacity=20), monkeypatch)
    written()
    (digest,) = written()
    assert "2 more messages are not listed here" in digest.body
    assert "confirm" not in digest.body.lower()


def test_seat_that_a_digest_only_counts_is_kept_once_its_link_is_asked_for(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    students = flood(event, monkeypatch)
    written()
    minutes_pass(0)
    written()
    minutes_pass(20)
    told, counted = students[3], students[4:]
    enqueue_link(students, now=timezone.now())
    written()
    assert minutes_pass(35) == 0
    minutes_pass(10)
    (mail,) = written()
    assert [brings_link(mail, one) for one in (told, *counted)] == [True] * 3
    assert minutes_pass(20) == 0


def test_released_seat_is_told_with_its_reason(event: Event) -> None:
    build_submission(event)
    written()
    Registration.objects.update(
        confirm_by=timezone.now(), confirm_mailed_at=timezone.now() - CONFIRMATION_TIME
    )
    assert release_due() == 1
    (message,) = written()
    assert "was not confirmed in time" in message.body
    assert "was not confirmed in time" in str(message.alternatives[0][0])


def minutes_pass(count: int) -> int:
    """Let minutes pass and run the periodic tasks; return the number of released registrations."""
    span = count * MINUTE
    let_time_pass(span)
    Delivery.objects.update(sent_at=F("sent_at") - span)
    Registration.objects.update(
        created_at=F("created_at") - span,
        confirm_by=F("confirm_by") - span,
        confirm_mailed_at=F("confirm_mailed_at") - span,
    )
    keep_time()
    return release_due()


def test_seat_is_kept_while_its_mail_is_not_handed_over(event: Event) -> None:
    """The provider is unavailable for forty minutes, or mails are held after a restore."""
    build_submission(event)
    assert minutes_pass(40) == 0
    assert len(written()) == 1
    assert minutes_pass(29) == 0
    assert minutes_pass(2) == 1


def test_seat_is_kept_while_its_mail_is_tried_again(event: Event) -> None:
    build_submission(event)
    pretend_rendered()
    record([later(delivery, "ConnectionError") for delivery in claim(100).mails])
    assert Delivery.objects.get().attempts == 1
    assert minutes_pass(40) == 0


def test_mail_that_failed_for_good_begins_the_time_as_well(event: Event) -> None:
    """Otherwise an undeliverable address would keep a seat for ever."""
    build_submission(event)
    pretend_rendered()
    record([Result(delivery, Delivery.State.FAILED) for delivery in claim(100).mails])
    assert minutes_pass(5) == 0
    assert minutes_pass(29) == 0
    assert minutes_pass(2) == 1


def test_seat_of_a_mailbox_with_many_mails_waits_for_its_digest(event: Event) -> None:
    """Digests of one mailbox are an hour apart; no student of a computer lab loses a seat because of that."""
    for _ in range(4):
        build_submission(event, email="parent@example.org")
    assert len(written()) == 3
    minutes_pass(11)
    assert len(written()) == 1
    minutes_pass(4)
    fifth = build_submission(event, email="parent@example.org")
    assert written() == []
    minutes_pass(50)
    assert fifth.registrations.get().is_active
    assert not any(links.confirm_address_path(fifth.student) in mail.body for mail in written())
    minutes_pass(10)
    (mail,) = written()
    assert brings_link(mail, fifth.student)
    minutes_pass(29)
    assert fifth.registrations.get().is_active
    assert minutes_pass(2) == 1


def test_link_that_is_held_back_extends_the_time_within_bounds(event: Event) -> None:
    first = build_submission(event, email="parent@example.org").student
    for _ in range(3):
        build_submission(event, email="parent@example.org")
    assert len(written()) == 3
    minutes_pass(11)
    assert len(written()) == 1
    assert enqueue_link([first], now=timezone.now())
    assert written() == []
    minutes_pass(58)
    assert first.registrations.get().is_active
    minutes_pass(2)
    (mail,) = written()
    assert brings_link(mail, first)
    minutes_pass(29)
    assert first.registrations.get().is_active
    enqueue_link([first], now=timezone.now())
    minutes_pass(int(LONGEST / MINUTE) - 11 - 60 - 29 + 1)
    assert not first.registrations.get().is_active


def test_page_and_mail_say_the_same_time(event: Event) -> None:
    submission = build_submission(event)
    page = links.confirmation_path(submission)
    assert "within 30 minutes after we send it" in text_of(Client().get(page))
    (mail,) = written()
    assert "within 30 minutes after this mail was sent" in mail.body
    minutes_pass(3)
    (shown,) = re.findall(r"address by (\d+:\d\d[ap]m)", text_of(Client().get(page)))
    enqueue_link([submission.student], now=timezone.now())
    (link_mail,) = written()
    assert f"by {shown}. After that" in link_mail.body
    assert f"Confirm by {shown}." in text_of(Client().get(links.confirm_address_path(submission.student)))


def test_sweep_begins_the_time(event: Event) -> None:
    build_submission(event)
    written()
    tasks.sweep()
    row = Registration.objects.get()
    assert row.confirm_by
    assert row.confirm_mailed_at
    assert row.confirm_mailed_at == Delivery.objects.get().sent_at
    assert row.confirm_by - row.confirm_mailed_at == CONFIRMATION_TIME


SEEDED = {
    "runs before its mail": (
        "UPDATE registrations_registration SET confirm_mailed_at = clock_timestamp()",
        "runs, although its mail was not handed over",
    ),
    "does not run after its mail": (
        """
            UPDATE tickets_delivery SET state = 'sent', attempts = 1,
                sent_at = clock_timestamp() - interval '6 minutes',
                created_at = created_at - interval '7 minutes'
        """,
        "does not run, although its mail was handed over",
    ),
    "released before its mail": (
        """
            UPDATE registrations_change SET cause = 'unconfirmed' WHERE to_state = 'cancelled';
            UPDATE registrations_registration SET confirm_by = created_at
        """,
        "was to confirm an address by never, but was released",
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", SEEDED)
def test_audit_names_a_time_that_is_not_of_the_mail(name: str, event: Event) -> None:
    rows = build_submission(event).registrations
    if name == "released before its mail":
        cancel([rows.get().pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    assert run() == []
    sql, words = SEEDED[name]
    damage(sql)
    assert [line for line in run() if words in line]
