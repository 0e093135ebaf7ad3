"""Organisers ask questions: four are ready, others are typed, and an answered one is switched off."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.cache import forget
from events.models import AuditEntry, Event, Fest
from registrations.booking.cancel import cancel
from registrations.models import Answer, Question, Registration
from registrations.questions.ready import switch_on
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.questions import answers_to, build_answer, build_question
from registrations.tests.form_posts import FORM, text_of
from techfest.core.admin.base import page_of
from techfest.core.db.locking import Deadline
from techfest.core.roles import LEAD
from tickets.tests.admin_helpers import (
    add_path,
    filled_in,
    in_role,
    list_path,
    organiser,
    organiser_client,
    query_count,
    said,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return organiser_client()


@pytest.fixture
def event() -> Event:
    forget()
    return build_event(build_fest(), name="Robo Race")


def page_of_fest(event: Event) -> str:
    return reverse("admin:registrations_question_of_fest", args=[event.fest_id])


def page_of_event(event: Event) -> str:
    return reverse("admin:registrations_question_of_event", args=[event.pk])


def downloaded(client: Client, path: str) -> bytes:
    response: Any = client.get(path)
    return b"".join(response.streaming_content)


def errors(response: Any) -> dict[str, Any]:
    return dict(response.context["adminform"].form.errors) if response.context else {}


@pytest.mark.parametrize("ready", Question.Ready.values)
@pytest.mark.parametrize("of", ["fest", "event"])
def test_ready_question_is_on_the_form_after_one_click(
    client: Client, event: Event, ready: str, of: str
) -> None:
    path = page_of_fest(event) if of == "fest" else page_of_event(event)
    for _ in range(2):
        response = client.post(path, {"ready": ready}, follow=True)
        assert "is asked now" in said(response)[0]
    question = Question.objects.get()
    assert (question.event, question.fest) == (event if of == "event" else None, event.fest)
    assert f'name="{question.field_name}"' in text_of(client.get(FORM))
    assert f'value="{ready}"' not in text_of(response)


def test_ready_question_exists_once_even_if_two_organisers_click(event: Event) -> None:
    switch_on(event.fest, "food", user=organiser())
    with pytest.raises(IntegrityError, match="question_ready_once"), transaction.atomic():
        build_question(event.fest, ready="food")


def test_question_is_switched_off_and_on_and_the_log_says_by_whom(client: Client, event: Event) -> None:
    question = build_question(event.fest)
    for ask in ("no", "yes"):
        client.post(page_of_fest(event), {"question": question.pk, "ask": ask})
        question.refresh_from_db()
        assert question.is_asked == (ask == "yes")
    assert list(AuditEntry.objects.order_by("pk").values_list("after", flat=True)) == [
        {"is_asked": False},
        {"is_asked": True},
    ]


@pytest.mark.parametrize("pk", ["", "0", "x", "9" * 30, "-1", "٣"])
def test_unknown_question_is_not_switched(client: Client, event: Event, pk: str) -> None:
    assert client.post(page_of_fest(event), {"question": pk, "ask": "no"}).status_code == 302
    other = build_question(build_fest(is_current=False))
    client.post(page_of_fest(event), {"question": other.pk, "ask": "no"})
    other.refresh_from_db()
    assert other.is_asked


def test_typed_question_is_saved_with_its_options(client: Client, event: Event) -> None:
    values = filled_in(client, f"{add_path(Question)}?fest={event.fest_id}&event={event.pk}")
    values |= {"text": "Size?", "kind": "one", "options": " S \r\n\r\nM\r\nS", "purpose": "we order shirts"}
    assert client.post(add_path(Question), values).status_code == 302
    question = Question.objects.get()
    assert (question.event, question.options) == (event, ["S", "M"])
    assert client.get(page_of(question)).status_code == 200


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kind": "one", "options": "S"}, "options"),
        ({"kind": "several", "options": "\n".join(map(str, range(21)))}, "options"),
        ({"kind": "one", "options": "S\n" + "x" * 81}, "options"),
        ({"kind": "one", "options": "S\nM\x00"}, "options"),
        ({"purpose": ""}, "purpose"),
        ({"text": "x" * 201}, "text"),
        ({"erased_after_days": "91"}, "erased_after_days"),
        ({"erased_after_days": "-1"}, "erased_after_days"),
    ],
)
def test_question_that_cannot_be_asked_is_refused(
    client: Client, event: Event, values: dict[str, str], field: str
) -> None:
    sent = filled_in(client, add_path(Question)) | {
        "fest": event.fest_id,
        "text": "Size?",
        "purpose": "shirts",
    }
    assert set(errors(client.post(add_path(Question), sent | values))) == {field}
    assert Question.objects.count() == 0


def test_event_of_another_fest_is_refused(client: Client, event: Event) -> None:
    other = build_event(build_fest(is_current=False))
    sent = filled_in(client, add_path(Question)) | {
        "fest": event.fest_id,
        "text": "Size?",
        "purpose": "shirts",
    }
    assert "event" in errors(client.post(add_path(Question), sent | {"event": other.pk}))


@pytest.mark.parametrize(
    ("values", "field"),
    [({"kind": "several"}, "kind"), ({"event": ""}, "event"), ({"options": "M\nL"}, "options")],
)
def test_answered_question_keeps_what_its_answers_mean(
    client: Client, event: Event, values: dict[str, str], field: str
) -> None:
    question = build_question(event, "Size?", kind="one", options=["S", "M"])
    build_answer(question, build_submission(event).student, "S")
    path = page_of(question)
    assert set(errors(client.post(path, filled_in(client, path, **values)))) == {field}
    changed = filled_in(client, path, text="Which size?", options="S\nXL")
    assert client.post(path, changed).status_code == 302
    question.refresh_from_db()
    assert (question.text, question.options) == ("Which size?", ["S", "XL"])


def test_answered_question_is_not_deleted(client: Client, event: Event) -> None:
    question, other = build_question(event.fest), build_question(event.fest, "Other?")
    build_answer(question, build_submission(event).student)
    for one in (question, other):
        response = client.post(
            reverse("admin:registrations_question_delete", args=[one.pk]), {"post": "yes"}, follow=True
        )
    assert list(Question.objects.all()) == [question]
    response = client.post(
        reverse("admin:registrations_question_delete", args=[question.pk]), {"post": "yes"}, follow=True
    )
    assert said(response) == ["This question has 1 answer and cannot be deleted. Switch it off instead."]


def test_event_lead_reads_answers_only_where_the_question_says_so_and_only_of_their_event(
    event: Event,
) -> None:
    lead = in_role(LEAD)
    event.leads.add(lead)
    other = build_event(event.fest)
    student = build_submission(event, other).student
    build_answer(build_question(event, "Theirs?", leads_read=True), student, "Readable")
    for of in (event, other, event.fest):
        build_answer(build_question(of, f"Hidden {of}?", leads_read=of != event), student, "Hidden")
    client, name = organiser_client(lead), "admin:registrations_answer_download_csv"
    pages = [client.get(list_path(Answer)), client.get(page_of(student))]
    texts = [*map(text_of, pages), downloaded(client, reverse(name)).decode()]
    for text in texts:
        assert "Readable" in text
        assert "Hidden" not in text
    hidden = Answer.objects.filter(value="Hidden")
    assert [client.get(page_of(one)).status_code for one in hidden] == [404] * 3


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_answers_are_downloaded_as_text_and_never_as_formulas(
    client: Client, event: Event, kind: str
) -> None:
    build_answer(build_question(event.fest), build_submission(event).student, '=HYPERLINK("http://x")')
    content = downloaded(client, reverse(f"admin:registrations_answer_download_{kind}"))
    assert content
    if kind == "csv":
        assert "'=HYPERLINK" in content.decode()


def test_pages_take_as_many_queries_for_many_questions(client: Client, event: Event) -> None:
    student, counts = build_submission(event).student, []
    paths = [
        page_of_fest(event),
        page_of_event(event),
        list_path(Answer),
        list_path(Question),
        page_of(student),
    ]
    for number in range(1, 4):
        for of in (event, event.fest):
            build_answer(build_question(of, f"Question {number}?"), student)
        counts.append([query_count(client, path) for path in paths])
    assert counts[1] == counts[2]


def test_those_who_have_not_answered_are_counted_and_listed(client: Client, event: Event) -> None:
    other = build_event(event.fest)
    asha, bilal, chitra = (build_submission(one).student for one in (event, event, other))
    food, size = build_question(event.fest), build_question(event, "How tall?")
    build_answer(food, asha)
    build_answer(size, bilal)
    page = client.get(page_of_fest(event))
    assert {line.question: line.missing for line in page.context["lines"]} == {food: 2, size: 1}
    for asked, students in ((food.pk, {bilal, chitra}), (size.pk, {asha}), ("any", {asha, bilal, chitra})):
        listed = client.get(list_path(Registration), {"unanswered": asked}).context["cl"].queryset
        assert {row.student for row in listed} == students
    cancel([row.pk for row in Registration.objects.all()], actor="student", deadline=Deadline(30))
    assert {line.missing for line in client.get(page_of_fest(event)).context["lines"]} == {0}


def test_organiser_answers_for_a_student_after_closing(client: Client, event: Event) -> None:
    student = build_submission(event).student
    food = build_question(event.fest)
    build_answer(food, student)
    now = timezone.now()
    Fest.objects.update(closes_at=now - dt.timedelta(hours=1), opens_at=now - dt.timedelta(hours=2))
    path = reverse("admin:registrations_question_of_student", args=[student.pk])
    assert 'value="Peanuts"' in text_of(client.get(path))
    assert client.post(path, {food.field_name: "Milk"})["Location"] == page_of(student)
    assert answers_to(food) == ["Milk"]
    entry: Any = AuditEntry.objects.get(what="answers changed")
    assert (entry.user.username, entry.before, entry.after) == ("organiser", {}, {"questions": [food.text]})
