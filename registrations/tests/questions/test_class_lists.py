"""Columns of a class list may answer the questions of the fest and of its events."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from events.models import Event, Fest
from registrations.models import Answer, ClassList, Question, Student
from registrations.spreadsheets.answers import AnswerCells, column_key
from registrations.spreadsheets.reader import read_file
from registrations.tasks import erase_answers
from registrations.tests.builders import build_event, build_submission
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    browser,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
    pasted,
)
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.builders.questions import answers_to, build_answer, build_question
from registrations.tests.form_posts import text_of
from tickets.tests.audited import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Fest:
    return build_listed_fest()


@pytest.fixture
def event(fest: Fest) -> Event:
    return build_event(fest, name="Robot Dance")


@pytest.fixture
def client(fest: Fest) -> Client:
    return browser(build_listing_teacher())


def listed(fest: Fest, rows: list[list[str]], *questions: Question) -> ClassList:
    """A draft with a column for each question behind the usual ones."""
    made = build_list(fest, rows)
    made.columns += [[one.text, "answer", column_key(one)] for one in questions]
    made.save()
    return made


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_template_has_a_column_for_each_question_and_is_understood_when_it_comes_back(
    client: Client, fest: Fest, event: Event, kind: str
) -> None:
    food, size = build_question(fest, "Food & allergies"), build_question(event, "=How tall?")
    content = client.get(f"{LISTS}template.{kind}").content
    sheet = read_file(content)
    titles = list(sheet.rows[0].cells)
    assert titles[-2:] == ["Food & allergies", "Robot Dance: =How tall?"]
    row_of_asha = f"Asha Rao|7||||{event.name}|||Peanuts|12"
    response = handed_over(client, pasted(row_of_asha, titles="\t".join(titles)))
    assert response.status_code == 302
    columns = draft_of(response).columns
    assert [one[1:] for one in columns[-2:]] == [["answer", column_key(food)], ["answer", column_key(size)]]


def test_rows_store_their_answers_and_nothing_for_events_they_are_not_in(fest: Fest, event: Event) -> None:
    food, size = build_question(fest), build_question(event, "How tall?", kind="number")
    other = build_event(fest, capacity=0, waiting_limit=0)
    asha, bilal = [*row("Asha Rao", event), "Peanuts", "12.0"], [*row("Bilal Khan", other), "Milk", "13"]
    registered(listed(fest, [asha, bilal], food, size))
    assert (answers_to(food), answers_to(size)) == (["Peanuts"], ["12"])
    assert set(Answer.objects.values_list("student__name", flat=True)) == {"Asha Rao"}
    assert run() == []


def test_list_completes_the_answers_of_a_known_student_and_changes_none(fest: Fest, event: Event) -> None:
    food, access = build_question(fest), build_question(fest, "What do you need?")
    student = build_submission(event, name="Asha Rao").student
    build_answer(food, student)
    registered(listed(fest, [[*row("Asha Rao", event), "Milk", "A ramp"]], food, access))
    assert Student.objects.count() == 1
    assert (answers_to(food), answers_to(access)) == (["Peanuts"], ["A ramp"])


def test_cell_that_is_no_answer_is_an_error_that_is_corrected_in_place(
    client: Client, fest: Fest, event: Event
) -> None:
    colour = build_question(fest, "Which colour?", kind="one", options=["Red", "Green"])
    rows = [[*row("Asha Rao", event), "blue"], [*row("Bilal Khan", event), " GREEN "]]
    made = listed(fest, rows, colour)
    page = text_of(client.get(f"{LISTS}{made.pk}/"))
    assert "Which colour?: Write one of these: Red, Green" in page
    name = f"{column_key(colour)}-2"
    assert f'name="{name}"' in page
    assert f'name="{column_key(colour)}-3"' not in page
    versions = page.partition('name="versions-2" value="')[2].partition('"')[0]
    for _again in range(2):  # the second one comes from a page that is out of date
        client.post(f"{LISTS}{made.pk}/fix/", {"versions-2": versions, name: "red"})
    assert made.rows.get(number=2).cell(6) == "red"
    client.post(f"{LISTS}{made.pk}/fix/", {"versions-2": versions, name: "green"})
    assert made.rows.get(number=2).cell(6) == "red"
    registered(made)
    assert sorted(answers_to(colour)) == ["Green", "Red"]


@pytest.mark.parametrize(
    ("kind", "cell", "answer"),
    [
        ("yes_no", "Yes", "yes"),
        ("yes_no", "✓", "yes"),
        ("yes_no", "N", "no"),
        ("date", "2026-12-31 00:00:00", "2026-12-31"),
        ("date", "31 Dec 2026", "2026-12-31"),
        ("number", "7.0", "7"),
        ("several", "green; Red", "Red\nGreen"),
        ("several", "Blue, light", "Blue, light"),
        ("short", " -  ", "-"),
        ("short", "", ""),
    ],
)
def test_cells_are_read_as_people_write_them(fest: Fest, kind: str, cell: str, answer: str) -> None:
    options = ["Red", "Green", "Blue, light"] if kind == "several" else []
    question = build_question(fest, kind=kind, options=options)
    assert AnswerCells({"q": question}).read("q", cell) == answer


def test_title_of_two_questions_is_left_to_the_teacher(client: Client, fest: Fest, event: Event) -> None:
    one, other = build_question(event, "Size?"), build_question(build_event(fest, name="Quiz"), "Size?")
    response = handed_over(client, pasted("Asha Rao|7|Robot Dance|M", titles="Name\tGrade\tEvents\tSize?"))
    made = draft_of(response)
    assert made.columns[3][1] == ""
    page = text_of(client.get(f"{LISTS}{made.pk}/"))
    for question in (one, other):
        assert f'value="answer:{column_key(question)}"' in page
    client.post(f"{LISTS}{made.pk}/columns/", {"column-3": f"answer:{column_key(one)}"})
    registered(ClassList.objects.get(pk=made.pk))
    assert (answers_to(one), answers_to(other)) == (["M"], [])


@pytest.mark.parametrize("key", ["q0", "q999999999999999999999", "quiz", "q1; DROP"])
def test_column_of_an_unknown_question_is_not_used(
    client: Client, fest: Fest, event: Event, key: str
) -> None:
    made = build_list(fest, [[*row("Asha Rao", event), "M"]])
    made.columns.append(["Size?", "answer", key])
    made.save()
    assert client.get(f"{LISTS}{made.pk}/").status_code == 200
    registered(made)
    assert (Answer.objects.count(), Student.objects.count()) == (0, 1)


def test_answers_in_cells_end_on_the_day_of_their_question(fest: Fest, event: Event) -> None:
    food, kept = (
        build_question(fest, erased_after_days=3),
        build_question(fest, "Longer?", erased_after_days=90),
    )
    made = listed(fest, [[*row("Asha Rao", event), "Peanuts", "Stays"]], food, kept)
    registered(made)
    ended = dt.datetime.now(tz=fest.zone).date() - dt.timedelta(days=5)
    Fest.objects.update(starts_on=ended, ends_on=ended)
    for _again in range(2):
        erase_answers()
    made.refresh_from_db()
    assert made.rows.get().cells[-2:] == ["", "Stays"]
    assert [one[1] for one in made.columns[-2:]] == ["ignored", "answer"]
    assert (answers_to(food), answers_to(kept)) == ([], ["Stays"])


def test_all_rows_take_as_many_statements_as_one(fest: Fest, event: Event) -> None:
    question, counts = build_question(fest), []
    for number in (1, 20):
        rows = [[*row(f"Student {chr(65 + at)}{'x' * number}", event), "Milk"] for at in range(number)]
        made = listed(fest, rows, question)
        with CaptureQueriesContext(connection) as queries:
            registered(made)
        counts.append(sum("registrations_answer" in one["sql"] for one in queries))
    assert counts[0] == counts[1] > 0
