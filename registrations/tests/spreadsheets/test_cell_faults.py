"""A cell that does not hold what was typed is said at the cell, in an uploaded workbook as in pasted rows."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given

from registrations.spreadsheets.context import list_context
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.headers import find_header
from registrations.spreadsheets.listing import Listing, Problem
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.rows import read_listing
from registrations.tests.builders.spellings import spellings
from registrations.tests.builders.spreadsheets import with_sheet

EVENTS = {"quiz": "Quiz"}
TITLES = ("Name", "Grade", "Section", "Roll number", "E-mail", "Event")


def listing(sheet: Any) -> Listing:
    return read_listing(
        sheet, find_header(sheet, EventIndex(EVENTS)), list_context(grades=range(1, 13), events=EVENTS)
    )


def pasted(**cells: str) -> Listing:
    """Read one row with these cells."""
    row = {"name": "Asha Rao", "grade": "9", "section": "", "roll": "", "email": "", "event": "Quiz"} | cells
    return listing(read_paste("\n".join("\t".join(one) for one in (TITLES, row.values()))))


def uploaded(*rows: Sequence[Any]) -> Listing:
    """Read a workbook in which days are formatted as 10-Dec and times as 9:12."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        page = workbook.add_worksheet()
        formats = {
            dt.date: workbook.add_format({"num_format": "d-mmm"}),
            dt.time: workbook.add_format({"num_format": "h:mm"}),
        }
        for number, row in enumerate([TITLES, *rows]):
            for column, value in enumerate(row):
                page.write(
                    number, column, value, *(formats[type(value)] for _one in (1,) if type(value) in formats)
                )
    return listing(read_file(written.getvalue()))


def at(problem: Problem) -> tuple[int, str, bool, tuple[str, ...]]:
    return problem.row, problem.column.value, problem.is_error, problem.options


def test_what_a_spreadsheet_made_of_roll_numbers_and_sections_is_said() -> None:
    listed = uploaded(
        ["Asha Rao", 9, "A", dt.date(2026, 12, 10), "", "Quiz"],
        ["Ravi Das", 9, dt.date(2026, 9, 1), 7, "", "Quiz"],
        ["Meera Iyer", 9, "A", 100000, "", "Quiz"],
        ["Tara Sen", 9, "A", 2.02600123456789e17, "", "Quiz"],
        ["Kabir Khan", dt.date(2026, 9, 1), "A", dt.time(9, 12), "", "Quiz"],
        ["Nila Nair", 9, "A", 20260712, "", "Quiz"],
    )
    assert [at(problem) for problem in listed.problems] == [
        (2, "roll_number", True, ("12-10", "10-12")),
        (3, "section", True, ("9-1", "1-9")),
        (4, "roll_number", False, ("1E5",)),
        (5, "roll_number", True, ()),
        (6, "grade", True, ()),
        (6, "roll_number", True, ("9:12",)),
    ]
    assert [student.row for student in listed.ready] == [4, 7]


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("2026-12-10", ("12-10", "10-12")),
        ("2026-09-09", ("9-9",)),
        ("2026-09-01 00:00:00", ("9-1", "1-9")),
        ("09:12:00", ("9:12",)),
        ("9:12 AM", ("9:12",)),
        ("10-Dec", ("12-10", "10-12")),
        ("1-Sep-26", ("9-1", "1-9")),
        ("Sep-09", ("9-09",)),
        ("10. März", ("3-10", "10-3")),
        ("12/out", ("10-12", "12-10")),
        ("10-gen", ("1-10", "10-1")),
        ("7-lug", ("7-7",)),
        ("12/set.", ("9-12", "12-9")),
    ],
)
@pytest.mark.parametrize("column", ["section", "roll"])
def test_date_is_an_error_with_what_may_have_been_typed(
    column: str, text: str, options: tuple[str, ...]
) -> None:
    listed = pasted(**{column: text})
    name = {"roll": "roll_number"}.get(column, column)
    assert [at(problem) for problem in listed.problems] == [(2, name, True, options)]
    assert getattr(listed.students[0], name) == ""
    for option in options:
        assert pasted(**{column: option}).problems == ()


@pytest.mark.parametrize("text", ["2026-09-01", "1-Sep", "Sep-01", "9:12:00", "1.23457E+11"])
def test_date_in_the_column_of_grades_is_an_error(text: str) -> None:
    assert [at(problem) for problem in pasted(grade=text).problems] == [(2, "grade", True, ())]


@pytest.mark.parametrize("text", ["2.02600123456789e+17", "1.23457E+11", "1,23457E+11", "2E+05"])
def test_number_without_its_last_digits_is_an_error(text: str) -> None:
    listed = pasted(roll=text)
    assert [at(problem) for problem in listed.problems] == [(2, "roll_number", True, ())]
    assert listed.students[0].roll_number == ""


@pytest.mark.parametrize(
    "text", ["12", "007", "10-12", "9:12", "1E5", "2026001", "123/2026", "A-17", "100", "10000", "MAY12"]
)
def test_roll_number_that_may_be_one_stays_as_typed(text: str) -> None:
    listed = pasted(roll=text)
    assert (listed.problems, bool(listed.students[0].roll_number)) == ((), True)


