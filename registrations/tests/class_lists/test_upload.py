"""The upload form of class lists: what it reads, what it refuses, and what it keeps in its fields."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from events.models import Event, Fest
from registrations.models import ClassList, Teacher
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.sheet import MAX_BYTES
from registrations.tests.builders import build_event, build_fest
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
from registrations.tests.builders.class_lists import build_list, registered, row
from registrations.tests.builders.spreadsheets import csv_bytes

pytestmark = pytest.mark.django_db


@pytest.fixture
def fest() -> Fest:
    return build_listed_fest()


@pytest.fixture
def teacher(fest: Fest) -> Teacher:
    return build_listing_teacher()


@pytest.fixture
def client(teacher: Teacher) -> Client:
    return browser(teacher)


def errors(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    return dict(response.context["form"].errors)


def test_file_and_pasted_rows_together_are_refused(client: Client) -> None:
    data = {
        "upload": SimpleUploadedFile("list.csv", csv_bytes([TITLES])),
        "pasted": pasted("Asha|9||Robo Race"),
    }
    assert errors(client.post(LISTS, data)) == {"pasted": ["Upload a file or paste rows, not both"]}


def test_refused_paste_stays_in_the_form(client: Client) -> None:
    response = handed_over(client, "<table>Asha</table>")
    assert list(errors(response)) == ["pasted"]
    assert "&lt;table&gt;Asha&lt;/table&gt;</textarea>" in response.content.decode()


def test_file_of_exactly_two_megabytes_is_read(client: Client) -> None:
    line = "Asha Rao {},9,,Robo Race" + " " * 2300 + "\n"
    data = (",".join(TITLES) + "\n" + "".join(line.format(n) for n in range(890))).encode()
    data += b" " * (MAX_BYTES - len(data))
    assert len(data) == MAX_BYTES
    assert draft_of(handed_over(client, data)).rows.count() == 890


def test_no_more_than_the_limit_is_read_of_a_file(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def note(data: bytes) -> Any:
        sizes.append(len(data))
        return read_file(data)

    monkeypatch.setattr("registrations.class_lists.forms.read_file", note)
    handed_over(client, b"x" * (MAX_BYTES + 300_000))
    assert sizes == [MAX_BYTES + 1]


def test_only_published_events_of_the_current_fest_can_be_named(client: Client, fest: Fest) -> None:
    build_event(fest, name="Secret Quiz", state=Event.State.DRAFT)
    build_event(build_fest(is_current=False), name="Race of another fest")
    rows = pasted("Asha|9||Secret Quiz", "Ben|9||Race of another fest")
    page = client.get(handed_over(client, rows)["Location"]).content.decode()
    assert "2 students: 2 need fixing" in page


def test_title_with_markup_is_shown_as_text(client: Client) -> None:
    response = handed_over(
        client, csv_bytes([[*TITLES, "<img src=x>"], ["Asha", "99", "", "Robo Race", "x"]])
    )
    page = client.get(response["Location"]).content.decode()
    assert ("<img src=x>" in page, "&lt;img src=x&gt;" in page) == (False, True)


def test_list_of_problems_that_is_uploaded_again_has_one_problem_column(client: Client) -> None:
    rows = csv_bytes([TITLES, ["Asha", "99", "", "Robo Race"], ["Ben", "9", "b@gmial.com", "Robo Race"]])
    for _time in range(2):
        class_list = draft_of(handed_over(client, rows))
        rows = client.get(f"{LISTS}{class_list.pk}/problems.csv").content
    sheet = read_file(rows)
    assert sheet.rows[0].cells == (*TITLES, "Problem")
    assert [cells.cells[:2] for cells in sheet.rows[1:]] == [("Asha", "99")]


def test_row_with_a_doubtful_match_is_in_the_list_of_problems(
    client: Client, fest: Fest, teacher: Teacher
) -> None:
    event = fest.events.get(slug="robo-race")
    known = [row("Asha Rao", event, grade=9, section=section) for section in ("A", "B")]
    registered(build_list(fest, known, teacher=teacher))
    class_list = draft_of(handed_over(client, pasted("Asha Rao|9||Science Quiz", "Ben|9||Robo Race")))
    sheet = read_file(client.get(f"{LISTS}{class_list.pk}/problems.csv").content)
    assert [cells.cells[0] for cells in sheet.rows[1:]] == ["Asha Rao"]
    assert "Several students of this name and grade are registered" in sheet.rows[1].cells[-1]


def test_without_a_current_fest_there_is_no_upload_page(client: Client, fest: Fest) -> None:
    Fest.objects.update(is_current=False)
    assert client.get(LISTS).status_code == 404
    assert not ClassList.objects.exists()
