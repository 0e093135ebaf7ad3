"""Corrections on the preview page: typed, chosen or accepted, in one row or in all."""

import io
import re
import threading
import time
from contextlib import suppress
from functools import partial
from typing import Any

import html5lib
import pytest
import xlsxwriter
from django.db import connection
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from events.models import Event, Fest
from registrations.class_lists import inline_edit
from registrations.class_lists.parse import read_draft, read_rows
from registrations.models import ClassList, ClassListJob, ClassListRow, Submission, Teacher
from registrations.tests.builders import build_event
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
from registrations.tests.builders.spreadsheets import csv_bytes
from registrations.tests.races import at_once

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


def path_of(class_list: ClassList) -> str:
    return f"{LISTS}{class_list.pk}/"


def page_of(client: Client, class_list: ClassList, query: str = "") -> str:
    response = client.get(path_of(class_list) + query)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def fields_of(page: str) -> dict[str, Any]:
    """Return what a browser would send from the form of the rows without a pressed button."""
    document = html5lib.parse(page, namespaceHTMLElements=False)
    form = next(one for one in document.iter("form") if one.get("id") == "students")
    sent: dict[str, Any] = {}
    for one in form.iter("input"):
        if one.get("type") == "checkbox":
            sent.setdefault(one.get("name"), [])
            if "checked" in one.attrib:
                sent[one.get("name")].append(one.get("value"))
        elif one.get("name"):
            sent[one.get("name")] = one.get("value") or ""
    for one in form.iter("select"):
        options = list(one.iter("option"))
        chosen = next((option for option in options if "selected" in option.attrib), options[0])
        sent[one.get("name")] = chosen.get("value") or ""
    return sent


def buttons_of(page: str) -> list[tuple[str, str, str]]:
    """Return name, value and text of every button with a value."""
    found = re.findall(r'<button class="[^"]*" name="([^"]+)" value="([^"]*)">(.*?)</button>', page)
    return [(name, value, text_of(words).strip()) for name, value, words in found]


def saved(client: Client, class_list: ClassList, page: str, **typed: Any) -> str:
    """Send the page with these changes and return the next page."""
    typed = {name.replace("__", "-"): value for name, value in typed.items()}
    response = client.post(f"{path_of(class_list)}fix/", fields_of(page) | typed, follow=True)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


def pressed(client: Client, class_list: ClassList, page: str, words: str) -> str:
    name, value = next((name, value) for name, value, text in buttons_of(page) if text == words)
    return saved(client, class_list, page, **{name: value})


def cells(class_list: ClassList, number: int = 2) -> list[str]:
    cells: list[str] = class_list.rows.get(number=number).cells
    return cells


def test_all_problems_of_all_rows_are_shown_first(client: Client) -> None:
    text = pasted(
        "Asha Rao|9||Robo Race",
        "Ben Iyer|99|ben example.org|Robo Rase",
        "Chitra Das|9|c@gmial.com|Robo Race",
        "|9||",
    )
    page = text_of(page_of(client, draft_of(handed_over(client, text))))
    assert "4 students: 2 get a seat, 2 need fixing" in page
    assert (
        page.index("Need fixing (2)")
        < page.index("Ready, but check these (1)")
        < page.index("Other students (1)")
    )
    for words in (
        "Grade must be a number from 5 to 12, like 9 or 9 A",
        "Enter an e-mail address in the correct format, like name@example.com",
        "There is no event “Robo Rase”. Did you mean “Robo Race”?",
        "Enter the student&#x27;s full name",
        "Enter at least one event",
        "Warning: Did you mean c@gmail.com?",
    ):
        assert page.count(words) == 1, words


def test_typed_corrections_of_several_rows_are_saved_at_once(client: Client) -> None:
    class_list = draft_of(
        handed_over(client, pasted("Asha|99||Robo Race", "Ben|9|ben example.org|Robo Race"))
    )
    page = saved(client, class_list, page_of(client, class_list), grade__2="9 A", email__3="ben@example.org")
    assert "2 rows corrected." in page
    assert "2 students: 2 get a seat" in page
    assert (cells(class_list)[1], cells(class_list, 3)[2]) == ("9 A", "ben@example.org")