@pytest.mark.parametrize("text", ["100000", "12000000", "12/10/2026"])
def test_doubtful_roll_number_is_read_with_a_warning(text: str) -> None:
    listed = pasted(roll=text)
    assert [(problem.column, problem.is_error) for problem in listed.problems] == [
        (Meaning.ROLL_NUMBER, False)
    ]
    assert listed.students[0].doubtful == {"roll_number"}
    assert (listed.students[0].reliable.roll_number, bool(listed.students[0].roll_number)) == ("", True)


ERRORS = (
    "#REF!",
    "#NAME?",
    "#VALUE!",
    "#DIV/0!",
    "#NULL!",
    "#NUM!",
    "#SPILL!",
    "#BEZUG!",
    "#¡REF!",
    "Err:502",
    "#####",
    "#ERROR!",
)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("column", ["name", "grade", "section", "roll", "email", "event"])
def test_error_of_a_spreadsheet_is_an_error(column: str, error: str) -> None:
    listed = pasted(**{column: error})
    assert [(problem.is_error, error in problem.text) for problem in listed.problems] == [(True, True)]


def test_not_available_is_empty_where_nothing_is_needed() -> None:
    listed = pasted(name="#N/A", section="#N/A", roll="#N/A", email="#N/A")
    assert [at(problem)[1:3] for problem in listed.problems] == [
        ("name", True),
        ("section", False),
        ("roll_number", False),
        ("email", False),
    ]


def test_errors_and_formulas_of_a_workbook_are_said() -> None:
    values = {1: "Name", 2: "Grade", 3: "Event"}
    head = "".join(
        f'<c r="{"ABC"[n - 1]}1" t="inlineStr"><is><t>{text}</t></is></c>' for n, text in values.items()
    )
    cells = (
        '<c r="A{row}" t="e"><f>Sheet9!A1</f><v>#REF!</v></c>',
        '<c r="A{row}"><f>B2&amp;" "&amp;C2</f><v>0</v></c>',
        '<c r="A{row}"><f>B2&amp;" "&amp;C2</f><v></v></c>',
        '<c r="A{row}"><f>CONCAT(B2)</f></c>',
        '<c r="A{row}"><f t="shared" si="0"/></c>',
        '<c r="A{row}" t="str"><f>CONCAT(B2)</f><v>Asha Rao</v></c>',
    )
    rest = '<c r="B{row}"><v>9</v></c><c r="C{row}" t="inlineStr"><is><t>Quiz</t></is></c>'
    body = "".join(f'<row r="{n}">{(one + rest).format(row=n)}</row>' for n, one in enumerate(cells, 2))
    listed = listing(read_file(with_sheet(f'<row r="1">{head}</row>{body}')))
    assert [(problem.row, problem.text.partition(" Open")[0]) for problem in listed.problems] == [
        (2, "The cell shows the spreadsheet's error “#REF!”. Type the text in its place."),
        (3, "“0” is not a name: it has no letter. Enter the student's full name."),
        (4, "The cell holds a formula, but not its value."),
        (5, "The cell holds a formula, but not its value."),
        (6, "The cell holds a formula, but not its value."),
    ]
    assert [student.name for student in listed.ready] == ["Asha Rao"]


@pytest.mark.parametrize(
    "name",
    ["0", "-", ".", "12", "????", "???? ???", "...", "\ufffd\ufffd", "😀", "@", "12-10", "='A1'", "=A2&B2"],
)
def test_name_without_a_letter_is_an_error(name: str) -> None:
    assert [at(problem)[1:3] for problem in pasted(name=name).problems] == [("name", True)]


def test_name_of_question_marks_says_how_to_save_the_list() -> None:
    (problem,) = pasted(name="???? ???").problems
    assert problem.text == (
        "Letters of this name were lost when the file was saved. "
        "Save the list as “CSV UTF-8” or XLSX and upload it again."
    )


@pytest.mark.parametrize(
    "name",
    [
        "(blank)",
        "TBC",
        "tba",
        "N/A",
        "-do-",
        "Student",
        "xxx",
        "Jos? N??ez",
        "Asha ?",
        "TRUE",
        "Sin nombre",
        "Alumno 1",
        "بدون اسم",
    ],
)
def test_unlikely_name_is_a_warning(name: str) -> None:
    listed = pasted(name=name)
    assert [at(problem)[1:3] for problem in listed.problems] == [("name", False)]
    assert listed.students[0].name == name


@pytest.mark.parametrize(
    "name", ["Na", "Null", "None", "Test Kumar", "O", "Do Thi", "X Æ A-12", "R", "May", "Asha Roy-Do"]
)
def test_true_name_has_no_problem(name: str) -> None:
    assert pasted(name=name).problems == ()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("JosÃ© NÃºÃ±ez", "José Núñez"),
        ("à¤†à¤¶à¤¾ à¤°à¤¾à¤µ", "आशा राव"),
        ("ZoÃ« Oâ€™Neil", "Zoë O’Neil"),
        ("O&#39;Brien", "O'Brien"),
        ("Asha&nbsp;Rao", "Asha Rao"),
    ],
)
def test_repaired_name_is_offered(name: str, meant: str) -> None:
    listed = pasted(name=name)
    assert [(at(problem)[1:], meant in problem.text) for problem in listed.problems] == [
        (("name", False, (meant,)), True)
    ]


