"""What real files hold in their cells: said before anything is registered, and never written to a student."""

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.models import Event
from registrations.class_lists.parse import read_draft
from registrations.models import ClassList, Student
from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.builders.class_list_uploads import (
    browser,
    build_listing_teacher,
    draft_of,
    handed_over,
)
from registrations.tests.builders.class_lists import build_list, forecast_of, registered
from registrations.tests.builders.spellings import spellings
from registrations.tests.builders.spreadsheets import csv_bytes

pytestmark = pytest.mark.django_db(transaction=True)

GRADES = (
    ("9th Grade", 9, ""), ("9 Std", 9, ""), ("9 Std A", 9, "A"), ("9th Std.", 9, ""), ("9TH CLASS", 9, ""),
    ("9th Class B", 9, "B"), ("8 standard B", 8, "B"), ("9th, A", 9, "A"), ("IX th", 9, ""), ("X std", 10, ""),
    ("9 A Section", 9, "A"), ("IX (Nine)", 9, ""), ("9वीं", 9, ""), ("9 कक्षा", 9, ""), ("9º A", 9, "A"), ("9ª", 9, ""),
    ("9. Klasse", 9, ""), ("9 класс", 9, ""), ("IXth", 9, ""), ("Xth B", 10, "B"), ("Y9", 9, ""), ("G9", 9, ""),
)  # fmt: skip
NAMES = (
    "Asha Rao|Ravi Das|Meera Iyer|Tara Sen|Kabir Khan|Nila Nair|Zoya Bose|Dev Gill|Esha Kale|Farid Lal|Gita Mane"
    "|Hari Nath|Indu Ojha|Jaya Pal|Kiran Qadri|Lata Rego|Mohan Sil|Neel Toor|Priya Vats|Ritu Wagh|Sunil Yadav|Tanvi Z"
)


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(grade_min=5, grade_max=12), name="Quiz", capacity=100)


@pytest.fixture
def client(event: Event) -> Client:
    return browser(build_listing_teacher())


def uploaded(client: Client, *rows: list[str]) -> ClassList:
    return draft_of(handed_over(client, csv_bytes(rows), "class 9.csv"))


def page_of(client: Client, class_list: ClassList) -> str:
    return client.get(f"/teacher/lists/{class_list.pk}/").content.decode()


def test_grades_of_a_real_list_are_read_without_a_problem(client: Client) -> None:
    rows = [[name, text, "Quiz"] for name, (text, *_class) in zip(NAMES.split("|"), GRADES, strict=True)]
    listing = read_draft(uploaded(client, ["Name", "Grade", "Event"], *rows)).listing
    assert listing.problems == ()
    assert [(one.grade, one.section) for one in listing.students] == [
        (grade, s) for _text, grade, s in GRADES
    ]


def test_sections_of_a_real_list_are_read_without_a_problem(client: Client) -> None:
    rows = (
        ["Asha Rao", "9 A", "9-A", "Quiz"],
        ["Ravi Das", "IX", "Section B", "Quiz"],
        ["Meera Iyer", "9", "Sec. C", "Quiz"],
        ["Tara Sen", "9", "9D", "Quiz"],
    )
    listing = read_draft(uploaded(client, ["Name", "Class", "Section", "Event"], *rows)).listing
    assert (listing.problems, [one.section for one in listing.students]) == ((), ["A", "B", "C", "D"])


def test_repaired_name_is_taken_with_one_button(client: Client) -> None:
    class_list = uploaded(client, ["Name", "Grade", "Event"], ["JosÃ© NÃºÃ±ez", "9", "Quiz"])
    page = page_of(client, class_list)
    assert 'name="use_name"\nvalue="2:José Núñez"' in page
    client.post(f"/teacher/lists/{class_list.pk}/fix/", sent(page) | {"use_name": "2:José Núñez"})
    listing = read_draft(class_list).listing
    assert (listing.problems, [one.name for one in listing.students]) == ((), ["José Núñez"])


