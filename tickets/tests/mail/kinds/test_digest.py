"""Anyone may enter a stranger's address: the stranger gets few mails, and no ticket or link is lost."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from anymail.message import AnymailMessage
from django.test import Client
from django.utils import timezone

from deploy.provider_stub.client import StubClient
from events.models import Event
from registrations import links
from registrations.booking.cancel import cancel
from registrations.models import Change, DatabaseMarker, Registration, Student
from registrations.privacy.erase import erase
from registrations.restore import hold
from registrations.tests.builders import build_event, build_fest, build_submission, build_teacher
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.builders.event_changes import change
from registrations.tests.races import in_threads
from techfest.core.db.locking import Deadline
from tickets.content import ticket_file_name
from tickets.mail import mailbox_limit, queue, send
from tickets.mail.compose import Composer
from tickets.mail.kinds import digest as digest_module
from tickets.mail.mailbox_limit import AT_ONCE, HOUR, PAUSE
from tickets.mail.outbox import enqueue_attempt, enqueue_link
from tickets.mail.queue import Result, claim, record
from tickets.mail.resend import resend, send_again
from tickets.models import Delivery
from tickets.school_students import newest_state
from tickets.tests.builders import let_time_pass, pretend_rendered, registration_of

pytestmark = pytest.mark.django_db

State = Delivery.State
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=100, name="Robo Race")


def register(event: Event, count: int, *, email: str = "parent@example.org") -> list[Student]:
    students = [build_submission(event, email=email).student for _ in range(count)]
    pretend_rendered()
    return students


def mailed() -> list[AnymailMessage]:
    """The mails that are sent now, recorded as sent."""
    composer, messages = Composer(), []
    while claimed := claim(100).mails:
        pairs = composer.compose(claimed)
        record([*composer.take_results(), *(Result(one, State.SENT) for one, _message in pairs)])
        messages += [message for _one, message in pairs]
    return messages


def states() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("state", flat=True)))


def test_sixty_registrations_mail_a_stranger_four_times_within_the_hour(event: Event) -> None:
    register(event, 60)
    assert len(mailed()) == AT_ONCE
    for _ in range(59):
        let_time_pass(MINUTE)
        mailed()
    assert Delivery.objects.filter(state=State.SENT).count() == AT_ONCE + 1
    assert states() == {State.SENT: AT_ONCE + 1, State.GATHERED: 57}


def test_loop_of_an_hour_mails_four_times_an_hour(event: Event) -> None:
    """In any hour, whatever is done in it: registering, cancelling, requesting links, trying names."""
    sent: list[int] = []
    for _ in range(30):
        (student,) = register(event, 1)
        rows = student.registrations.values_list("pk", flat=True)
        cancel(rows, actor=Change.Actor.STUDENT, deadline=Deadline())
        enqueue_link([student], now=timezone.now())
        enqueue_attempt(student, now=timezone.now())
        sent.append(len(mailed()))
        let_time_pass(6 * MINUTE)
    for first in range(21):
        assert sum(sent[first : first + 10]) <= AT_ONCE + 1
    assert sum(sent) >= 9


def test_digest_tells_what_each_student_obtained_with_its_links(event: Event) -> None:
    register(event, 3)
    asha, ben = register(event, 2)
    mailed()
    let_time_pass(PAUSE)
    (message,) = mailed()
    assert message.to == ["parent@example.org"]
    html = str(message.alternatives[0][0])
    for student in (asha, ben):
        ticket = student.tickets.get()
        for text in (student.reference[:3], links.my_path(student), ticket.get_absolute_url()):
            assert text in message.body
            assert text in html
    assert message.body.count("Robo Race") == 2


def test_change_of_an_event_mails_a_stranger_once_for_all_students(event: Event) -> None:
    """Without the limit, each change of time would cause one mail per registered student."""
    asha, *_others = register(event, 40)
    mailed()
    let_time_pass(HOUR)
    assert len(mailed()) == 1
    let_time_pass(HOUR + MINUTE)
    change(event, starts_at=event.starts_at + HOUR, ends_at=event.ends_at + HOUR)
    pretend_rendered()
    assert len(mailed()) == AT_ONCE
    let_time_pass(PAUSE)
    (message,) = mailed()
    html = str(message.alternatives[0][0])
    assert all("This event has a new time:" in text for text in (message.body, html))
    assert asha.deliveries.filter(kind=Delivery.Kind.CHANGED, state=State.SENT).exists()
    assert states() == {State.SENT: 2 * (AT_ONCE + 1), State.GATHERED: 2 * 37}


def test_change_of_an_event_is_mailed_at_once_to_each_student_of_a_teacher(event: Event) -> None:
    rows = [row(f"Asha {number}", event, email="teacher@example.org") for number in range(8)]
    registered(build_list(event.fest, rows, teacher=build_teacher()))
    pretend_rendered()
    before = len(mailed())
    let_time_pass(HOUR + MINUTE)
    change(event, starts_at=event.starts_at + HOUR, ends_at=event.ends_at + HOUR)
    pretend_rendered()
    assert (before, len(mailed())) == (8, 8)


def test_fourth_sibling_gets_the_whole_mail_a_few_minutes_later(event: Event) -> None:
    register(event, 3)
    (fourth,) = register(event, 1)
    assert len(mailed()) == 3
    let_time_pass(PAUSE)
    (message,) = mailed()
    assert message.subject.startswith(f"{fourth.name}: you are registered")
    names = [ticket_file_name(fourth.registrations.get()), f"{event.slug}.ics"]
    assert [name for name, *_rest in message.attachments] == names
    digest = Delivery.objects.get(kind=Delivery.Kind.DIGEST)
    assert message.extra_headers["Message-ID"].startswith(f"<{digest.key.hex}@")


def test_three_siblings_are_mailed_at_once(event: Event) -> None:
    register(event, 3)
    assert len(mailed()) == 3


def test_mails_that_only_waited_for_the_provider_are_not_counted_twice(event: Event) -> None:
    """After an outage or a stopped worker they are queued untried, but were admitted already."""
    register(event, 3)
    claimed = claim(10).mails
    record([queue.untried(one, retry_in=dt.timedelta()) for one in claimed])
    (fourth,) = register(event, 1)
    assert {one.pk for one in claim(10).mails} == {one.pk for one in claimed}
    assert fourth.deliveries.get().held_at is not None


def test_whole_class_with_the_teachers_address_is_mailed_at_once(event: Event) -> None:
    teacher = build_teacher()
    rows = [row(f"Asha {number}", event, email="teacher@example.org") for number in range(8)]
    registered(build_list(event.fest, rows, teacher=teacher))
    pretend_rendered()
    assert len([one for one in mailed() if one.to == ["teacher@example.org"]]) == 8
    assert not Delivery.objects.exclude(admitted_at=None).exists()


def test_what_an_organiser_releases_is_gathered_too(event: Event) -> None:
    """Cancelling many registrations made with a stranger's address must not send as many mails to the stranger."""
    students = register(event, 20)
    mailed()
    let_time_pass(HOUR + MINUTE)
    rows = Registration.objects.filter(student__in=students).values_list("pk", flat=True)
    cancel(rows, actor=Change.Actor.ORGANISER, deadline=Deadline())
    assert len(mailed()) <= AT_ONCE + 1


