"""Downloaded tables are safe to open and are read back unchanged."""

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrations.spreadsheets.context import list_context
from registrations.spreadsheets.headers import find_header
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.rows import read_listing
from registrations.spreadsheets.writer import csv_lines, csv_table, csv_template, xlsx_table, xlsx_template
from registrations.tests.builders.spreadsheets import SHEET
from techfest.core.spreadsheet_cells import guarded, unguarded

FORMULAS = ["=HYPERLINK(1)", "+1", "-2", "@SUM", "\tx", "\rx", " =1", "\nx", "＝1"]
HARMLESS = ["a=1", "007", "'quoted", "'", "9-A", "", "Asha Rao", "विद्या"]


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_is_quoted(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text: str) -> None:
    assert guarded(text) == text


@given(st.text())
def test_guard_is_taken_back(text: str) -> None:
    assert unguarded(guarded(text)) == text or (text.startswith("'") and unguarded(text) == text[1:])


def test_csv_table_is_as_excel_wants_it() -> None:
    written = csv_table(["Name", "Problem"], [["Zoë", "=1"], ["a,b", 'say "x"']])
    assert written.decode("utf-8") == ('\ufeffName,Problem\r\nZoë,\'=1\r\n"a,b","say ""x"""\r\n')


def test_long_csv_is_written_row_by_row() -> None:
    lines = csv_lines(["Name"], ([str(number)] for number in range(3)))
    assert list(lines) == [b"\xef\xbb\xbfName\r\n", b"0\r\n", b"1\r\n", b"2\r\n"]


@pytest.mark.parametrize("write", [csv_table, xlsx_table])
def test_table_of_formulas_holds_only_text(write: Callable[..., bytes]) -> None:
    written = write(["Name", "Phone"], [[text, "+91 98700 00000"] for text in FORMULAS])
    read = [[cell.replace("_x000D_", "\r") for cell in row.cells] for row in read_file(written).rows[1:]]
    assert read == [[f"'{text}", "'+91 98700 00000"] for text in FORMULAS]
    if written.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(written)) as archive:
            assert b"<f>" not in archive.read(SHEET)


@pytest.mark.parametrize("as_csv", [True, False])
def test_template_comes_back_recognised(as_csv: bool) -> None:
    template = csv_template() if as_csv else xlsx_template(grades=range(5, 13), events=["Quiz", "=Robo"])
    sheet = read_file(template)
    assert [column.meaning for column in find_header(sheet).columns] == [
        Meaning.NAME,
        Meaning.GRADE,
        Meaning.SECTION,
        Meaning.ROLL_NUMBER,
        Meaning.EMAIL,
        *[Meaning.EVENTS] * 3,
    ]
    assert sheet.other_names == ()
    assert (
        read_listing(sheet, find_header(sheet), list_context(grades=range(5, 13), events={})).students == ()
    )


def test_template_offers_the_events_and_grades_and_keeps_text() -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx_template(grades=range(5, 13), events=["Quiz", "Chess"]))) as archive:
        sheet, styles = archive.read(SHEET).decode(), archive.read("xl/styles.xml").decode()
    assert sheet.count("<dataValidation ") == 4
    assert "<formula1>Choices!$A$1:$A$2</formula1>" in sheet
    assert '<formula1>"5,6,7,8,9,10,11,12"</formula1>' in sheet
    assert 'state="frozen"' in sheet
    assert 'numFmtId="49"' in styles


def test_template_of_a_fest_without_events_offers_none() -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx_template(grades=range(5, 13), events=[]))) as archive:
        assert archive.read(SHEET).decode().count("<dataValidation ") == 1


def test_table_of_problems_can_be_corrected_and_sent_again() -> None:
    titles = ["Name", "Class", "Events", "Problem"]
    written = xlsx_table(titles, [["-Asha", "9", "Quiz", "Enter the grade"]], name="Left")
    sheet = read_file(written)
    listed = read_listing(
        sheet, find_header(sheet), list_context(grades=range(5, 13), events={"quiz": "Quiz"})
    )
    assert (listed.problems, listed.students[0].name) == ((), "-Asha")