def test_correction_that_is_wrong_too_stays_as_typed_and_says_so(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|99||Robo Race")))
    page = saved(client, class_list, page_of(client, class_list), grade__2="77")
    assert 'value="77"' in page
    assert "1 student: 1 needs fixing" in page


def test_missing_column_is_added_by_a_correction(client: Client) -> None:
    class_list = draft_of(handed_over(client, "Name\tClass\tEvent\nAsha\t9\tRobo Race\n"))
    page = saved(client, class_list, page_of(client, class_list, "?row=2"), email__2="asha@example.org")
    assert "1 row corrected." in page
    class_list.refresh_from_db()
    assert class_list.columns[3] == ["E-mail", "email", ""]
    assert read_draft(class_list).listing.students[0].email == "asha@example.org"


def test_one_click_uses_what_was_meant(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9|asha@gmial.com|Science Quiz, Robo Rase")))
    page = pressed(client, class_list, page_of(client, class_list), "Use Robo Race , row 2")
    assert cells(class_list)[3] == "Science Quiz; Robo Race"
    page = pressed(client, class_list, page, "Use gmail.com , row 2")
    assert cells(class_list)[2] == "asha@gmail.com"
    assert "1 student: 1 gets a seat" in page


def test_one_button_takes_all_events_of_an_unknown_name(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9||Robo Rase Science Quizz")))
    page = page_of(client, class_list)
    assert "Did you mean all of these: “Robo Race”, “Science Quiz”?" in page
    pressed(client, class_list, page, "Use Robo Race, Science Quiz , row 2")
    assert cells(class_list)[3] == "Robo Race; Science Quiz"


def test_button_also_saves_what_was_typed_in_other_rows(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9||Robo Rase", "Ben|99||Robo Race")))
    page = page_of(client, class_list)
    saved(client, class_list, page, use_event="2:0:robo-race", grade__3="10")
    assert (cells(class_list)[3], cells(class_list, 3)[1]) == ("Robo Race", "10")


def test_ticket_of_a_student_without_address_comes_to_the_teacher(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9|asha example.org|Robo Race")))
    page = pressed(
        client, class_list, page_of(client, class_list), "No e-mail: send the ticket to me , row 2"
    )
    assert cells(class_list)[2] == ""
    assert "1 student: 1 gets a seat" in page


def test_student_is_left_out_and_put_back(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|99||Robo Race", "Ben|9||Robo Race")))
    page = pressed(client, class_list, page_of(client, class_list), "Leave this student out , row 2")
    assert "1 student left out." in page
    assert "1 student: 1 gets a seat" in page
    page = page_of(client, class_list, "?show=left-out")
    assert "Asha · 99 · Robo Race" in page
    page = pressed(client, class_list, page, "Put back , row 2")
    assert "1 student put back." in page
    assert "2 students: 1 gets a seat, 1 needs fixing" in page


def test_unknown_event_is_replaced_or_removed(client: Client) -> None:
    class_list = draft_of(
        handed_over(client, pasted("Asha|9||Chess", "Ben|9||Chess; Robo Race", "Chitra|9||"))
    )
    page = page_of(client, class_list)
    page = saved(
        client, class_list, page, **{"event-2-0": "science-quiz", "event-3-0": "-", "add-4": "robo-race"}
    )
    assert [cells(class_list, number)[3] for number in (2, 3, 4)] == [
        "Science Quiz",
        "Robo Race",
        "Robo Race",
    ]
    assert "3 students: 3 get a seat" in page


def test_unknown_event_of_many_rows_is_corrected_in_all(client: Client) -> None:
    rows = [f"Student {letter}|9||Robo Rase" for letter in "ABCDE"]
    class_list = draft_of(handed_over(client, pasted(*rows, "Zara|9||Science Quiz; Robo Rase")))
    page = pressed(client, class_list, page_of(client, class_list), "Use in all 6 rows")
    assert "6 rows corrected." in page
    assert [cells(class_list, number)[3] for number in (2, 6, 7)] == [
        "Robo Race",
        "Robo Race",
        "Science Quiz; Robo Race",
    ]


def test_mark_that_says_neither_yes_nor_no_is_asked_about(client: Client) -> None:
    class_list = draft_of(handed_over(client, "Name\tClass\tRobo Race\tScience Quiz\nAsha\t9\tmaybe\tx\n"))
    page = page_of(client, class_list)
    assert "Under “Robo Race” write yes, or leave the cell empty" in page
    saved(client, class_list, page, **{"mark-2-2": "yes"})
    assert read_draft(class_list).listing.students[0].events == ("robo-race", "science-quiz")


def test_events_of_a_row_are_ticked(client: Client, fest: Fest) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9||Robo Race")))
    page = page_of(client, class_list, "?row=2")
    saved(client, class_list, page, **{"events-2": ["robo-race", "science-quiz"]})
    assert read_draft(class_list).listing.students[0].events == ("robo-race", "science-quiz")


def test_event_with_a_name_that_reads_like_a_list_is_written_so_that_it_is_read(
    client: Client, fest: Fest
) -> None:
    build_event(fest, name="Logic; Puzzles", slug="logic")
    build_event(fest, name="Lights, Camera", slug="lights")
    class_list = draft_of(handed_over(client, pasted("Asha|9||Robo Race")))
    saved(client, class_list, page_of(client, class_list, "?row=2"), **{"events-2": ["logic", "lights"]})
    assert read_draft(class_list).listing.students[0].events == ("logic", "lights")


def test_corrected_apostrophe_and_formula_stay_text(client: Client) -> None:
    class_list = draft_of(handed_over(client, csv_bytes([TITLES, ["'=Asha", "99", "", "Robo Race"]])))
    page = page_of(client, class_list)
    assert "=Asha" in text_of(page)
    saved(client, class_list, page, grade__2="=9")
    assert cells(class_list)[:2] == ["'=Asha", "=9"]


def test_later_save_of_an_old_page_undoes_nothing(client: Client, teacher: Teacher) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|99||Robo Race", "Ben|99||Robo Race")))
    old = page_of(client, class_list)
    colleague = browser(build_listing_teacher("iyer", teacher.school))
    saved(colleague, class_list, page_of(colleague, class_list), grade__2="9")
    # Row 2 as it was shown, row 3 corrected: the colleague's correction stays, and no message is needed.
    page = saved(client, class_list, old, grade__3="10")
    assert (cells(class_list)[1], cells(class_list, 3)[1]) == ("9", "10")
    assert "was changed after you opened" not in page
    # Row 2 changed as well: the colleague's correction stays, and a message says so.
    page = saved(client, class_list, old, grade__2="11")
    assert cells(class_list)[1] == "9"
    assert "Row 2 was changed after you opened this page. It now says “9”; “11” was not saved." in page


def test_old_page_does_not_replace_an_event_that_is_not_there_any_more(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|9||Chess; Ludo")))
    old = page_of(client, class_list)
    saved(client, class_list, old, **{"event-2-0": "robo-race"})
    page = saved(client, class_list, old, **{"event-2-0": "science-quiz"})
    assert cells(class_list)[3] == "Robo Race; Ludo"
    assert "was changed after you opened this page" in page


def test_row_that_is_registered_or_being_registered_is_not_touched(client: Client, teacher: Teacher) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|99||Robo Race", "Ben|99||Robo Race")))
    old = page_of(client, class_list)
    job = ClassListJob.objects.create(
        class_list=class_list, key=Submission.new_key(), requested_by=teacher.user
    )
    class_list.rows.filter(number=2).update(done_at=timezone.now())
    class_list.rows.filter(number=3).update(job=job)
    page = saved(client, class_list, old, grade__2="9", grade__3="9", **{"leave-2": "1", "leave-3": "1"})
    assert (cells(class_list)[1], cells(class_list, 3)[1]) == ("99", "99")
    assert not ClassListRow.objects.filter(is_left_out=True).exists()
    assert "Row 3 is being registered, so it was not changed." in page
    assert "1 student: 1 being registered" in page


def test_too_long_text_is_not_saved_and_reported(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("Asha|99||Robo Race")))
    page = saved(client, class_list, page_of(client, class_list), grade__2="9" * 5001)
    assert "Row 2: the text was too long and was not saved." in page
    page = saved(client, class_list, page, grade__2="9" * 300_000)
    assert "The text is too long. Nothing was saved." in page


def test_nul_in_a_correction_is_no_error_of_the_database(client: Client) -> None:
    class_list = draft_of(handed_over(client, pasted("|9||Robo Race")))
    page = saved(client, class_list, page_of(client, class_list), name__2="As\0ha")
    assert "Letters of this name were lost" in page


def test_duplicates_show_both_rows(client: Client) -> None:
    class_list = draft_of(
        handed_over(
            client, pasted("Asha Rao|9||Robo Race", "asha  rao|9||Robo Race", "Asha Raoo|9||Science Quiz")
        )
    )
    page = text_of(page_of(client, class_list))
    assert "Row 2 names the same student (Asha Rao)" in page
    assert "looks like the same student" in page
    assert 'href="?row=2#students"' in page_of(client, class_list)


def test_tabs_show_a_part_of_the_rows(client: Client) -> None:
    class_list = draft_of(
        handed_over(
            client,
            pasted("Asha Rao|99||Robo Race", "Ben Iyer|9||Robo Race", "Chitra|9|c@gmial.com|Robo Race"),
        )
    )
    shown = {
        show: [
            name
            for name in ("Asha Rao", "Ben Iyer", "Chitra")
            if f">{name}<" in page_of(client, class_list, f"?show={show}")
        ]
        for show in ("all", "problems", "seat", "look", "nonsense")
    }
    everybody = ["Asha Rao", "Ben Iyer", "Chitra"]
    assert shown == {
        "all": everybody,
        "problems": ["Asha Rao"],
        "seat": ["Ben Iyer", "Chitra"],
        "look": ["Chitra"],
        "nonsense": everybody,
    }


def test_long_list_comes_in_pages_with_problems_first_and_few_fields(client: Client) -> None:
    rows = [
        f"Student {number} {'abcdefghij'[number % 10] * 9}|{99 if number > 150 else 9}|x|Robo Rase; Ludo"
        for number in range(300)
    ]
    class_list = draft_of(handed_over(client, pasted(*rows)))
    page = page_of(client, class_list)
    assert "Page 1 of 6" in page
    assert len(fields_of(page)) < 450
    first = [int(number) for number in re.findall(r'<tr id="row-(\d+)"', page)]
    assert len(first) == 50
    response = client.post(f"{path_of(class_list)}fix/", fields_of(page))
    assert response.status_code == 302


def test_preview_of_five_hundred_rows_takes_less_than_a_second(client: Client) -> None:
    """Measured in processor time, so that a busy machine does not matter."""
    rows = [
        f"Student {n:04} {'abcdefghij'[n % 10] * 9}|{99 if n % 20 == 0 else 9}|x{n}@example.org|Robo Race"
        for n in range(500)
    ]
    class_list = draft_of(handed_over(client, pasted(*rows)))
    began = time.process_time()
    page = page_of(client, class_list)
    assert time.process_time() - began < 1
    assert "500 students: 100 get a seat, 375 wait, 25 need fixing" in page


def test_page_asks_the_same_for_one_row_and_for_three(client: Client) -> None:
    """Three of the queries that save store the message for the next page in the session, with a savepoint."""
    counts = []
    for rows in (1, 3):
        class_list = draft_of(
            handed_over(
                client,
                pasted(
                    *[f"Student {rows} {n}|99||Robo Rase" for n in range(rows)],
                    *[f"Other {rows} {'abc'[n] * 9}|8||Robo Race" for n in range(rows)],
                ),
            )
        )
        page = page_of(client, class_list)
        with CaptureQueriesContext(connection) as reading:
            page_of(client, class_list)
        with CaptureQueriesContext(connection) as saving:
            client.post(
                f"{path_of(class_list)}fix/", fields_of(page) | {f"grade-{n + 2}": "9" for n in range(rows)}
            )
        assert class_list.rows.filter(cells__1="9").count() == rows
        counts.append((len(reading), len(saving)))
    assert counts[0] == counts[1] == (11, 14)


def test_columns_are_shown_and_changed(client: Client) -> None:
    class_list = draft_of(handed_over(client, "Izina\tIbanga\tPhone\nAsha\tneuf\t98765\nBen\tdix\t98766\n"))
    page = page_of(client, class_list)
    assert "Which column is which?" in page
    assert 'Not used: <bdi translate="no">Izina, Ibanga, Phone</bdi>' in page
    assert '<bdi translate="no">Asha · Ben</bdi>' in page
    client.post(
        f"{path_of(class_list)}columns/",
        {
            "column-0": "name",
            "column-1": "grade",
            "column-2": "",
            "events_sent": "1",
            "events_for_all": ["robo-race", "no-such-event"],
        },
    )
    page = page_of(client, class_list)
    assert "2 students: 2 need fixing" in page
    assert 'Not used: <bdi translate="no">Phone</bdi>' in page
    class_list.refresh_from_db()
    assert class_list.events_for_all == ["robo-race"]


def test_columns_without_titles_are_recognised_by_their_contents(client: Client) -> None:
    text = "1\tAsha Rao\t9\tA\tasha@example.org\tRobo Race\n2\tBen Iyer\t10\tB\t\tRobo Race; Science Quiz\n"
    class_list = draft_of(handed_over(client, text))
    assert [
        (one.row, one.name, one.grade, one.section, one.events)
        for one in read_draft(class_list).listing.students
    ] == [
        (1, "Asha Rao", 9, "A", ("robo-race",)),
        (2, "Ben Iyer", 10, "B", ("robo-race", "science-quiz")),
    ]
    page = page_of(client, class_list)
    assert "The list has no row of titles, so its columns were recognised by their contents." in page
    assert [column[0] for column in class_list.columns][:2] == ["Column A", "Column B"]


def test_unknown_titles_are_not_read_as_a_student(client: Client) -> None:
    rows = "".join(f"{n}\tKind {'abc'[n] * 8}\t{n + 7}\t98765\n" for n in range(3))
    class_list = draft_of(handed_over(client, f"Lfd\tNaam\tKlas\tTel\n{rows}", events_for_all=["robo-race"]))
    assert [column[:2] for column in class_list.columns] == [
        ["Lfd", ""],
        ["Naam", "name"],
        ["Klas", "grade"],
        ["Tel", ""],
    ]
    assert [(one.row, one.grade) for one in read_draft(class_list).listing.students] == [
        (2, 7),
        (3, 8),
        (4, 9),
    ]


def test_first_row_may_be_a_student(client: Client) -> None:
    class_list = draft_of(handed_over(client, "Asha\t9\tRobo Race\nBen\told\tScience Quiz\n"))
    client.post(
        f"{path_of(class_list)}columns/", {"column-0": "name", "column-1": "grade", "first_is_student": "1"}
    )
    class_list.refresh_from_db()
    assert [(one.name, one.grade, one.events) for one in read_draft(class_list).listing.students] == [
        ("Asha", 9, ("robo-race",)),
        ("Ben", 0, ("science-quiz",)),
    ]


def test_chosen_meaning_moves_from_the_column_that_had_it(client: Client) -> None:
    class_list = draft_of(handed_over(client, "Name\tClass\tNickname\tEvent\nAsha\t9\tAshu\tRobo Race\n"))
    client.post(
        f"{path_of(class_list)}columns/",
        {"column-0": "name", "column-2": "name", "column-9": "name", "column-1": "nonsense"},
    )
    class_list.refresh_from_db()
    assert [column[1] for column in class_list.columns] == ["ignored", "grade", "name", "events"]


def test_other_sheets_are_named(client: Client) -> None:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        for name, rows in (
            ("9A", [TITLES, ["Asha", "9", "", "Robo Race"]]),
            ("9B", [["Made by the office"]]),
        ):
            page = book.add_worksheet(name)
            for at, row in enumerate(rows):
                page.write_row(at, 0, row)
    text = text_of(page_of(client, draft_of(handed_over(client, written.getvalue()))))
    assert "Only the sheet “ 9A ” was read. Not read: 9B" in text


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_rows_that_need_fixing_are_downloaded_and_come_back(client: Client, kind: str) -> None:
    class_list = draft_of(handed_over(client, pasted("=Asha|99||Robo Race", "Ben|9||Robo Race")))
    response = client.get(f"{path_of(class_list)}problems.{kind}")
    assert response["Content-Disposition"] == f'attachment; filename="problems.{kind}"'
    again = draft_of(handed_over(client, response.content))
    students = read_draft(again).listing.students
    assert [(one.name, one.grade) for one in students] == [("=Asha", 0)]
    assert again.columns[-1][1] == "problem"
    saved(client, again, page_of(client, again), grade__2="9")
    assert not read_draft(again).listing.problems


def test_column_of_an_unpublished_event_is_not_used(client: Client) -> None:
    class_list = draft_of(handed_over(client, "Name\tClass\tRobo Race\tEvent\nAsha\t9\tx\tScience Quiz\n"))
    Event.objects.filter(slug="robo-race").update(state=Event.State.DRAFT)
    page = page_of(client, class_list)
    assert 'Not used: <bdi translate="no">Robo Race</bdi>' in page
    assert read_draft(class_list).listing.students[0].events == ("science-quiz",)


def test_names_are_text_in_the_page(client: Client) -> None:
    class_list = draft_of(
        handed_over(client, pasted('<script>alert(1)</script>|99|"><img src=x>|{{ 7*7 }}'), name="x")
    )
    page = page_of(client, class_list)
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_guarded", [True, False])
def test_two_corrections_of_one_row_at_one_moment(monkeypatch: pytest.MonkeyPatch, is_guarded: bool) -> None:
    """Both are kept, because the second request reads what the first one wrote; without the lock one is lost."""
    build_listed_fest()
    teacher = build_listing_teacher()
    clients = [browser(teacher), browser(teacher)]
    class_list = draft_of(handed_over(clients[0], pasted("|99||Robo Race")))
    page = fields_of(page_of(clients[0], class_list))
    line = threading.Barrier(2)

    def meet(*arguments: Any) -> Any:
        """Both have read their rows: with the lock, only one is ever here."""
        with suppress(threading.BrokenBarrierError):
            line.wait(1 if is_guarded else 20)
        return read_rows(*arguments)

    monkeypatch.setattr(inline_edit, "read_rows", meet)
    if not is_guarded:
        monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    typed = [{"grade-2": "9"}, {"name-2": "Asha Rao"}]
    at_once(
        [
            partial(client.post, f"{path_of(class_list)}fix/", page | one)
            for client, one in zip(clients, typed, strict=True)
        ]
    )
    assert (cells(class_list)[:2] == ["Asha Rao", "9"]) is is_guarded


LATIN_ONE = "".join(chr(byte) for byte in "फ़ातिमा शर्मा".encode())
"""UTF-8 that a program took for Latin-1: among its characters are controls."""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (LATIN_ONE, "फ़ातिमा शर्मा"),
        ("محمد علي".encode().decode("cp1256"), "محمد علي"),
        ("Èâàí Ïåòðîâ", "Иван Петров"),
        ("fiz;adk 'kekZ", "प्रियंका शर्मा"),
    ],
)
def test_name_that_a_program_damaged_is_repaired_with_one_button(
    client: Client, typed: str, name: str
) -> None:
    data = csv_bytes([["Name", "Class", "E-mail", "Event"], [typed, "9", "", "Robo Race"]])
    class_list = draft_of(handed_over(client, data, name="list.csv"))
    page = pressed(client, class_list, page_of(client, class_list), f"Use {name} , row 2")
    assert cells(class_list)[0] == name
    assert "1 student: 1 gets a seat" in page


def test_names_in_four_columns_and_lines_about_classes_are_read_on_the_page(client: Client) -> None:
    table = [
        ["Primer nombre", "Segundo nombre", "Primer apellido", "Segundo apellido", "Grado", "Evento"],
        ["CLASS : IX - B | Class Teacher: Ms. Rao"],
        ["Juan", "Carlos", "García", "López", "9", "Robo Race"],
    ]
    page = text_of(page_of(client, draft_of(handed_over(client, csv_bytes(table), name="list.csv"))))
    assert "Juan Carlos García López" in page
    assert "CLASS : IX - B | Class Teacher: Ms. Rao" in page
    assert "1 student: 1 gets a seat" in page


def test_columns_name_the_encoding_in_words(client: Client) -> None:
    data = csv_bytes([["Name", "Class"], ["محمد علي", "9"]], encoding="iso8859-6")
    class_list = draft_of(handed_over(client, data, name="list.csv"))
    assert "Arabic (ISO)" in page_of(client, class_list)