def test_tags_of_one_mailbox_are_one_mailbox_and_read_each_their_own(event: Event) -> None:
    register(event, 3, email="kid@example.org")
    (first,) = register(event, 1, email="kid+first@example.org")
    register(event, 2, email="Kid+First@example.org")
    (other,) = register(event, 1, email="kid+other@example.org")
    assert len(mailed()) == 3
    let_time_pass(PAUSE)
    (message,) = mailed()
    assert message.to == ["kid+first@example.org"]
    assert links.my_path(first) in message.body
    assert other.name not in message.body
    assert links.my_path(other) not in message.body
    assert "1 more message is not listed here" in message.body


def test_of_a_flood_the_first_are_told_and_the_rest_is_counted(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digest_module, "MAX_SHOWN", 5)
    register(event, 3 + 8)
    mailed()
    let_time_pass(PAUSE)
    (message,) = mailed()
    assert message.body.count("Robo Race") == 5
    assert "3 more messages are not listed here" in message.body


def test_digest_of_as_many_as_it_tells_stays_within_thirty_kilobytes(event: Event) -> None:
    register(event, 3 + digest_module.MAX_SHOWN)
    mailed()
    let_time_pass(PAUSE)
    (message,) = mailed()
    assert message.body.count("Robo Race") == digest_module.MAX_SHOWN
    assert len(str(message.alternatives[0][0]).encode()) <= 30_000


def test_what_is_no_longer_true_is_left_out(event: Event) -> None:
    students = register(event, 3 + 2)
    mailed()
    rows = students[3].registrations.values_list("pk", flat=True)
    cancel(rows, actor=Change.Actor.STUDENT, deadline=Deadline())
    let_time_pass(PAUSE)
    (message,) = mailed()
    assert message.body.count("You registered:") == 1
    assert "This registration is cancelled" in message.body


def test_what_was_dropped_does_not_count(event: Event) -> None:
    first = register(event, 2)
    rows = Registration.objects.filter(student__in=first).values_list("pk", flat=True)
    cancel(rows, actor=Change.Actor.STUDENT, deadline=Deadline())
    register(event, 1)
    assert len(mailed()) == 1
    Delivery.objects.filter(kind=Delivery.Kind.CANCELLED).update(state=State.DROPPED)
    register(event, 2)
    assert len(mailed()) == 2


def test_corrected_address_is_followed_before_it_is_counted(event: Event) -> None:
    """Registrations with different addresses are all corrected to a stranger's address before they are mailed."""
    for number in range(10):
        register(event, 1, email=f"own{number}@example.org")
    Student.objects.update(email="stranger@example.org", email_key="stranger@example.org")
    assert [one.to for one in mailed()] == [["stranger@example.org"]] * AT_ONCE


def test_held_mail_is_not_late(event: Event) -> None:
    register(event, 5)
    mailed()
    let_time_pass(PAUSE - MINUTE)
    assert queue.oldest_pending_age(timezone.now()) is None
    assert queue.has_due() is False


