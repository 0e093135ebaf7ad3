"""Lists made to keep the reader busy: every row is reported, in a bounded number of steps."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registrations.spreadsheets import errors as errors_module
from registrations.spreadsheets import listing as listing_module
from registrations.spreadsheets import workbook
from registrations.spreadsheets.context import list_context
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.headers import find_header
from registrations.spreadsheets.listing import Code, Listing
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.rows import read_listing
from registrations.spreadsheets.sheet import MAX_BYTES, MAX_CHARACTERS, Row, Sheet, trimmed
from registrations.tests.builders.class_list_uploads import (
    LISTS,
    browser,
    build_listed_fest,
    build_listing_teacher,
    draft_of,
    handed_over,
)
from registrations.tests.builders.spreadsheets import csv_bytes, xlsx_bytes
from techfest.tests.support.steps import counted
from techfest.tests.support.worst_texts import MARKS, worst_texts

pytestmark = pytest.mark.slow

EVENTS = {f"event-{number}": f"Event name {number}" for number in range(40)}
TITLES = ["Name", "Grade", "Event"]
STACKED = "a" + MARKS * 2490
GOOD = ["Asha Rao", "9", "Event name 7"]
TOO_MANY = "Remove the accents that are stacked on one letter: it can carry 30 at most"

Table = list[list[str]]


def xlsx(table: Table) -> Sheet:
    return read_file(xlsx_bytes(table))


def csv(table: Table) -> Sheet:
    return read_file(csv_bytes(table))


def paste(table: Table) -> Sheet:
    return read_paste("\n".join("\t".join(row) for row in table))


def listing(sheet: Sheet) -> Listing:
    header = find_header(sheet, EventIndex(EVENTS))
    is_paste = sheet.encoding == "paste"
    return read_listing(sheet, header, list_context(grades=range(5, 13), events=EVENTS, is_paste=is_paste))


def errors(listed: Listing) -> list[tuple[int, str]]:
    return [(one.row, one.text) for one in listed.problems if one.is_error]


@pytest.fixture(autouse=True, scope="module")
def _counted_in_steps() -> Iterator[None]:
    """Counting is slower than reading, and a second of processor time reads less on a busy machine.

    So only the steps are limited here, in this process and in the one that reads workbooks.
    """
    reading = (
        "from registrations.spreadsheets import workbook_process as one; one.CPU_SECONDS = 60; one.main()"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(errors_module, "SECONDS", 300.0)
        patch.setattr(workbook, "COMMAND", (*workbook.COMMAND[:-2], "-c", reading))
        patch.setattr(workbook, "TIMEOUT_SECONDS", 120.0)
        yield


WAYS = pytest.mark.parametrize("way", [xlsx, csv, paste])


@WAYS
@pytest.mark.parametrize(
    ("cells", "column"),
    [([STACKED, *GOOD[1:]], "A"), ([GOOD[0], STACKED, GOOD[2]], "B"), ([*GOOD[:2], STACKED], "C")],
)
def test_stacked_marks_are_an_error_of_their_row_and_the_rest_is_read(
    way: Callable[[Table], Sheet], cells: list[str], column: str
) -> None:
    listed = listing(way([TITLES, cells, GOOD]))
    assert errors(listed) == [(2, f"Column {column}: {TOO_MANY}")]
    assert [student.row for student in listed.ready] == [3]


@WAYS
def test_hundreds_of_stacked_names_cost_few_steps(way: Callable[[Table], Sheet]) -> None:
    """The case that stopped the site: 820 such names took a web worker 30 seconds. A file has room for 200."""
    table = [TITLES, *([STACKED, *GOOD[1:]] for _ in range(820 if way is xlsx else 200))]
    with counted() as steps:
        listed = listing(way(table))
    assert len(listed.rows_with_errors) == len(table) - 1
    assert steps.normalized < 1_000_000
    assert steps.lines < 3_000 * len(table) + 4 * sum(len(row[0]) for row in table)


def test_four_lists_of_stacked_names_at_once_are_all_read() -> None:
    """Each took all the processor time that the reader has, so two or three of them could "not be uploaded"."""
    data = xlsx_bytes([TITLES, *([STACKED, *GOOD[1:]] for _ in range(820))])
    with ThreadPoolExecutor(4) as pool:
        sheets = list(pool.map(read_file, [data] * 4))
    assert [len(sheet.rows) for sheet in sheets] == [821] * 4


def test_title_of_stacked_marks_is_a_column_that_is_not_used() -> None:
    sheet = csv([[*TITLES, STACKED], [*GOOD, "x"]])
    with counted() as steps:
        header = find_header(sheet, EventIndex(EVENTS))
    assert [column.is_extra for column in header.columns] == [False] * 3 + [True]
    assert steps.normalized < 50_000
    assert errors(listing(sheet)) == []


@WAYS
def test_cell_that_is_too_long_is_an_error_of_its_row(way: Callable[[Table], Sheet]) -> None:
    listed = listing(way([TITLES, ["x" * 10_000, *GOOD[1:]], GOOD]))
    assert errors(listed) == [(2, "Column A: Shorten the text to 5,000 characters or less")]
    assert [student.row for student in listed.ready] == [3]


@pytest.mark.parametrize("way", [csv, paste])
@pytest.mark.parametrize("length", [131_073, MAX_BYTES - 200])
def test_cell_longer_than_the_csv_module_reads_is_an_error_of_its_row_alone(
    way: Callable[[Table], Sheet], length: int
) -> None:
    listed = listing(way([TITLES, ["Ben Iyer", *GOOD[1:]], ["x" * length, *GOOD[1:]], GOOD]))
    assert errors(listed) == [(3, "Column A: Shorten the text to 5,000 characters or less")]
    assert [student.row for student in listed.ready] == [2, 4]


def test_long_cell_hides_no_semicolons() -> None:
    rows = read_file(f"Name;Grade\n{'x' * 200_000};9\nBen;9\n".encode()).rows
    assert [row.cells[1:] for row in rows] == [("Grade",), ("9",), ("9",)]


def test_what_is_kept_of_a_cell_is_bounded_and_still_refused() -> None:
    sheet = xlsx([TITLES, [STACKED, "9", "x" * 30_000]])
    assert [len(cell) for cell in sheet.rows[1].cells] == [32, 1, MAX_CHARACTERS + 1]
    kept = Sheet((sheet.rows[0], Row(2, sheet.rows[1].cells)))
    assert len(errors(listing(kept))) == 2


def unknown_events(rows: int, columns: int) -> Table:
    titles = ["Name", "Grade", *(f"Event {number}" for number in range(columns))]
    return [
        titles,
        *([f"Asha {row}", "9", *(f"No{row}x{at}" for at in range(columns))] for row in range(rows)),
    ]


def test_unknown_events_are_reported_up_to_a_limit_and_counted() -> None:
    """1,000 rows of 98 unknown events were 99,000 problems, 22 seconds and 206 MB."""
    with counted() as steps:
        listed = listing(csv(unknown_events(1_000, 98)))
    assert listed.rows_with_errors == frozenset(range(2, 1_002))
    assert len(listed.problems) <= 2 * listing_module.MAX_PROBLEMS_PER_LIST + 3 * 1_000
    assert steps.lines < 12_000 * 1_000
    of_first = [one.text for one in listed.problems if one.row == 2]
    assert (len(of_first), of_first[-1]) == (11, "And up to 88 more problems in this row")
    of_last = [one for one in listed.problems if one.row == 1_001 and one.is_error]
    assert [one.code for one in of_last] == [Code.EVENT, Code.MORE]


def test_row_with_as_many_problems_as_the_limit_reports_all() -> None:
    listed = listing(csv(unknown_events(1, listing_module.MAX_PROBLEMS_PER_ROW)))
    assert [one.code for one in listed.problems] == [Code.EVENT] * listing_module.MAX_PROBLEMS_PER_ROW


def test_column_without_a_title_is_one_problem() -> None:
    listed = listing(csv([TITLES, *([*GOOD[:1], "9", GOOD[2], "", f"x{number}"] for number in range(50))]))
    unused = [(one.row, one.text) for one in listed.problems if one.code == Code.UNUSED]
    assert unused == [(2, "Column E has no title: “x0” and 49 cells below it are not used.")]


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (
            csv,
            "The selected file takes too long to read. Copy the list alone into a new file, or send it in parts",
        ),
        (paste, "The pasted rows take too long to read. Paste the list alone, or in parts"),
    ],
)
def test_list_past_the_processor_time_limit_is_refused(
    monkeypatch: pytest.MonkeyPatch, way: Callable[[Table], Sheet], words: str
) -> None:
    sheet = way([TITLES, GOOD])
    now = [0.0]
    monkeypatch.setattr("time.thread_time", lambda: now.__setitem__(0, now[0] + 1) or now[0])
    listing(sheet)
    monkeypatch.setattr(errors_module, "SECONDS", 1.0)
    with pytest.raises(FileRefused) as refused:
        listing(sheet)
    assert str(refused.value.text) == words


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cells=st.lists(worst_texts(1_500), min_size=3, max_size=3), titles=st.permutations(TITLES))
def test_worst_of_unicode_costs_a_list_few_steps(cells: Sequence[str], titles: Sequence[str]) -> None:
    """The texts come from a workbook, because a text file with them is refused earlier."""
    rows = (Row(1, tuple(titles)), *(Row(number, tuple(cells)) for number in range(2, 6)))
    cut = Sheet(tuple(Row(row.number, trimmed(row.cells)) for row in rows))
    with counted() as steps:
        listing(cut)
    characters = sum(len(cell) for row in cut.rows for cell in row.cells)
    # A loop written over several lines counts each of them for each character.
    assert steps.total <= 60_000 + 360 * characters


@pytest.mark.django_db
@pytest.mark.parametrize("as_file", [True, False])
def test_pages_of_a_list_of_stacked_names_cost_few_steps(*, as_file: bool) -> None:
    """From the upload to the preview: the draft stores enough of a cell to show the fault, and no more."""
    build_listed_fest()
    client = browser(build_listing_teacher())
    table = [["Name", "Class", "Event"], *([STACKED, "9", "Robo Race"] for _ in range(60)), GOOD]
    data = xlsx_bytes(table) if as_file else "\n".join("\t".join(row) for row in [*table[:20], GOOD])
    with counted() as steps:
        class_list = draft_of(handed_over(client, data))
        page = client.get(f"{LISTS}{class_list.pk}/").content.decode()
    assert page.count(TOO_MANY) == (50 if as_file else 19)
    # Each character is normalised about once; tables of words that are made once per process come on top.
    assert steps.normalized < 500_000
    assert max(len(cell) for row in class_list.rows.all() for cell in row.cells) == 32