def test_one_of_two_addresses_is_taken_with_one_button(client: Client) -> None:
    row = ["Meera Iyer", "9", "meera@example.org; mum@example.org", "Quiz"]
    class_list = uploaded(client, ["Name", "Grade", "E-mail", "Event"], row)
    page = page_of(client, class_list)
    assert 'name="use_email"\nvalue="2:meera@example.org"' in page
    client.post(f"/teacher/lists/{class_list.pk}/fix/", sent(page) | {"use_email": "2:mum@example.org"})
    assert [one.email for one in read_draft(class_list).listing.ready] == ["mum@example.org"]


def sent(page: str) -> dict[str, str]:
    """Return the versions of the cells that the page shows."""
    start = page.index('name="versions-2" value="') + len('name="versions-2" value="')
    return {"versions-2": page[start : page.index('"', start)]}


DOUBTFUL = ("11 Science", "11-Rose", "XI Commerce", "11 X", "11 (Boys)")
MANGLED = (
    "100000",
    "2026-12-10",
    "10-Dec",
    "09:12:00",
    "2.026E+17",
    "#N/A",
    "#REF!",
    "12/10/2026",
    "=A1",
)


def registered_student(event: Event, **values: Any) -> Student:
    return build_submission(event, name="Asha Rao", grade=11, email="asha@example.org", **values).student


def details(student: Student) -> dict[str, Any]:
    student.refresh_from_db()
    return {
        name: value
        for name, value in vars(student).items()
        if not name.startswith("_") and name not in ("link_version", "updated_at")
    }


def register(event: Event, *cells: list[str]) -> None:
    class_list = build_list(event.fest, cells)
    if forecast_of(class_list).rows:
        registered(class_list)


@pytest.mark.parametrize(
    "grade", ["11th Grade", "11 Std", "11TH CLASS", "Grade 11", "XIth", "Y11", "11 कक्षा"]
)
def test_list_sent_again_with_words_at_the_grade_changes_nothing(event: Event, grade: str) -> None:
    student = registered_student(event)
    before = details(student)
    class_list = build_list(event.fest, [["Asha Rao", grade, "", "", "", "Quiz"]])
    assert [(row.kind, row.outcome) for row in forecast_of(class_list).rows.values()] == [
        ("known", "already")
    ]
    registered(class_list)
    assert (details(student), Student.objects.count()) == (before, 1)


@pytest.mark.parametrize("grade", DOUBTFUL)
@pytest.mark.parametrize("section", ["", "A"])
def test_remark_behind_the_grade_changes_no_student_and_adds_none(
    event: Event, grade: str, section: str
) -> None:
    student = registered_student(event, section=section)
    before = details(student)
    register(event, ["Asha Rao", grade, "", "", "", "Quiz"])
    assert (details(student), Student.objects.count()) == (before, 1)


@pytest.mark.parametrize("text", MANGLED)
@pytest.mark.parametrize("position", [2, 3], ids=["section", "roll number"])
def test_mangled_cell_changes_no_student_and_adds_none(event: Event, text: str, position: int) -> None:
    student = registered_student(event)
    before = details(student)
    cells = ["Asha Rao", "11", "", "", "", "Quiz"]
    cells[position] = text
    register(event, cells)
    assert (details(student), Student.objects.count()) == (before, 1)


@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(spelling=spellings(), roll=st.sampled_from(["", *MANGLED]))
def test_student_is_never_changed_by_the_spelling_of_a_list(
    event: Event, spelling: tuple[str, int, str], roll: str
) -> None:
    """A section that is certain may be added to a student without one; nothing else changes."""
    text, grade, section = spelling
    if grade not in event.fest.grades:
        return
    Student.objects.filter(registrations__isnull=True).delete()
    name = f"Asha {Student.objects.count()}x"
    student = build_submission(event, name=name, grade=grade, email="").student
    before = details(student)
    register(event, [name, text, "", roll, "", "Quiz"])
    after = details(student)
    assert {name: after[name] for name in after if name != "section"} == {
        name: before[name] for name in before if name != "section"
    }
    assert after["section"] in ("", section)