NOISY = {
    "\u200easha@example.org": "asha@example.org",
    "Ravi Das <ravi@example.org>": "ravi@example.org",
    "tara@example.org.": "tara@example.org",
    "kabir＠example.org": "kabir@example.org",
    "nila@example.org,": "nila@example.org",
}


@pytest.mark.parametrize(("text", "address"), NOISY.items())
def test_address_is_taken_out_of_its_noise(text: str, address: str) -> None:
    listed = pasted(email=text)
    assert (listed.problems, listed.students[0].email) == ((), address)


@pytest.mark.parametrize("between", ["; ", "/", ", ", " or "])
def test_one_of_two_addresses_is_chosen(between: str) -> None:
    addresses = ("zoya@example.org", "mum@example.org")
    listed = pasted(email=between.join(addresses))
    assert [at(problem)[1:] for problem in listed.problems] == [("email", True, addresses)]


@pytest.mark.parametrize(
    ("grade", "section", "expected"),
    [
        ("9 A", "9-A", "A"),
        ("IX", "Section B", "B"),
        ("9", "Sec. C", "C"),
        ("9", "9D", "D"),
        ("9 Std A", "a", "A"),
        ("9", "TH", "TH"),
        ("9th", "th", "TH"),
        ("9", "-", ""),
        ("11", "Science", "SCIENCE"),
        ("9-A", "", "A"),
    ],
)
def test_section_of_both_columns_is_one(grade: str, section: str, expected: str) -> None:
    listed = pasted(grade=grade, section=section)
    assert (listed.problems, listed.students[0].section) == ((), expected)


def test_remark_behind_the_grade_is_a_section_with_a_word() -> None:
    listed = pasted(grade="11 Science")
    assert [(problem.column, problem.is_error, problem.text) for problem in listed.problems] == [
        (Meaning.GRADE, False, "“SCIENCE” is read as the section. If it is none, write only the grade.")
    ]
    assert (listed.students[0].section, listed.students[0].doubtful) == ("SCIENCE", frozenset(["section"]))


def test_remark_behind_the_grade_beside_a_section_is_not_used() -> None:
    listed = pasted(grade="11 Science", section="A")
    assert [problem.text for problem in listed.problems] == [
        "“SCIENCE” behind the grade is not used: the section is A."
    ]
    assert (listed.students[0].section, listed.students[0].doubtful) == ("A", frozenset())


def test_section_of_another_grade_is_said() -> None:
    listed = pasted(grade="9", section="10A")
    assert [(problem.column, problem.is_error) for problem in listed.problems] == [(Meaning.SECTION, False)]
    assert listed.students[0].doubtful == {"section"}


@given(spellings())
def test_every_spelling_is_read_in_a_list(spelling: tuple[str, int, str]) -> None:
    text, grade, section = spelling
    listed = pasted(grade=text)
    assert listed.problems == ()
    assert (listed.students[0].grade, listed.students[0].section) == (grade, section)


def test_error_in_a_column_that_is_not_used_does_not_matter() -> None:
    table = "Name\tGrade\tHouse\tS. No.\tEvent\nAsha Rao\t9\t#REF!\t#N/A\tQuiz"
    assert [problem for problem in listing(read_paste(table)).problems if problem.is_error] == []


def test_damage_in_a_first_name_is_said() -> None:
    table = "First name\tLast name\tGrade\tEvent\nJosÃ©\tRao\t9\tQuiz\n#REF!\tDas\t9\tQuiz"
    found = [(problem.row, problem.is_error) for problem in listing(read_paste(table)).problems]
    assert found == [(2, False), (3, True)]
    assert [student.reliable.name for student in listing(read_paste(table)).ready] == ["JosÃ© Rao"]


@pytest.mark.parametrize(
    "name",
    [
        "1) Asha Rao",
        "12. Asha Rao",
        "Asha Rao D/o Suresh Rao",
        "Asha Rao / Ravi Das",
        "Asha Rao & Ravi Das",
        "Asha Rao (absent)",
        "Asha Rao 9876543210",
        "asha.rao@example.org",
        "Jos%C3%A9",
        r"Jos\\u00e9",
        "Nu_x00F1_ez",
    ],
)
def test_name_that_holds_more_than_a_name_is_said(name: str) -> None:
    listed = pasted(name=name)
    assert [at(problem)[1:3] for problem in listed.problems] == [("name", False)]


@pytest.mark.parametrize(
    "name", ["St. Mary Rao", "Asha (Ashu) Rao", "Rao-Das, Asha", "Asha Rao 10A", "D'Souza", "J.R.R. Das"]
)
def test_name_with_usual_signs_is_not_said(name: str) -> None:
    assert pasted(name=name).problems == ()
