"""Questions that were asked late: a mail with the link to those who have not answered."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.models import AuditEntry, Event
from registrations import links
from registrations.models import Answer
from registrations.students.merge import merge_students
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from registrations.tests.builders.questions import build_answer, build_question
from techfest.core.db.locking import Deadline
from tickets.mail.compose import compose
from tickets.mail.kinds.questions import enqueue_question_mails
from tickets.models import Delivery
from tickets.tests.admin_helpers import organiser_client, said
from tickets.tests.audited import cancel_first, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), name="Robo Race")


def mails() -> list[Delivery]:
    rows = Delivery.objects.filter(kind="questions").order_by("pk")
    return list(rows.select_related("student__fest", "student__school"))


def test_those_who_have_not_answered_get_what_is_missing_and_the_link(event: Event) -> None:
    asha = build_submission(event, name="Asha Rao", email="asha@example.org").student
    bilal = build_submission(event, email="bilal@example.org").student
    build_submission(event, email="")
    food = build_question(event.fest, "Food & <b>allergies</b>?")
    size = build_question(event, "How tall is your robot?")
    for one in (food, size):
        build_answer(one, bilal, "Secret")
    build_answer(size, asha, "Secret")
    assert enqueue_question_mails(event.fest, now=timezone.now()) == 1
    (delivery,) = mails()
    message = compose(delivery)
    assert message is not None
    text, html = str(message.body), str(message.alternatives[0][0])
    link = f"{links.my_path(asha)}answers/"
    for content in (text, html):
        assert link in content
        assert "Secret" not in content
        assert "How tall" not in content
    assert "Food & <b>allergies</b>?" in text
    assert "Food &amp; &lt;b&gt;allergies&lt;/b&gt;?" in html
    assert run() == []


def test_mail_is_dropped_once_everything_is_answered_or_nothing_is_asked(event: Event) -> None:
    student = build_submission(event).student
    question = build_question(event.fest)
    enqueue_question_mails(event.fest, now=timezone.now())
    build_answer(question, student)
    assert [compose(one) for one in mails()] == [None]
    Answer.objects.all().delete()
    cancel_first(event)
    assert [compose(one) for one in mails()] == [None]


def test_second_click_of_a_day_and_other_events_mail_no_one(event: Event) -> None:
    other = build_event(event.fest)
    build_submission(event)
    build_submission(other)
    build_question(event, "How tall?")
    now = timezone.now()
    assert [enqueue_question_mails(event.fest, now=now, event=other), len(mails())] == [0, 0]
    assert [enqueue_question_mails(event.fest, now=now) for _ in range(2)] == [1, 0]


def test_merged_students_keep_one_mail_of_the_day(event: Event) -> None:
    kept = build_submission(event, name="Asha Rao").student
    removed = build_submission(build_event(event.fest), name="Asha Raoo").student
    build_question(event.fest)
    assert enqueue_question_mails(event.fest, now=timezone.now()) == 2
    merge_students(kept.pk, removed.pk, user=build_user(), reason="Same", deadline=Deadline(30))
    assert [one.student for one in mails()] == [kept]


def test_organiser_mails_the_link_with_one_button_that_says_to_how_many(event: Event) -> None:
    for _ in range(2):
        build_submission(event)
    build_question(event.fest)
    client: Client = organiser_client()
    path = reverse("admin:registrations_question_of_fest", args=[event.fest_id])
    assert "Mail the link to 2 students who have not answered" in " ".join(
        client.get(path).content.decode().split()
    )
    response = client.post(path, {"mail": "yes"}, follow=True)
    assert said(response) == ["2 mails are on their way. No student gets more than one a day."]
    assert len(mails()) == 2
    assert AuditEntry.objects.get(what="questions mailed").after == {"mails": 2}
