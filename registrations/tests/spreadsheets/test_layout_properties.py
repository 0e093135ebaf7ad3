"""Any layout of the same students comes to the same students."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registrations.class_lists.parse import ParsedList
from registrations.spreadsheets import workbook_process
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.workbook import _sheet
from registrations.spreadsheets.workbook_process import read as read_in_process
from registrations.tests.builders.layouts import book, read

CHILDREN = [
    ("Asha", "Rao", 9, "A", "asha@example.org", "Quiz"),
    ("Ravi Kumar", "Das", 10, "B", "ravi@example.org", "Robotics"),
    ("Jörg", "Müller-Lüdenscheidt", 8, "C", "jm@example.org", "Quiz; Robotics"),
    ("मीरा", "अय्यर", 11, "A", "mi@example.org", "Quiz"),
    ("Zoya", "D'Souza", 5, "B", "zoya@example.org", "Robotics"),
]
SPELLINGS = {
    "name": [
        "Name",
        "STUDENT NAME",
        "Full name",
        "Name of the student",
        "Your name",
        "नाम",
        "Participant's name",
    ],
    "given": [
        "First name",
        "FirstName",
        "Given Name",
        "first_name",
        "Forename",
        "Student's first name",
        "Vorname",
    ],
    "family": ["Last name", "Surname", "familyName", "LAST NAME", "Family name", "Nachname"],
    "grade": ["Grade", "Class", "Std.", "Which class are you in?", "Grade Level", "Year Group", "कक्षा"],
    "section": ["Section", "Sec", "Div.", "Division"],
    "email": ["E-mail", "Email Address", "Mail ID", "Where to write", "Inbox of the child"],
    "events": ["Event", "Events", "Which events? (choose up to 2)", "Wishes", "Competition"],
    "extra": ["Phone", "T-shirt", "Father's name", "House", ""],
}
TAILS: tuple[list[list[str]], ...] = (
    [],
    [["Total", "5"]],
    [["Class teacher's signature", "", "", "Principal"]],
    [["Date:", "", "Points"]],
)


@dataclass(frozen=True)
class Layout:
    """A table of the children: its rows, and the number of the row of titles."""

    rows: list[list[Any]]
    titles: int
    extra: str


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    kinds = draw(st.sampled_from([["name"], ["given", "family"], ["family", "given"]]))
    kinds = draw(st.permutations([*kinds, "grade", "section", "email", "events", "extra"]))
    titles = [draw(st.sampled_from(SPELLINGS[kind])) for kind in kinds]
    extra = titles[kinds.index("extra")]
    gap = draw(st.integers(0, 2))
    lead = [""] * gap
    rows: list[list[Any]] = [[f"Greenfield letterhead {at}"] for at in range(draw(st.integers(0, 20)))]
    rows += [[]] * draw(st.integers(0, 2))
    rows.append([*lead, *titles])
    number = len(rows)
    for child in CHILDREN:
        rows += [[]] * draw(st.integers(0, 1))
        rows.append([*lead, *(_cell(kind, child) for kind in kinds)])
    rows += draw(st.sampled_from(TAILS))
    return Layout(rows, number, extra)


def _cell(kind: str, child: tuple[Any, ...]) -> Any:
    given_name, family, grade, section, email, events = child
    values = {
        "name": f"{given_name} {family}",
        "given": given_name,
        "family": family,
        "grade": grade,
        "section": section,
        "email": email,
        "events": events,
        "extra": f"x{grade}",
    }
    return values[kind]


def comma_separated(rows: list[list[Any]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def found(parsed: ParsedList) -> list[tuple[Any, ...]]:
    return [
        (one.name, one.grade, one.section, one.email, "; ".join(parsed.events[slug] for slug in one.events))
        for one in parsed.listing.students
    ]


@pytest.fixture(autouse=True, scope="module")
def _time_for_many_workbooks() -> Iterator[None]:
    """This process reads hundreds of them; past its limit the reader leaves the further sheets unread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbook_process, "CPU_SECONDS", 10**6)
        yield


EXPECTED = [(f"{given_name} {family}", *rest) for given_name, family, *rest in CHILDREN]
QUIETLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


@QUIETLY
@given(layouts())
def test_any_layout_reads_the_same_students(layout: Layout) -> None:
    parsed = read(comma_separated(layout.rows))
    assert found(parsed) == EXPECTED
    assert parsed.header.row == layout.titles
    # The column that is not understood is named, one without a title by what stands above it, or its cells are.
    unused = {column.title for column in parsed.header.extra}
    assert (
        layout.extra in unused
        or (unused and not layout.extra)
        or any("has no title" in one.text for one in parsed.listing.problems)
    )


@QUIETLY
@given(layouts(), st.integers(0, 3), st.permutations(range(3)))
def test_any_layout_among_other_sheets_reads_the_same_students(
    layout: Layout, before: int, order: list[int]
) -> None:
    """Cover sheets before and after it, in a workbook read in this process."""
    covers = {f"Notes {at}": [["Read me"], ["Made", "by the office"]] for at in range(3)}
    names = [f"Notes {at}" for at in order]
    sheets: dict[str, Any] = {name: covers[name] for name in names[:before]}
    sheets["List"] = layout.rows
    sheets |= {name: covers[name] for name in names[before:]}
    answers = read_in_process(book(sheets))["sheets"]
    first, *others = [_sheet(one) for one in answers]
    parsed = read(_with_siblings(first, others))
    assert found(parsed) == EXPECTED


@QUIETLY
@given(st.permutations(range(len(CHILDREN))), st.sets(st.integers(0, len(CHILDREN) - 1)))
def test_hidden_rows_are_those_that_are_left_out(order: list[int], hidden: set[int]) -> None:
    rows: list[list[Any]] = [
        ["Name", "Class", "Event"],
        *([" ".join(CHILDREN[at][:2]), CHILDREN[at][2], "Quiz"] for at in order),
    ]
    answers = read_in_process(book({"List": rows}, hidden={at + 2 for at in hidden}))["sheets"]
    parsed = read(_sheet(answers[0]))
    assert set(parsed.left_out) == {at + 2 for at in hidden}
    assert len(parsed.listing.students) == len(CHILDREN) - len(hidden)


@QUIETLY
@given(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(1, 6))
def test_tables_side_by_side_hold_all_students(sizes: list[int], blank: int) -> None:
    """Tables of any lengths with any gap between them; no student is lost or read twice."""
    table = [
        [
            ["Name", "Class", "Event"],
            *([f"Child {chr(97 + n)}{chr(97 + at)}", "9", "Quiz"] for at in range(size)),
        ]
        for n, size in enumerate(sizes)
    ]
    height = max(map(len, table))
    rows = []
    for line in range(height):
        cells: list[str] = []
        for one in table:
            cells += [*(one[line] if line < len(one) else [""] * 3), *[""] * (blank % 3)]
        rows.append(cells)
    if sum(sizes):
        parsed = read(comma_separated(rows))
        names = sorted(one.name for one in parsed.listing.students)
        assert names == sorted(row[0] for one in table for row in one[1:])


def _with_siblings(first: Any, others: list[Any]) -> Any:
    return replace(first, siblings=tuple(others))


def test_reader_of_files_sees_the_same_as_the_process() -> None:
    data = book({"A": [["Name", "Grade"], ["Asha", 9]], "B": [["x"]]}, opened="B", hidden=[2])
    sheet = read_file(data)
    assert (sheet.name, sheet.is_open, [one.name for one in sheet.siblings]) == ("B", True, ["A"])
    assert sheet.siblings[0].hidden == {2}
