"""What the page of a draft asks above its table, and what an answer changes."""

import re
from typing import Any

import pytest
from django.test import Client

from registrations.class_lists.confirm import readiness
from registrations.class_lists.parse import read_draft
from registrations.models import ClassList, ClassListJob, Submission
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    browser,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
)
from registrations.tests.builders.class_lists import registered
from registrations.tests.builders.layouts import book

pytestmark = pytest.mark.django_db

TITLES: list[Any] = ["Name", "Grade", "Event"]
ASHA: list[Any] = ["Asha Rao", 9, "Robo Race"]
RAVI: list[Any] = ["Ravi Das", 10, "Science Quiz"]
TEXT = """Last Name	First Name	Email Address	Overall Grade
			Date
Rao	Asha	asha@example.org	87.5
Das	Ravi		91
"""


@pytest.fixture
def client() -> Client:
    build_listed_fest()
    return browser(build_listing_teacher())


def page_of(client: Client, class_list: ClassList, query: str = "") -> str:
    return re.sub(r"\s+", " ", client.get(f"{LISTS}{class_list.pk}/{query}").content.decode())


def answer(client: Client, class_list: ClassList, question: str, **values: Any) -> str:
    response = client.post(
        f"{LISTS}{class_list.pk}/questions/", {"question": question, **values}, follow=True
    )
    assert response.status_code == 200
    class_list.refresh_from_db()
    return re.sub(r"\s+", " ", response.content.decode())


def names(class_list: ClassList) -> list[tuple[str, int, str]]:
    return [(one.name, one.grade, one.section) for one in read_draft(class_list).listing.students]


def test_grade_is_asked_for_once_and_written_into_every_row(client: Client) -> None:
    class_list = draft_of(
        handed_over(client, TEXT.encode(), "9B gradebook.csv", events_for_all=["robo-race"])
    )
    page = page_of(client, class_list)
    assert "Which grade are these students in?" in page
    assert "<option selected>9</option>" in page
    assert 'name="section" value="B"' in page
    assert "Choose the grade of the students." in answer(client, class_list, "grade", grade="4")
    assert "Section must be 20 characters or less" in answer(
        client, class_list, "grade", grade="9", section="x" * 30
    )
    page = answer(client, class_list, "grade", grade="9", section="b")
    assert names(class_list) == [("Asha Rao", 9, "B"), ("Ravi Das", 9, "B")]
    assert "Which grade are these students in?" not in page
    # Asked once: the same answer again changes nothing.
    answer(client, class_list, "grade", grade="10")
    assert names(class_list) == [("Asha Rao", 9, "B"), ("Ravi Das", 9, "B")]


def test_row_of_titles_is_chosen(client: Client) -> None:
    text = "Greenfield\tschool\n2026\tlist\nIzina\tIbanga\tEvent of the child\nAsha\t9\tRobo Race\nTotal\t1\n"
    class_list = draft_of(handed_over(client, text))
    page = page_of(client, class_list)
    assert "Which row has the titles?" in page
    assert "3: Izina · Ibanga · Event of the child" in page
    assert "Choose the row of titles." in answer(client, class_list, "titles", row="99")
    answer(client, class_list, "titles", row="3")
    assert [column[:2] for column in class_list.columns] == [
        ["Izina", ""],
        ["Ibanga", ""],
        ["Event of the child", "events"],
    ]
    client.post(f"{LISTS}{class_list.pk}/columns/", {"column-0": "name", "column-1": "grade"})
    class_list.refresh_from_db()
    assert names(class_list)[0] == ("Asha", 9, "")
    assert list(class_list.rows.filter(is_left_out=True).values_list("number", flat=True)) == [1, 2, 3]


def test_sheets_are_chosen(client: Client) -> None:
    data = book({"Old": [TITLES, RAVI], "New": [TITLES, ASHA]}, opened="New")
    class_list = draft_of(handed_over(client, data))
    page = page_of(client, class_list)
    assert "Students are on 2 sheets or tables" in page
    assert names(class_list) == [("Asha Rao", 9, "")]
    assert "Tick at least one of them." in answer(client, class_list, "sheets", sheet=["None"])
    answer(client, class_list, "sheets", sheet=["Old", "New"])
    assert names(class_list) == [("Ravi Das", 10, ""), ("Asha Rao", 9, "")]
    answer(client, class_list, "sheets", sheet=["Old"])
    assert names(class_list) == [("Ravi Das", 10, "")]


def test_row_left_out_by_hand_stays_out_when_its_sheet_is_chosen_again(client: Client) -> None:
    class_list = draft_of(handed_over(client, book({"9A": [TITLES, ASHA], "9B": [TITLES, RAVI]})))
    client.post(f"{LISTS}{class_list.pk}/fix/", {"leave-2": "1"})
    answer(client, class_list, "sheets", sheet=["9B"])
    answer(client, class_list, "sheets", sheet=["9A", "9B"])
    assert [name for name, *_rest in names(class_list)] == ["Ravi Das"]


def test_hidden_and_struck_out_rows_are_named_and_taken_only_if_ticked(client: Client) -> None:
    rows = [TITLES, ASHA, RAVI, ["Meera Iyer", 9, "Robo Race"]]
    class_list = draft_of(handed_over(client, book({"Sheet1": rows}, hidden=[3], struck=[(4, 0)])))
    page = page_of(client, class_list)
    assert "Hidden in the spreadsheet, perhaps by a filter" in page
    assert '3: <bdi translate="no">Ravi Das · 10 · Science Quiz</bdi>' in page
    assert '4: <bdi translate="no">Meera Iyer · 9 · Robo Race</bdi>' in page
    assert readiness(class_list).ready == {2}
    response = client.post(f"{LISTS}{class_list.pk}/fix/", {"take-3": "1"}, follow=True)
    assert "1 student put back." in response.content.decode()
    assert [name for name, *_rest in names(class_list)] == ["Asha Rao", "Ravi Das"]
    assert "Hidden in the spreadsheet" not in page_of(client, class_list)