def test_state_of_a_part_is_that_of_its_digest(event: Event) -> None:
    *_, student = register(event, 5)
    mailed()
    let_time_pass(PAUSE)
    mailed()
    assert newest_state(student) == State.SENT
    Delivery.objects.filter(kind=Delivery.Kind.DIGEST).update(state=State.BOUNCED)
    assert newest_state(student) == State.BOUNCED
    (part,) = student.deliveries.all()
    assert send_again([part.pk]) == 1
    assert len(mailed()) == 1
    assert newest_state(student) == State.SENT


def test_student_reads_on_the_page_where_the_mail_is(event: Event) -> None:
    *_, student = register(event, 5)
    mailed()
    page = Client().get(links.my_path(student)).content.decode()
    assert "the next ones come together within about an hour" in page
    let_time_pass(PAUSE)
    mailed()
    page = Client().get(links.my_path(student)).content.decode()
    assert "The last mail was sent to" in page


def test_part_is_sent_again_by_itself(event: Event) -> None:
    *_, student = register(event, 5)
    mailed()
    let_time_pass(PAUSE)
    mailed()
    assert resend(student.registrations.values_list("pk", flat=True)).sent == 1
    (message,) = mailed()
    assert message.subject.startswith(f"{student.name}: you are registered")


def test_worker_that_dies_after_the_digest_was_made_loses_nothing(event: Event) -> None:
    register(event, 6)
    mailed()
    let_time_pass(PAUSE)
    assert [one.kind for one in claim(100).mails] == [Delivery.Kind.DIGEST]
    let_time_pass(queue.LEASE + MINUTE)
    (message,) = mailed()
    assert message.body.count("Robo Race") == 3


def test_mail_behind_more_held_ones_than_a_claim_takes_goes_in_the_same_run(
    monkeypatch: pytest.MonkeyPatch, mailgun: StubClient, event: Event
) -> None:
    monkeypatch.setattr(send, "IN_FLIGHT", 2)
    register(event, 3)
    mailed()
    register(event, 5)
    register(event, 1, email="other@example.org")
    assert send.send_due() == 1
    assert [mail["recipients"] for mail in mailgun.accepted()] == [["other@example.org"]]
    assert send.send_due() == 0


def test_run_ends_where_another_worker_is_at_the_mailbox(
    monkeypatch: pytest.MonkeyPatch, mailgun: StubClient, event: Event
) -> None:
    """Due mails stay queued until then; the run retries within its budget and then ends."""
    monkeypatch.setattr(mailbox_limit, "_TRY_MAILBOXES", "SELECT unnest(%s::text[]) LIMIT 0")
    register(event, 1)
    assert send.send_due(budget=0.1) == 0
    assert states() == {State.QUEUED: 1}
    monkeypatch.undo()
    assert send.send_due() == 1


def send_from_workers(monkeypatch: pytest.MonkeyPatch, event: Event) -> int:
    """Let eight workers claim one mail each of one mailbox and meet before they admit; return the number admitted.

    The lock on the database marker is bypassed, since the workers would take turns with it.
    """
    register(event, 8)
    hold.tick()
    monkeypatch.setattr(hold, "locked_marker", DatabaseMarker.objects.get)
    admit_first = mailbox_limit._admit_first
    line = threading.Barrier(8)

    def together(fresh: Sequence[Delivery], *args: Any) -> Sequence[int]:
        with suppress(threading.BrokenBarrierError):
            if fresh:
                line.wait(3)
        return admit_first(fresh, *args)

    monkeypatch.setattr(mailbox_limit, "_admit_first", together)
    in_threads(lambda: claim(1), 8)
    monkeypatch.setattr(mailbox_limit, "_admit_first", admit_first)
    mailed()
    return Delivery.objects.exclude(admitted_at=None).count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_let_no_more_go_than_one(monkeypatch: pytest.MonkeyPatch, event: Event) -> None:
    assert send_from_workers(monkeypatch, event) == AT_ONCE


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_without_the_lock_let_more_go(monkeypatch: pytest.MonkeyPatch, event: Event) -> None:
    """Negative control."""
    monkeypatch.setattr(mailbox_limit, "_TRY_MAILBOXES", "SELECT unnest(%s::text[])")
    assert send_from_workers(monkeypatch, event) > AT_ONCE


def test_registration_of_an_erased_student_leaves_the_digest(event: Event) -> None:
    *_, kept, gone = register(event, 5)
    mailed()
    let_time_pass(PAUSE)
    claim(100)
    digest = Delivery.objects.get(kind=Delivery.Kind.DIGEST)
    erase([gone.pk], user=None, deadline=Deadline())
    assert [part.student for part in digest.parts.all()] == [kept]
    erase([kept.pk], user=None, deadline=Deadline())
    assert not Delivery.objects.filter(pk=digest.pk).exists()


def test_registration_is_mailed_once(event: Event) -> None:
    (student,) = register(event, 1)
    assert registration_of(student.submissions.get()).student == student
    assert len(mailed()) == 1
    assert mailed() == []
