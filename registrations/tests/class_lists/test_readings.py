"""A list whose encoding is not known is read as a teacher chooses, by the names."""

import pytest
from django.test import Client

from events.models import Fest
from registrations.class_lists.parse import read_draft
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
from registrations.tests.builders.spreadsheets import csv_bytes

pytestmark = pytest.mark.django_db

TITLES = ["Name", "Grade", "Section", "Event"]
MIXED = b"Name,Grade,Section,Event\r\nZo\xc3\xab Das,9,A,Robo Race\r\nJos\xe9 D\xedaz,9,A,Robo Race\r\n"


@pytest.fixture
def client() -> Client:
    build_listed_fest()
    return browser(build_listing_teacher())


def table(*names: str, section: str = "A") -> list[list[str]]:
    return [TITLES, *([name, "9", section, "Robo Race"] for name in names)]


def names_in(class_list: ClassList) -> list[str]:
    class_list.refresh_from_db()
    return [student.name for student in read_draft(class_list).listing.students]


def offered(client: Client, class_list: ClassList) -> dict[str, tuple[str, ...]]:
    """Return the samples on the page by their encoding."""
    found = client.get(f"{LISTS}{class_list.pk}/").context["readings"]
    return {one.encoding: one.samples for one in found}


def choose(client: Client, class_list: ClassList, encoding: str) -> str:
    response = client.post(f"{LISTS}{class_list.pk}/letters/", {"encoding": encoding}, follow=True)
    return str(response.content.decode())


def encoding_with(client: Client, class_list: ClassList, name: str) -> str:
    return next(code for code, samples in offered(client, class_list).items() if name in samples)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (
            csv_bytes(table("Łukasz Żółć", "Šárka Dvořáková"), encoding="cp1250", delimiter=";"),
            ["Łukasz Żółć"],
        ),
        (csv_bytes(table("Иван Петров", section="А"), encoding="cp1251", delimiter=";"), ["Иван Петров"]),
        (
            csv_bytes(table("José Núñez", "Zoë Das"), encoding="mac_roman", line_end="\r"),
            ["José Núñez", "Zoë Das"],
        ),
        (csv_bytes(table("山田 太郎", "佐藤 花子"), encoding="cp932"), ["山田 太郎", "佐藤 花子"]),
        (MIXED, ["Zoë Das", "José Díaz"]),
    ],
)
def test_list_is_read_as_chosen(client: Client, data: bytes, names: list[str]) -> None:
    draft = draft_of(handed_over(client, data))
    page = choose(client, draft, encoding_with(client, draft, names[0]))
    assert names_in(draft)[: len(names)] == names
    assert "are the names right?" not in page
    assert "Register" in page


def test_no_row_is_shown_or_registered_before_the_choice(client: Client) -> None:
    draft = draft_of(handed_over(client, csv_bytes(table("Łukasz Żółć", "Asha Rao"), encoding="cp1250")))
    page = client.get(f"{LISTS}{draft.pk}/").content.decode()
    assert "In which line are the names right?" in page
    assert "Asha Rao" not in page
    confirm = client.get(f"{LISTS}{draft.pk}/confirm/").content.decode()
    assert "First choose in the preview in which line the names are right." in confirm


@pytest.mark.parametrize("chosen", ["", "rot13", "utf-8", "ascii"])
def test_what_is_no_choice_of_the_page_changes_nothing(client: Client, chosen: str) -> None:
    draft = draft_of(handed_over(client, csv_bytes(table("Łukasz Żółć"), encoding="cp1250")))
    assert "Choose the line in which the names are right." in choose(client, draft, chosen)
    draft.refresh_from_db()
    assert (draft.is_guess, draft.encoding) == (True, "windows-1250")


def test_second_choice_changes_nothing(client: Client) -> None:
    """A double click, or a colleague who chose another line a moment later."""
    draft = draft_of(handed_over(client, MIXED))
    first, other, *_rest = offered(client, draft)
    choose(client, draft, first)
    choose(client, draft, other)
    assert names_in(draft) == ["Zoë Das", "José Díaz"]


def test_lines_to_choose_from_all_differ(client: Client) -> None:
    names = [f"José Núñez {chr(65 + n)}" for n in range(20)]
    draft = draft_of(handed_over(client, csv_bytes(table(*names, "Šime Žic"), encoding="cp1252")))
    samples = list(offered(client, draft).values())
    assert 2 <= len(samples) <= 6
    assert len(set(samples)) == len(samples)
    assert all(len(one) <= 20 for one in samples)


def test_only_reading_is_confirmed_by_one_button(client: Client) -> None:
    draft = draft_of(handed_over(client, csv_bytes(table("Asha Rao", "Ben Das"), encoding="utf-16-le")))
    page = client.get(f"{LISTS}{draft.pk}/").content.decode()
    assert "Are these names right?" in page
    assert "The names are right" in page
    assert "Register 2 students" in choose(client, draft, "")


def test_titles_are_read_as_chosen_too(client: Client) -> None:
    build_event(Fest.objects.get(), name="Théâtre Ž", slug="theatre")
    data = csv_bytes([["Name", "Grade", "Théâtre Ž"], ["Łukasz Żółć", "9", "x"]], encoding="cp1250")
    draft = draft_of(handed_over(client, data))
    draft = as_mac_roman(draft)
    choose(client, draft, "windows-1250")
    assert names_in(draft) == ["Łukasz Żółć"]
    assert draft.columns[2] == ["Théâtre Ž", "event_mark", "theatre"]


def as_mac_roman(draft: ClassList) -> ClassList:
    """Store the list as if another encoding had been the most plausible."""
    for row in draft.rows.all():
        row.cells = [cell.encode("windows-1250").decode("mac-roman") for cell in row.cells]
        row.save()
    title = draft.columns[2][0].encode("windows-1250").decode("mac-roman")
    draft.columns[2], draft.encoding = [title, "", ""], "mac-roman"
    draft.save()
    return draft