def test_list_of_hidden_rows_only_is_kept(client: Client) -> None:
    class_list = draft_of(handed_over(client, book({"Sheet1": [TITLES, ASHA]}, hidden=[2])))
    assert "Rows that are left out" in page_of(client, class_list)


TWO_ADDRESSES = (
    "Name\tClass\tEmail\tSecond mail\tEvent\nAsha\t9\tasha@example.org\tnila@example.org\tRobo Race\n"
)


def test_second_column_of_addresses_must_be_answered_before_confirming(client: Client) -> None:
    class_list = draft_of(handed_over(client, TWO_ADDRESSES))
    page = page_of(client, class_list)
    assert "Which addresses get the tickets?" in page
    assert "Answer the question about the addresses, then you can go on." in page
    assert "Register 1 student" not in page
    question = "Choose first which column holds the e-mail addresses for the tickets."
    assert readiness(class_list).obstacle == question
    sent = client.post(f"{LISTS}{class_list.pk}/confirm/", {"key": Submission.new_key()})
    assert (sent.status_code, ClassListJob.objects.count()) == (200, 0)
    assert "Choose which column" in answer(client, class_list, "address", column="7")
    page = answer(client, class_list, "address", column="3")
    assert read_draft(class_list).listing.students[0].email == "nila@example.org"
    assert "Which addresses get the tickets?" not in page
    assert readiness(class_list).obstacle == ""


@pytest.mark.parametrize("column", ["2", "none"])
def test_answer_about_addresses_is_not_asked_for_again(client: Client, column: str) -> None:
    class_list = draft_of(handed_over(client, TWO_ADDRESSES))
    answer(client, class_list, "address", column=column)
    assert read_draft(class_list).listing.students[0].email == ("asha@example.org" if column == "2" else "")
    assert readiness(class_list).obstacle == ""


def test_unknown_columns_are_asked_about_below_the_heading_until_they_are_answered(client: Client) -> None:
    text = "Name\tClass\tEvent\tT-shirt\tEmpty\t\nAsha\t9\tRobo Race\tM\t\tx\n"
    class_list = draft_of(handed_over(client, text))
    above = page_of(client, class_list).partition('id="students"')[0]
    assert 'What is the column “<bdi translate="no">T-shirt</bdi>”?' in above
    assert "What is column F, which has no title?" in above
    assert "Empty" not in above
    client.post(f"{LISTS}{class_list.pk}/columns/", {"column-3": "?", "column-5": ""})
    above = page_of(client, class_list).partition('id="students"')[0]
    assert "T-shirt" in above
    assert "which has no title" not in above
    client.post(f"{LISTS}{class_list.pk}/columns/", {"column-3": "roll_number"})
    assert "What is" not in page_of(client, class_list).partition('id="students"')[0]
    class_list.refresh_from_db()
    assert read_draft(class_list).listing.students[0].roll_number == "M"


def test_joined_name_is_corrected_in_place(client: Client) -> None:
    class_list = draft_of(
        handed_over(client, "First name\tLast name\tClass\tEvent\nAsha\tRao\t4\tRobo Race\n")
    )
    row = class_list.rows.get()
    page = client.get(f"{LISTS}{class_list.pk}/?row=2").content.decode()
    assert 'value="Asha Rao"' in page
    versions = re.search(r'name="versions-2" value="([^"]+)"', page)
    assert versions
    sent = {"versions-2": versions[1], "name-2": "Aisha Rao", "grade-2": "9"}
    client.post(f"{LISTS}{class_list.pk}/fix/", sent)
    row.refresh_from_db()
    assert row.cells == ["Aisha Rao", "", "9", "Robo Race"]
    assert names(class_list) == [("Aisha Rao", 9, "")]


def test_answer_during_registration_and_of_another_school_change_nothing(client: Client) -> None:
    class_list = draft_of(handed_over(client, TWO_ADDRESSES))
    job = ClassListJob.objects.create(
        class_list=class_list, key=Submission.new_key(), requested_by=class_list.owner
    )
    class_list.rows.update(job=job)
    for question, values in (
        ("address", {"column": "3"}),
        ("titles", {"row": "2"}),
        ("sheets", {"sheet": "x"}),
    ):
        assert "The list is being registered. Wait until that is done." in answer(
            client, class_list, question, **values
        )
    assert client.post(f"{LISTS}{class_list.pk + 1}/questions/", {"question": "address"}).status_code == 404
    assert client.get(f"{LISTS}{class_list.pk}/questions/").status_code == 405
    columns = class_list.columns
    answer(client, class_list, "nonsense")
    assert class_list.columns == columns


def test_list_with_a_total_is_done_when_its_students_are_registered(client: Client) -> None:
    text = "Name\tClass\tEvent\nAsha\t9\tRobo Race\nTotal\t1\t\n"
    class_list = draft_of(handed_over(client, text))
    job = registered(class_list)
    assert client.get(f"{LISTS}{class_list.pk}/")["Location"] == f"{LISTS}jobs/{job.link_id}/"
    assert "Continue your upload" not in client.get(LISTS).content.decode()
    assert draft_of(handed_over(client, text)).pk != class_list.pk


def test_list_with_a_hidden_student_stays_open(client: Client) -> None:
    class_list = draft_of(handed_over(client, book({"Sheet1": [TITLES, ASHA, RAVI]}, hidden=[3])))
    registered(class_list)
    assert client.get(f"{LISTS}{class_list.pk}/").status_code == 200
    assert "Continue your upload" in client.get(LISTS).content.decode()
