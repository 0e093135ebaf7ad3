"""Tickets and deliveries are written in the transaction of their cause, or not at all."""

from collections import Counter
from typing import Any

import pytest
from django.db import DataError
from django.utils import timezone

from events.editing import set_capacity
from events.models import Event
from registrations.booking.cancel import cancel
from registrations.booking.submit import submit
from registrations.models import Change, Registration, Student, Submission
from registrations.signals import registrations_changed
from registrations.students.corrections import correct
from registrations.tests.builders import build_event, build_fest, build_request, build_submission
from techfest.core.db.batch import Batch
from techfest.core.db.locking import Deadline
from tickets.invariants import mail
from tickets.mail.outbox import enqueue_link
from tickets.mail.queue import claim
from tickets.models import Delivery, Ticket
from tickets.tests.audited import run
from tickets.tests.builders import build_answered, delivery_of, pretend_rendered, registration_of, ticket_of

pytestmark = pytest.mark.django_db

ORGANISER = Change.Actor.ORGANISER
STUDENT = Change.Actor.STUDENT


def pending() -> list[tuple[str, str]]:
    return [(row.kind, row.to) for row in Delivery.objects.order_by("pk")]


def details_of(student: Student, **values: Any) -> dict[str, Any]:
    names = ("name", "grade", "section", "roll_number", "email")
    return {name: getattr(student, name) for name in names} | values


class Undone(Exception):
    pass


def test_failure_behind_ticket_and_mail_leaves_neither() -> None:
    """All writes travel together; the last one before COMMIT fails."""
    event = build_event(build_fest())

    def fail(*, batch: Batch, **_kwargs: object) -> None:
        batch.add("SELECT 1 / 0")

    registrations_changed.connect(fail)
    try:
        with pytest.raises(DataError):
            submit(build_request(event), deadline=Deadline())
    finally:
        registrations_changed.disconnect(fail)
    assert (Ticket.objects.count(), Delivery.objects.count(), Submission.objects.count()) == (0, 0, 0)


def test_submission_whose_mail_cannot_be_written_takes_no_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    event = build_event(build_fest())

    def refuse(*args: object, **kwargs: object) -> None:
        raise Undone

    monkeypatch.setattr("tickets.mail.outbox.enqueue", refuse)
    with pytest.raises(Undone):
        submit(build_request(event), deadline=Deadline())
    assert (Registration.objects.count(), Ticket.objects.count()) == (0, 0)
    assert Event.objects.get().seats.taken == 0


def test_submission_for_three_events_queues_one_mail_and_three_tickets() -> None:
    fest = build_fest()
    submission = build_submission(*[build_event(fest) for _ in range(3)])
    assert Ticket.objects.live().count() == 3
    assert pending() == [("registered", submission.student.email)]


def test_submission_without_address_gets_no_mail_but_has_its_ticket() -> None:
    build_answered(email="")
    assert (Ticket.objects.live().count(), pending()) == (1, [])


def test_waiting_registration_has_no_ticket_until_promoted() -> None:
    event = build_event(build_fest(), capacity=1)
    first, second = build_submission(event), build_submission(event)
    assert [ticket.student for ticket in Ticket.objects.live()] == [first.student]
    cancel([registration_of(first).pk], actor=STUDENT, deadline=Deadline())
    assert [ticket.student for ticket in Ticket.objects.live()] == [second.student]
    assert pending() == [
        ("registered", first.student.email),
        ("registered", second.student.email),
        ("cancelled", first.student.email),
        ("promoted", second.student.email),
    ]


def test_raised_capacity_issues_ticket_to_each_promoted_student() -> None:
    event = build_event(build_fest(), capacity=1)
    waiting = [build_submission(event) for _ in range(3)][1:]
    set_capacity(event, capacity=3)
    tickets = Ticket.objects.live().filter(student__in=[one.student for one in waiting])
    assert tickets.count() == 2
    assert Delivery.objects.filter(kind="promoted").count() == 2


def test_registration_taken_again_has_another_code() -> None:
    submission = build_answered()
    old = ticket_of(submission)
    cancel([registration_of(submission).pk], actor=STUDENT, deadline=Deadline())
    booking_request = build_request(old.registration.event, **details_of(submission.student))
    again = submit(booking_request, deadline=Deadline())
    assert again.student == submission.student
    new = ticket_of(again)
    assert (new.code == old.code, new.is_live) == (False, True)
    old.refresh_from_db()
    assert old.is_live is False


def test_corrected_name_keeps_code_and_wants_new_pdf() -> None:
    submission = build_answered(email="asha@example.org")
    ticket = ticket_of(submission)
    Ticket.objects.update(rendered_at=ticket.created_at, render_attempts=2)
    values = details_of(submission.student, name="Asha Rao the Second")
    correct(submission.student.pk, values=values, actor=STUDENT, deadline=Deadline())
    after = ticket_of(submission)
    assert (after.code, after.rendered_at, after.render_attempts) == (ticket.code, None, 0)
    assert pending()[1:] == [("corrected", "asha@example.org")]


def test_corrected_address_is_told_at_the_old_one_and_linked_at_the_new_one() -> None:
    submission = build_answered(email="old@example.org")
    values = details_of(submission.student, email="new@example.org")
    correct(submission.student.pk, values=values, actor=STUDENT, deadline=Deadline())
    assert pending()[1:] == [("corrected", "old@example.org"), ("link", "new@example.org")]


def test_mail_not_yet_sent_follows_a_corrected_address() -> None:
    submission = build_answered(email="typo@example.org")
    values = details_of(submission.student, email="right@example.org")
    correct(submission.student.pk, values=values, actor=STUDENT, deadline=Deadline())
    pretend_rendered()
    sent = {delivery.kind: (delivery.to, delivery.mailbox) for delivery in claim(10).mails}
    assert sent == {
        "registered": ("right@example.org", "right@example.org"),
        "corrected": ("typo@example.org", "typo@example.org"),
        "link": ("right@example.org", "right@example.org"),
    }
    assert delivery_of(submission).to == "right@example.org"
    assert list(mail.mails_go_to_an_address_of_the_student.find()) == []


def test_corrections_fill_no_mailbox() -> None:
    submission = build_answered(email="victim+0@example.org")
    student = submission.student
    for number in range(1, 8):
        values = details_of(student, email=f"victim+{number}@example.org")
        correct(student.pk, values=values, actor=STUDENT, deadline=Deadline())
    mails = Delivery.objects.filter(mailbox="victim@example.org").exclude(state="dropped")
    assert Counter(mails.values_list("kind", flat=True)) == {"registered": 1, "corrected": 3, "link": 3}
    assert list(mail.each_correction_has_its_mails.find()) == []


@pytest.mark.django_db(transaction=True)
def test_links_asked_for_cannot_silence_the_word_to_the_old_address() -> None:
    student = build_answered(email="old@example.org").student
    assert [enqueue_link([student], now=timezone.now()) for _ in range(4)] == [True] * 3 + [False]
    values = details_of(student, email="thief@example.org")
    correct(student.pk, values=values, actor=STUDENT, deadline=Deadline())
    (notified,) = Delivery.objects.filter(kind="corrected")
    assert (notified.to, notified.state) == ("old@example.org", "queued")
    assert run() == []
