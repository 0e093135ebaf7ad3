"""An uploaded class list becomes a draft; nothing is registered."""

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Fest
from registrations.class_lists.drafts import purge_drafts
from registrations.class_lists.parse import read_draft
from registrations.models import (
    ClassList,
    ClassListJob,
    ClassListRow,
    Registration,
    Student,
    Submission,
    Teacher,
)
from registrations.spreadsheets.sheet import MAX_BYTES
from registrations.tasks import purge_class_lists
from registrations.tests.builders import build_school
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    TITLES,
    browser,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
    pasted,
)
from registrations.tests.builders.spreadsheets import csv_bytes, xlsx_bytes
from registrations.tests.races import at_once

pytestmark = pytest.mark.django_db

TABLE = [
    TITLES,
    ["Asha Rao", "9 A", "", "Robo Race"],
    ["Zoë Müller", "10", "zoe@example.org", "Science Quiz"],
]


WORKBOOK = xlsx_bytes(TABLE)
"""Built once, because a workbook contains the second in which it was written."""


@pytest.fixture
def fest() -> Fest:
    return build_listed_fest()


@pytest.fixture
def teacher(fest: Fest) -> Teacher:
    return build_listing_teacher()


@pytest.fixture
def client(teacher: Teacher) -> Client:
    return browser(teacher)


def students(class_list: ClassList) -> list[tuple[int, str, int, str, tuple[str, ...]]]:
    return [
        (one.row, one.name, one.grade, one.section, one.events)
        for one in read_draft(class_list).listing.students
    ]


READ = [(2, "Asha Rao", 9, "A", ("robo-race",)), (3, "Zoë Müller", 10, "", ("science-quiz",))]


@pytest.mark.parametrize(
    "data",
    [
        WORKBOOK,
        csv_bytes(TABLE),
        csv_bytes(TABLE, delimiter=";", encoding="windows-1252"),
        csv_bytes(TABLE, delimiter="\t", encoding="utf-16"),
        csv_bytes(TABLE, delimiter="\t").decode(),
    ],
    ids=["xlsx", "csv", "semicolons in Windows-1252", "tabs in UTF-16", "paste"],
)
def test_list_becomes_a_draft_and_nothing_is_registered(client: Client, teacher: Teacher, data: Any) -> None:
    class_list = draft_of(handed_over(client, data))
    assert students(class_list) == READ
    assert (class_list.school, class_list.owner) == (teacher.school, teacher.user)
    assert [model.objects.count() for model in (Student, Submission, Registration)] == [0, 0, 0]


def test_list_as_teachers_make_it(client: Client) -> None:
    """A title line, blank rows, a phone number as a number, and grades in several spellings."""
    data = xlsx_bytes(
        [
            ["Lake Road School, class 9, 2026"],
            [],
            ["S.No", "Name of Student", "Std", "Phone", "Events"],
            [1.0, "Asha Rao", 9.0, 9876543210.0, "Robo Race, Science Quiz"],
            [],
            [2.0, "  Ben Iyer ", "IX-B", 9876543211.0, "robo race"],
            [None, "", None],
            [None, None, None],
        ]
    )
    class_list = draft_of(handed_over(client, data))
    assert students(class_list) == [
        (4, "Asha Rao", 9, "", ("robo-race", "science-quiz")),
        (6, "Ben Iyer", 9, "B", ("robo-race",)),
    ]
    assert [row.cells[3] for row in class_list.rows.all()] == ["9876543210", "9876543211"]


def test_escaped_character_that_the_database_refuses_is_asked_about(client: Client) -> None:
    data = xlsx_bytes([TITLES, ["Asha_x0000_ Rao", "9", "", "Robo Race"]])
    draft = read_draft(draft_of(handed_over(client, data)))
    (problem,) = draft.listing.problems
    assert problem.text == "Is “Asha_x0000_ Rao” only the name of one student? If not, correct it here."


def test_events_for_students_without_one(client: Client) -> None:
    text = pasted("Asha Rao|9||", "Ben Iyer|9||Science Quiz")
    class_list = draft_of(handed_over(client, text, events_for_all=["robo-race"]))
    assert [one[4] for one in students(class_list)] == [("robo-race",), ("science-quiz",)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "Select a class list"),
        (b"", "The selected file is empty"),
        (b"MZ\0\0", "The selected file must be a CSV or XLSX"),
        (
            b"%PDF-1.4",
            (
                "The selected file is a PDF, which has no rows and columns. Upload the spreadsheet it was made from, "
                "as XLSX or CSV"
            ),
        ),
        (b"x" * (MAX_BYTES + 1), "The selected file must be smaller than 2 MB"),
        (csv_bytes([TITLES]), "The selected file has no students below its titles"),
        ("Name\tClass\n", "The pasted rows have no students below the titles"),
        (
            csv_bytes([TITLES, *[["A", "9", "", "Robo Race"]] * 1001]),
            "The selected file must have 1,000 students or fewer",
        ),
        (csv_bytes([["x"], *[["Asha"]] * 1002]), "The selected file must have 1,000 students or fewer"),
    ],
    ids=[
        "nothing",
        "empty",
        "program",
        "pdf",
        "large",
        "titles",
        "titles pasted",
        "rows",
        "rows without titles",
    ],
)
def test_refused_list_says_why_and_keeps_nothing(client: Client, data: Any, words: str) -> None:
    response = client.post(LISTS, {}) if data is None else handed_over(client, data)
    assert [text for texts in response.context["form"].errors.values() for text in texts] == [words]
    page = response.content.decode()
    assert "<title>Error: " in page
    assert page.count(words) == 2
    assert not ClassList.objects.exists()


