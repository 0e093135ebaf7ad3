"""The title row is found, and each column is recognised, asked about or reported."""

import pytest

from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.headers import Header, find_header
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.titles import meaning_of


def sheet_with(*rows: str) -> Sheet:
    """Return a sheet whose cells are separated by bars."""
    return read_paste("\n".join(row.replace("|", "\t") for row in rows))


def meanings_of(header: Header) -> list[str]:
    return [column.meaning.value for column in header.columns]


@pytest.mark.parametrize(
    ("title", "meaning"),
    [
        ("Name", Meaning.NAME),
        ("STUDENT'S NAME", Meaning.NAME),
        ("Name of the Student", Meaning.NAME),
        ("  student_name ", Meaning.NAME),
        ("विद्यार्थी", Meaning.NAME),
        ("नाम", Meaning.NAME),
        ("Name (in capitals)", Meaning.NAME),
        ("Name / नाम", Meaning.NAME),
        ("नाम / Name", Meaning.NAME),
        ("Class", Meaning.GRADE),
        ("Std.", Meaning.GRADE),
        ("कक्षा", Meaning.GRADE),
        ("Class & Section", Meaning.GRADE),
        ("Sec", Meaning.SECTION),
        ("Division", Meaning.SECTION),
        ("Roll No.", Meaning.ROLL_NUMBER),
        ("ROLLNO", Meaning.ROLL_NUMBER),
        ("E-mail", Meaning.EMAIL),
        ("Email ID", Meaning.EMAIL),
        ("E-mail (optional)", Meaning.EMAIL),
        ("Events", Meaning.EVENTS),
        ("Event 2", Meaning.EVENTS),
        ("event3", Meaning.EVENTS),
        ("S. No.", Meaning.NUMBER),
        ("Problem", Meaning.PROBLEM),
        ("T-shirt", Meaning.NONE),
        ("", Meaning.NONE),
        ("123", Meaning.NONE),
        ("School name", Meaning.NONE),
        ("Father's name", Meaning.NONE),
    ],
)
def test_title_is_understood(title: str, meaning: Meaning) -> None:
    assert meaning_of(title) == meaning


def test_header_below_titles_in_another_order_is_found() -> None:
    sheet = sheet_with("Riverside Public School", "", "Class 9A||24 Nov", "Class|Roll no|Name", "9|1|Asha")
    header = find_header(sheet)
    assert (header.row, meanings_of(header), header.problem) == (4, ["grade", "roll_number", "name"], "")


def test_title_line_with_one_known_word_is_no_header() -> None:
    header = find_header(sheet_with("Event|", "Name|Grade", "Asha|9"))
    assert (header.row, meanings_of(header)) == (2, ["name", "grade"])


def test_extra_columns_are_reported() -> None:
    header = find_header(sheet_with("S.No|Name|T-shirt|Class||Phone", "1|Asha|M|9|x|98700"))
    assert [(column.letter, column.title) for column in header.extra] == [("C", "T-shirt"), ("F", "Phone")]


def test_repeated_title_is_reported_and_not_used() -> None:
    header = find_header(sheet_with("Name|Class|Name|Event|Event", "Asha|9|Ben|Quiz|Chess"))
    assert meanings_of(header) == ["name", "grade", "", "events", "events"]
    assert [(column.position, column.is_repeated) for column in header.extra] == [(2, True)]


def test_columns_with_names_of_events_hold_marks() -> None:
    header = find_header(
        sheet_with("Name|Class|ROBO race|Quiz", "Asha|9|x|"),
        events=EventIndex({"robo-race": "Robo Race", "quiz": "Quiz"}),
    )
    assert [(column.meaning.value, column.event) for column in header.columns[2:]] == [
        ("event_mark", "robo-race"),
        ("event_mark", "quiz"),
    ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            ["Name|T-shirt", "Asha|M"],
            "The list has no column “Grade”. Write this title above the column that holds it.",
        ),
        (
            ["Izina|Ibanga", "Asha|9"],
            "The list must have a row with the titles “Name” and “Grade” above the students.",
        ),
        (
            ["Asha|9", "Ben|9"],
            "The list must have a row with the titles “Name” and “Grade” above the students.",
        ),
        (
            ["Name|Event", "Asha|Quiz"],
            "The list has no column “Grade”. Write this title above the column that holds it.",
        ),
        (
            ["Class|Event", "9|Quiz"],
            "The list has no column “Name”. Write this title above the column that holds it.",
        ),
    ],
)
def test_missing_columns_are_one_clear_sentence(rows: list[str], problem: str) -> None:
    header = find_header(sheet_with(*rows))
    assert header.problem == problem


def test_empty_sheet_has_no_header() -> None:
    assert find_header(Sheet(())) == Header(0, ())


def test_header_with_a_byte_order_mark_is_recognised() -> None:
    assert meanings_of(find_header(read_file(b"\xef\xbb\xbfName,Grade\nAsha,9\n"))) == ["name", "grade"]


def test_columns_have_the_letters_of_a_spreadsheet() -> None:
    header = find_header(Sheet((Row(1, ("Name", "Class", *["x"] * 51)),)))
    assert [header.columns[at].letter for at in (0, 25, 26, 52)] == ["A", "Z", "AA", "BA"]
