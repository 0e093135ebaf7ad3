"""Event names with separators and signs, from the downloaded template to the stored row."""

import io

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook

from events.models import Fest
from registrations.class_lists.parse import events_offered, read_draft
from registrations.models import ClassList
from registrations.tests.builders import build_event
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    browser,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
)
from registrations.tests.builders.spreadsheets import csv_bytes, xlsx_bytes

pytestmark = pytest.mark.django_db

HOSTILE = {
    "ai-ml-quiz": "AI | ML Quiz", "debate-junior": "Debate; junior", "quiz-final": "Quiz; final", "quiz": "Quiz",
    "c": "C++", "c-2": "C#", "2-chess": "2. Chess", "chess": "Chess", "event": "कविता पाठ", "event-2": "नाटक",
}  # fmt: skip


@pytest.fixture
def fest() -> Fest:
    fest = build_listed_fest()
    for slug, name in HOSTILE.items():
        build_event(fest, slug=slug, name=name)
    return fest


@pytest.fixture
def client(fest: Fest) -> Client:
    return browser(build_listing_teacher())


def events_of(class_list: ClassList) -> dict[str, tuple[str, ...]]:
    listing = read_draft(class_list).listing
    bad = listing.rows_with_errors
    return {one.name: one.events for one in listing.students if one.row not in bad}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_each_choice_of_the_template_is_the_chosen_event(client: Client, kind: str) -> None:
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(client.get(f"{LISTS}template.xlsx").content))
    titles = [str(cell) for cell in workbook.get_sheet_by_index(0).to_python()[0]]
    offered = [str(row[0]) for row in workbook.get_sheet_by_name("Choices").to_python()]
    assert titles[5] == "Event 1"
    table = [titles, *([f"Child {chr(65 + n)}", "7", "", "", "", name] for n, name in enumerate(offered))]
    draft = draft_of(handed_over(client, csv_bytes(table) if kind == "csv" else xlsx_bytes(table)))
    names = {f"Child {chr(65 + n)}": (slug,) for n, slug in enumerate(events_offered(draft.fest))}
    assert events_of(draft) == names


def test_number_of_an_event_is_no_name(client: Client) -> None:
    table = [["Name", "Grade", "Event"], ["Asha Rao", "7", "Event 2"], ["Ben Das", "7", "नाटक"]]
    draft = draft_of(handed_over(client, csv_bytes(table)))
    assert events_of(draft) == {"Ben Das": ("event-2",)}
    assert "There is no event “Event 2”." in client.get(f"{LISTS}{draft.pk}/").content.decode()


def test_ticks_below_event_names_are_stored_by_event(client: Client) -> None:
    table = [["Name", "Grade", *HOSTILE.values()]]
    table += [[f"Child {chr(65 + n)}", "7", *("x" if at == n else "" for at in range(10))] for n in range(10)]
    draft = draft_of(handed_over(client, csv_bytes(table)))
    assert list(events_of(draft).values()) == [(slug,) for slug in HOSTILE]


def test_added_event_keeps_the_others_of_the_cell(client: Client) -> None:
    table = [["Name", "Grade", "Event"], ["Asha Rao", "7", "Debate; junior"]]
    draft = draft_of(handed_over(client, csv_bytes(table)))
    path = f"{LISTS}{draft.pk}/"
    row = next(row for _caption, rows in client.get(f"{path}?row=2").context["tables"] for row in rows)
    sent = {
        "versions-2": row.versions,
        "choice-2": "debate-junior",
        "events-2": ["debate-junior", "quiz", "c-2"],
    }
    client.post(f"{path}fix/", sent)
    assert events_of(draft) == {"Asha Rao": ("debate-junior", "quiz", "c-2")}