def test_too_long_paste_is_refused_with_a_message(client: Client) -> None:
    response = client.post(LISTS, {"pasted": "x" * 300_000}, follow=True)
    assert "The pasted rows are too long. Upload them as a file instead." in response.content.decode()


def test_same_file_opens_the_draft_that_is_there(client: Client, teacher: Teacher) -> None:
    first = draft_of(handed_over(client, WORKBOOK))
    colleague = browser(build_listing_teacher("iyer", teacher.school))
    again = handed_over(colleague, WORKBOOK, name="other name.xlsx")
    assert draft_of(again) == first
    assert (
        "This list was uploaded before and is not finished"
        in colleague.get(again["Location"]).content.decode()
    )
    assert ClassList.objects.count() == 1


def test_same_file_of_another_school_or_after_the_draft_is_a_new_list(client: Client) -> None:
    first = draft_of(handed_over(client, WORKBOOK))
    stranger = browser(build_listing_teacher("khan", build_school("Hillside School")))
    assert draft_of(handed_over(stranger, WORKBOOK)) != first
    first.rows.update(done_at=timezone.now())
    assert draft_of(handed_over(client, WORKBOOK)) != first


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_double_click_makes_one_list() -> None:
    build_listed_fest()
    teacher = build_listing_teacher()
    clients = [browser(teacher) for _ in range(6)]
    responses = at_once([partial(handed_over, client, WORKBOOK) for client in clients])
    assert len({response["Location"] for response in responses}) == 1
    assert (ClassList.objects.count(), ClassListRow.objects.count()) == (1, 2)


def test_lists_page_shows_the_drafts_of_the_school(client: Client, teacher: Teacher) -> None:
    class_list = draft_of(handed_over(client, WORKBOOK))
    class_list.rows.filter(number=2).update(done_at=timezone.now())
    ClassList.objects.update(created_at=dt.datetime(2026, 11, 24, 10, tzinfo=dt.UTC))
    page = " ".join(client.get(LISTS).content.decode().split())
    assert "Continue your upload of 24 Nov, 1 row left" in page
    assert 'Uploaded by <bdi translate="no">Rao</bdi>' in page
    class_list.rows.update(done_at=timezone.now())
    assert "Continue your upload" not in client.get(LISTS).content.decode()


def test_lists_page_asks_the_same_for_one_draft_and_for_three(client: Client) -> None:
    counts = []
    for number in range(3):
        draft_of(handed_over(client, pasted(f"Asha {number}|9||Robo Race")))
        client.get(LISTS)
        with CaptureQueriesContext(connection) as queries:
            client.get(LISTS)
        counts.append(len(queries))
    assert counts[0] == counts[2] == 7


def aged(class_list: ClassList, days: float) -> ClassList:
    ClassList.objects.filter(pk=class_list.pk).update(updated_at=timezone.now() - dt.timedelta(days=days))
    return class_list


def test_draft_untouched_for_a_week_is_deleted(client: Client) -> None:
    old = aged(draft_of(handed_over(client, pasted("Asha|9||Robo Race"))), 7.01)
    new = aged(draft_of(handed_over(client, pasted("Ben|9||Robo Race"))), 6.99)
    assert purge_class_lists() == 1
    assert list(ClassList.objects.all()) == [new]
    assert not ClassListRow.objects.filter(class_list=old.pk).exists()


def test_registered_rows_outlive_their_draft(client: Client) -> None:
    class_list = aged(draft_of(handed_over(client, pasted("Asha|9||Robo Race", "Ben|9||Robo Race"))), 8)
    class_list.rows.filter(number=2).update(done_at=timezone.now())
    assert purge_drafts(timezone.now()) == 0
    assert list(class_list.rows.values_list("number", flat=True)) == [2]


def test_draft_with_an_unfinished_job_is_not_deleted(client: Client, teacher: Teacher) -> None:
    class_list = aged(draft_of(handed_over(client, pasted("Asha|9||Robo Race"))), 8)
    job = ClassListJob.objects.create(
        class_list=class_list, key=Submission.new_key(), requested_by=teacher.user
    )
    assert purge_drafts(timezone.now()) == 0
    assert class_list.rows.count() == 1
    job.finished_at = timezone.now()
    job.save()
    assert purge_drafts(timezone.now()) > 0
    assert not ClassList.objects.exists()


def test_discarding_asks_first_and_keeps_what_is_registered(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9||Robo Race", "Ben|9||Robo Race")))
    class_list.rows.filter(number=2).update(done_at=timezone.now())
    assert (
        "1 row that is not registered is deleted"
        in client.get(f"{LISTS}{class_list.pk}/discard/").content.decode()
    )
    assert class_list.rows.count() == 2
    client.post(f"{LISTS}{class_list.pk}/discard/")
    assert list(class_list.rows.values_list("number", flat=True)) == [2]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_template_comes_back_as_a_list(client: Client, kind: str) -> None:
    response = client.get(f"{LISTS}template.{kind}")
    assert response["Content-Disposition"] == f'attachment; filename="class-list.{kind}"'
    assert "has no students below its titles" in handed_over(client, response.content).content.decode()
    assert client.get(f"{LISTS}template.exe").status_code == 404


def test_same_file_for_other_events_is_another_list(client: Client) -> None:
    rows = pasted("Asha|9||", "Ben|9||")
    first = draft_of(handed_over(client, rows, events_for_all=["robo-race"]))
    other = draft_of(handed_over(client, rows, events_for_all=["science-quiz"]))
    again = draft_of(handed_over(client, rows, events_for_all=["science-quiz"]))
    assert (other.events_for_all, again == other, first == other) == (["science-quiz"], True, False)
