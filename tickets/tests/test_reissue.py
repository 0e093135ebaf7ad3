"""Re-issuing tickets and sending mails again."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from registrations.models import Student
from registrations.tests.builders import build_user
from techfest.core.audit_log import entries_of
from techfest.core.db.locking import Deadline
from tickets.content import ticket_file_name
from tickets.mail.compose import Composer
from tickets.mail.queue import claim
from tickets.mail.resend import resend
from tickets.models import CheckIn, Delivery, Gate, Ticket
from tickets.reissue import reissue
from tickets.tests.builders import (
    build_answered,
    delivery_of,
    let_time_pass,
    pretend_rendered,
    registration_of,
    ticket_of,
)

pytestmark = pytest.mark.django_db
A_WHILE = dt.timedelta(minutes=5)


def reissue_now(ticket: Ticket, **values: Any) -> list[Ticket]:
    wanted = {"user": build_user(), "reason": "Lost", "deadline": Deadline()} | values
    return reissue([ticket.pk], **wanted)


def test_old_code_dies_and_a_new_one_is_issued() -> None:
    old = ticket_of(build_answered())
    (new,) = reissue_now(old)
    old.refresh_from_db()
    assert (old.is_live, new.is_live, old.code == new.code) == (False, True, False)
    assert Ticket.objects.live().get().rendered_at is None
    assert "replaced" in Client().get(old.get_absolute_url()).content.decode()


def test_second_submission_reissues_nothing() -> None:
    old = ticket_of(build_answered())
    reissue_now(old)
    assert reissue_now(old) == []
    assert Ticket.objects.count() == 2


def test_who_came_in_by_the_old_one_has_come_in_by_the_new_one() -> None:
    old = ticket_of(build_answered())
    now, user = timezone.now(), build_user()
    gate = Gate.objects.create(fest=old.student.fest, name="Main gate")
    check_in = CheckIn.objects.create(ticket=old, at=now, gate=gate, where="Main gate", user=user, how="scan")
    Ticket.objects.filter(pk=old.pk).update(checked_in_at=now)
    (new,) = reissue_now(old)
    check_in.refresh_from_db()
    assert (new.checked_in_at, check_in.ticket) == (now, new)


def test_audit_log_says_it_on_both_without_a_code() -> None:
    old = ticket_of(build_answered())
    (new,) = reissue_now(old)
    entries = [*entries_of(old), *entries_of(new)]
    assert [(entry.what, entry.reason) for entry in entries] == [
        ("re-issued", "Lost"),
        ("issued instead", "Lost"),
    ]
    logged = [str(entry.before) + str(entry.after) for entry in entries]
    assert not any(code in words for code in (old.code, new.code) for words in logged)


def test_new_ticket_is_mailed_once_its_pdf_is_there() -> None:
    submission = build_answered()
    pretend_rendered()
    Delivery.objects.all().delete()
    (new,) = reissue_now(ticket_of(submission))
    assert claim(10).mails == []
    pretend_rendered()
    ((delivery, message),) = Composer().compose(claim(10).mails)
    assert (delivery.kind, delivery.ticket) == ("reissued", new)
    assert new.get_absolute_url() in str(message.body)
    assert [name for name, *_rest in message.attachments] == [
        ticket_file_name(new.registration),
        f"{new.registration.event.slug}.ics",
    ]


def test_mail_about_a_ticket_that_was_replaced_again_is_dropped() -> None:
    (second,) = reissue_now(ticket_of(build_answered()))
    Delivery.objects.filter(kind="registered").delete()
    reissue_now(second)
    pretend_rendered()
    composer = Composer()
    written = composer.compose(claim(10).mails)
    assert len(written) == 1
    assert [result.delivery.ticket_id for result in composer.take_results()] == [second.pk]


def test_nobody_is_notified_where_it_was_not_wanted() -> None:
    reissue_now(ticket_of(build_answered()), notify=False)
    assert Delivery.objects.get(kind="reissued").state == "dropped"


@pytest.mark.parametrize("state", ["sent", "delivered", "bounced", "failed", "dropped"])
def test_mail_is_sent_again_whatever_became_of_it(state: str) -> None:
    submission = build_answered()
    let_time_pass(A_WHILE)
    Delivery.objects.update(state=state, attempts=3)
    key = delivery_of(submission).key
    assert resend([registration_of(submission).pk]).sent == 1
    mail = delivery_of(submission)
    assert (mail.state, mail.attempts, mail.key == key) == ("queued", 0, False)


def test_mail_on_its_way_is_not_doubled() -> None:
    submission = build_answered()
    result = resend([registration_of(submission).pk])
    assert (result.sent, result.on_their_way, Delivery.objects.count()) == (0, 1, 1)


def test_mail_that_went_again_within_the_hour_stays_unless_it_failed() -> None:
    row = registration_of(build_answered())
    let_time_pass(A_WHILE)
    sent = []
    for state in ("sent", "sent", "bounced"):
        Delivery.objects.update(state=state)
        result = resend([row.pk])
        sent.append((result.sent, result.over_cap))
    assert sent == [(1, 0), (0, 1), (1, 0)]


def test_mailbox_that_has_had_its_links_gets_nothing_again() -> None:
    row = registration_of(build_answered())
    Delivery.objects.update(state="sent")
    build_links(row.student)
    result = resend([row.pk])
    assert (result.sent, result.over_cap) == (0, 1)


def build_links(student: Student) -> None:
    now = timezone.now()
    for _number in range(3):
        Delivery.objects.create(
            kind="link",
            student=student,
            to=student.email,
            mailbox=student.email,
            due_at=now,
            created_at=now,
            state="sent",
        )


def test_student_without_an_address_is_counted_and_one_who_has_got_it_gets_the_link() -> None:
    submission = build_answered(email="")
    row = registration_of(submission)
    assert resend([row.pk]).no_address == 1
    Student.objects.update(email="new@example.org", email_key="new@example.org")
    assert resend([row.pk]).sent == 1
    assert list(Delivery.objects.values_list("kind", "to")) == [("link", "new@example.org")]
