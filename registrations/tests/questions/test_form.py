"""The public form asks the questions of the fest and of the chosen events."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import translation
from django.utils.functional import Promise

from events.cache import cached_fest, forget
from events.models import Event, Fest
from registrations import links
from registrations.models import Answer, Question, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.questions import answers_to, build_answer, build_question
from registrations.tests.form_posts import FORM, post_form, text_of, typed
from registrations.views import posted_form

pytestmark = pytest.mark.django_db

ASHA = {"name": "Asha Rao", "school": "Riverside Public School", "grade": "7", "email": "asha@example.org"}


@pytest.fixture
def fest() -> Fest:
    forget()
    return build_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, name="Robo Race")


def errors_of(response: Any) -> dict[str, Any]:
    return dict(response.context["form"].errors)


def test_page_shows_the_fests_questions_once_and_an_events_below_its_box(
    client: Client, event: Event
) -> None:
    other = build_event(event.fest)
    food, size = (
        build_question(event.fest),
        build_question(event, "How tall is your robot?", is_required=True),
    )
    page = text_of(client.get(FORM))
    assert page.count(f'name="{food.field_name}"') == page.count(f'name="{size.field_name}"') == 1
    assert "What do you not eat? (optional)" in page
    assert "Why we ask: the kitchen plans with it. Erased 30 days after the fest." in page
    box, asked, after = (
        page.index(text) for text in (f'value="{event.slug}"', size.field_name, f'value="{other.slug}"')
    )
    assert box < asked < after
    assert f'data-asked-with="{event.slug}"' in page


def test_answers_are_stored_with_the_registration(client: Client, event: Event) -> None:
    food, size = build_question(event.fest), build_question(event, "How tall?", kind="number")
    response = post_form(client, event, **{food.field_name: " Peanuts ", size.field_name: "12.50"})
    assert response.status_code == 302
    student = Student.objects.get()
    assert {(one.question, one.value) for one in student.answers.all()} == {(food, "Peanuts"), (size, "12.5")}
    assert "Peanuts" in text_of(client.get(response["Location"]))


def test_required_question_of_an_event_is_required_only_with_the_event(client: Client, event: Event) -> None:
    other, size = build_event(event.fest), build_question(event, "How tall?", is_required=True)
    response = post_form(client, event)
    assert errors_of(response) == {size.field_name: ["Answer this question: How tall?"]}
    assert f'href="#id_{size.field_name}"' in text_of(response)
    assert post_form(client, other).status_code == 302
    assert Answer.objects.count() == 0


def test_zero_and_no_are_answers(client: Client, event: Event) -> None:
    photo = build_question(event.fest, "Photos?", kind="yes_no", is_required=True)
    count = build_question(event.fest, "How many?", kind="number", is_required=True)
    assert post_form(client, event, **{photo.field_name: "no", count.field_name: "0"}).status_code == 302
    assert (answers_to(photo), answers_to(count)) == (["no"], ["0"])


def test_answer_to_a_question_of_an_event_that_was_not_chosen_is_ignored_whatever_it_is(
    client: Client, event: Event
) -> None:
    other, size = build_event(event.fest), build_question(event, "How tall?", kind="number")
    assert post_form(client, other, **{size.field_name: "very\x00"}).status_code == 302
    assert Answer.objects.count() == 0


def test_answer_for_an_event_that_was_not_obtained_is_not_kept(client: Client, event: Event) -> None:
    full = build_event(event.fest, capacity=0, waiting_limit=0)
    size = build_question(full, "How tall?")
    assert post_form(client, event, full, **{size.field_name: "12"}).status_code == 302
    assert Answer.objects.count() == 0


def test_errors_of_events_and_of_answers_are_shown_together(client: Client, event: Event) -> None:
    size = build_question(event, "How tall?", is_required=True)
    assert set(errors_of(post_form(client, event, "nowhere"))) == {"events", size.field_name}


HOSTILE = {
    "controls": ("short", "Pea\x00nuts", "Remove the control characters from this field"),
    "long": ("short", "x" * 201, "The answer must be 200 characters or less"),
    "very long": ("long", "x" * 100_000, "The answer must be 2000 characters or less"),
    "marks": ("short", "a" + "\u0301" * 40, "Remove the accents that are stacked on one letter"),
    "not a number": ("number", "twelve", "Enter a number in digits, like 12 or 1.5"),
    "infinity": ("number", "Infinity", "Enter a number in digits"),
    "digits": ("number", "9" * 100_000, "Enter a number in digits"),
    "exponent": ("number", "1e999999999", "Ensure that there are no more than"),
    "not offered": ("one", "blue", "Choose one of the options on the page"),
    "one not offered": ("several", ["red", "blue"], "Choose one of the options on the page"),
    "neither": ("yes_no", "maybe", "Choose one of the options on the page"),
    "no day": ("date", "31 Feb 2026", "Enter the day as year, month and day"),
    "day with two meanings": ("date", "12/11/2026", "Enter the day as year, month and day"),
    "year": ("date", "0" * 100_000, "Enter the day as year, month and day"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_answer_that_cannot_be_one_is_refused_with_a_sentence(
    client: Client, event: Event, name: str
) -> None:
    kind, value, sentence = HOSTILE[name]
    options = ["red", "green"] if kind in ("one", "several") else []
    question = build_question(event.fest, kind=kind, options=options)
    response = post_form(client, event, **{question.field_name: value})
    assert [text[: len(sentence)] for text in errors_of(response)[question.field_name]] == [sentence]
    assert Student.objects.count() == 0


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        ("short", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("short", '=HYPERLINK("http://x","y")', '=HYPERLINK("http://x","y")'),
        ("short", "Nuts\u202e\u2066!", "Nuts!"),
        ("short", "\u200b \u3164", ""),
        ("short", "फल और मेवे 🥜", "फल और मेवे 🥜"),
        ("long", "  Nuts \r\n\r\n  Milk\tand eggs ", "Nuts\n\nMilk and eggs"),
        ("number", "-0.50", "-0.5"),
        ("number", "1200", "1200"),
        ("date", "2026-12-31", "2026-12-31"),
        ("several", ["green", "red"], "red\ngreen"),
        ("one", "", ""),
    ],
)
def test_answer_is_stored_as_text(client: Client, event: Event, kind: str, value: Any, stored: str) -> None:
    options = ["red", "green"] if kind in ("one", "several") else []
    question = build_question(event.fest, kind=kind, options=options)
    response = post_form(client, event, **{question.field_name: value})
    assert response.status_code == 302
    assert answers_to(question) == ([stored] if stored else [])
    page = text_of(client.get(response["Location"]))
    assert "<script>alert" not in page


def test_markup_in_a_question_is_text_everywhere(client: Client, event: Event) -> None:
    markup = "<b onclick=x>Food & drink</b>"
    values = {"help_text": markup, "purpose": markup, "kind": "one", "options": [markup, "none"]}
    question = build_question(event, markup, is_required=True, **values)
    response = post_form(client, event, **{question.field_name: markup})
    assert response.status_code == 302
    pages = [
        client.get(FORM),
        client.get(response["Location"]),
        client.get("/privacy/"),
        post_form(client, event),
    ]
    for page in map(text_of, pages):
        assert "&lt;b onclick=x&gt;Food &amp; drink" in page
        assert "<b onclick" not in page


def test_questions_of_another_fest_and_those_switched_off_are_neither_shown_nor_answered(
    client: Client, event: Event
) -> None:
    old = build_question(build_fest(is_current=False), "Old?", is_required=True)
    off = build_question(event.fest, "Off?", is_required=True, is_asked=False)
    over = build_question(event.fest, "Over?", is_required=True, erased_after_days=0)
    Fest.objects.filter(pk=event.fest_id).update(ends_on=event.fest.starts_on)
    sent = {one.field_name: "x" for one in (old, off)}
    assert post_form(client, event, **sent, **{over.field_name: "x"}).status_code == 302
    assert answers_to(old) == answers_to(off) == []
    assert answers_to(over) == ["x"]


@pytest.mark.parametrize("what", ["deleted", "switched off"])
def test_question_that_went_while_it_was_typed_costs_no_registration(
    client: Client, event: Event, what: str
) -> None:
    """The page and the form of this process still have it."""
    question = build_question(event.fest, is_required=True)
    client.get(FORM)
    rows = Question.objects.filter(pk=question.pk)
    if what == "deleted":
        rows.delete()
    else:
        rows.update(is_asked=False)
    assert post_form(client, event, **{question.field_name: "Peanuts"}).status_code == 302
    assert (Submission.objects.count(), Answer.objects.count()) == (1, 0)


def test_same_form_again_gets_the_first_answer_and_another_answer_is_a_conflict(
    client: Client, event: Event
) -> None:
    food = build_question(event.fest)
    sent = typed(event, **ASHA, **{food.field_name: "Peanuts"})
    first = client.post(FORM, sent)
    assert client.post(FORM, sent)["Location"] == first["Location"]
    changed = client.post(FORM, sent | {food.field_name: "Milk"})
    assert changed.status_code == 409
    assert 'value="Milk"' in text_of(changed)
    assert answers_to(food) == ["Peanuts"]


def test_public_form_never_changes_an_answer_nor_shows_one(client: Client, event: Event) -> None:
    """Name, grade, school and address may be known to a classmate."""
    food, other = build_question(event.fest), build_event(event.fest)
    size = build_question(other, "How tall?")
    post_form(client, event, **ASHA, **{food.field_name: "Peanuts"})
    again = post_form(client, other, **ASHA, **{food.field_name: "Nothing", size.field_name: "12"})
    assert again.status_code == 302
    assert (answers_to(food), answers_to(size)) == (["Peanuts"], ["12"])
    page = text_of(client.get(again["Location"]))
    assert "Peanuts" not in page
    assert "How tall?" not in page


def test_answers_stay_typed_on_every_page_that_asks_again(client: Client, event: Event) -> None:
    food, colour = build_question(event.fest), build_question(event, kind="several", options=["red", "green"])
    values = {food.field_name: "Peanuts", colour.field_name: ["red", "green"]}
    page = text_of(post_form(client, event, name="", **values))
    assert 'value="Peanuts"' in page
    full = build_event(event.fest, capacity=0, waiting_limit=0)
    refused = text_of(post_form(client, full, **values))
    assert refused.count(f'name="{colour.field_name}"') >= 2
    edited = text_of(client.post(FORM, typed(event, edit="1", **values)))
    assert edited.count(" checked") >= 3


def test_fields_are_shared_and_no_form_leaves_anything_behind(event: Event) -> None:
    question = build_question(event, kind="number", is_required=True)
    forget()
    current = cached_fest()

    def errors(**values: Any) -> set[str]:
        data = QueryDict(mutable=True)
        data.update(typed(**values))
        data.setlist("events", [event.slug])
        form = posted_form(current, current.fest, data)  # type: ignore[arg-type]  # there is a fest
        form.is_valid()
        return set(form.errors)

    for _ in range(2):
        assert errors() == {question.field_name}
        assert errors(**{question.field_name: "x"}) == {question.field_name}
        assert errors(**{question.field_name: "7"}) == set()


def test_own_link_asks_what_is_not_answered_and_adds_it(client: Client, event: Event) -> None:
    other = build_event(event.fest, name="Quiz")
    food, access = build_question(event.fest), build_question(event.fest, "What do you need?")
    size = build_question(other, "How tall?", is_required=True)
    student = build_submission(event).student
    build_answer(food, student)
    path = f"{links.my_path(student)}add/"
    page = text_of(client.get(path))
    assert (food.field_name in page, access.field_name in page, size.field_name in page) == (
        False,
        True,
        True,
    )
    key = page.partition('name="key" value="')[2][:32]
    sent = {"key": key, "events": [other.slug], "want_waiting": "on"}
    assert set(errors_of(client.post(path, sent))) == {size.field_name}
    assert client.post(path, sent | {size.field_name: "12", access.field_name: "A ramp"}).status_code == 302
    assert (answers_to(size), answers_to(access), answers_to(food)) == (["12"], ["A ramp"], ["Peanuts"])


def test_privacy_page_says_what_is_asked_why_and_for_how_long(client: Client, event: Event) -> None:
    build_question(event.fest, "Allergies?", erased_after_days=1)
    page = " ".join(text_of(client.get("/privacy/")).split())
    assert (
        "Your answer to “Allergies?”: the kitchen plans with it. It is erased 1 day after the fest." in page
    )


def test_fest_without_questions_asks_the_database_no_more(
    client: Client, event: Event, django_assert_num_queries: Any
) -> None:
    page = client.get(FORM)
    assert "answer_" not in text_of(page)
    with django_assert_num_queries(0):
        client.get(FORM)
    location = post_form(client, event)["Location"]
    client.get(location)
    with django_assert_num_queries(1):
        client.get(location)


def test_texts_of_shared_fields_follow_the_language_of_the_page(event: Event, settings: Any) -> None:
    question = build_question(event.fest)
    forget()
    current = cached_fest()
    data = QueryDict(mutable=True)
    with translation.override("de"):
        posted_form(current, current.fest, data)  # type: ignore[arg-type]  # there is a fest
    with translation.override("en"):
        form = posted_form(current, current.fest, data)  # type: ignore[arg-type]  # there is a fest
        field = form[question.field_name]
        assert (field.label, str(field.help_text)[:10]) == ("What do you not eat? (optional)", "Why we ask")
        assert isinstance(form.fields[question.field_name].label, Promise)
