"""Notices to teachers: enqueued with their cause, written safely, and deleted once sent."""

import datetime as dt
from typing import Any

import pytest
from anymail.message import AnymailMessage
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from registrations import hooks
from registrations.tests.builders import build_fest
from tickets.mail.compose import Composer
from tickets.mail.kinds.notice import enqueue_notice
from tickets.mail.queue import GIVE_UP_TRIES, LEASE, Result, claim, later, record
from tickets.mail.resend import send_again
from tickets.models import Delivery, Notice
from tickets.tests.audited import damage, run
from tickets.tests.builders import let_time_pass

pytestmark = pytest.mark.django_db

State = Delivery.State
LINK = "http://localhost:8000/accounts/password/reset/key/1-abc/"


def build_notice(**values: Any) -> Delivery:
    return enqueue_notice(
        **{"to": "rao@example.org", "subject": "A new password", "text": "One.\n\nTwo.", "link": LINK}
        | {"now": timezone.now()}
        | values
    )


def written() -> list[AnymailMessage]:
    composer = Composer()
    messages = [message for _, message in composer.compose(claim(10).mails)]
    assert composer.take_results() == []
    return messages


def html_of(message: AnymailMessage) -> str:
    return str(message.alternatives[0][0])


def test_notice_says_its_words_in_both_twins_under_the_name_of_the_fest() -> None:
    fest = build_fest(name="Spark")
    build_notice(link_label="Choose a password")
    (message,) = written()
    assert (message.subject, message.to) == ("A new password: Spark", ["rao@example.org"])
    assert message.from_email.startswith("Spark <")
    assert message.reply_to == [fest.contact_email]
    assert message.body.startswith("One.\n\nTwo.\n\nChoose a password:\n" + LINK)
    assert f'<a href="{LINK}"' in html_of(message)
    assert "<p>One.</p>\n\n<p>Two.</p>" in html_of(message)


def test_notice_is_written_before_there_is_a_fest() -> None:
    build_notice()
    (message,) = written()
    assert message.subject == "A new password: Tech Fest"


@pytest.mark.parametrize("typed", ["<b>Rao</b>", "http://evil.com/pay", "me@evil.com", "{{7*7}}"])
def test_typed_text_in_a_notice_is_neither_markup_nor_link(typed: str) -> None:
    build_notice(text=f"{typed} asks.", subject=typed, link="")
    (message,) = written()
    assert "<b>" not in html_of(message)
    assert "evil.com" not in message.body + html_of(message)
    assert html_of(message).count("href=") == 0
    assert "49" not in message.body


def test_line_break_in_the_subject_adds_no_header() -> None:
    build_notice(subject="Hello\r\nBcc: x@example.org")
    (message,) = written()
    assert message.subject.replace("\u2060", "") == "Hello Bcc: x@example.org: Tech Fest"
    assert message.recipients() == ["rao@example.org"]


def test_notice_is_queued_in_the_transaction_of_its_cause() -> None:
    with transaction.atomic():
        hooks.enqueue_notice.call(to="rao@example.org", subject="S", text="T", now=timezone.now())
        assert Notice.objects.count() == 1
        transaction.set_rollback(True)
    assert (Delivery.objects.count(), Notice.objects.count()) == (0, 0)


def test_hook_queues_a_notice_to_a_user() -> None:
    user = get_user_model().objects.create_user("rao", "rao@example.org")
    hooks.enqueue_notice.call(
        to=user.email, subject="S", text="T", link=LINK, link_label="Go", user=user, now=timezone.now()
    )
    notice = Notice.objects.select_related("delivery").get()
    assert (notice.delivery.user, notice.link, notice.link_label) == (user, LINK, "Go")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [State.SENT, State.FAILED, State.DROPPED])
def test_words_go_when_the_mail_has_come_to_an_end(end: str) -> None:
    build_notice()
    record([Result(delivery, end) for delivery in claim(1).mails])
    assert Notice.objects.count() == 0
    assert run() == []


def test_words_stay_for_another_try() -> None:
    build_notice()
    record([later(delivery, "refused") for delivery in claim(1).mails])
    assert Notice.objects.count() == 1


def test_words_go_when_the_provider_was_faster_than_the_record() -> None:
    build_notice()
    (delivery,) = claim(1).mails
    Delivery.objects.update(state=State.DELIVERED)
    record([Result(delivery, State.SENT)])
    assert Notice.objects.count() == 0


def test_words_stay_with_the_worker_that_took_over() -> None:
    build_notice()
    (delivery,) = claim(1).mails
    let_time_pass(LEASE + dt.timedelta(seconds=1))
    assert claim(1).mails
    record([Result(delivery, State.SENT)])
    assert Notice.objects.count() == 1


def test_notice_that_was_given_up_is_not_sent_again() -> None:
    build_notice()
    (delivery,) = claim(1).mails
    delivery.attempts = GIVE_UP_TRIES
    record([later(delivery, "refused")])
    assert Delivery.objects.get().state == State.FAILED
    assert send_again([delivery.pk]) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM tickets_notice",
        "UPDATE tickets_delivery SET state = 'sent', sent_at = now() + interval '1 second'",
    ],
)
def test_notice_without_words_or_with_kept_ones_is_named_by_the_audit(sql: str) -> None:
    delivery = build_notice()
    assert run() == []
    damage(sql)
    (line,) = (one for one in run() if f"Delivery {delivery.pk} (notice" in one)
    assert "to a teacher is incomplete, or its text was not deleted." in line
