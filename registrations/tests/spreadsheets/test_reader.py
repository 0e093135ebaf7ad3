"""Files as teachers make them are read as rows of text with the row numbers of the spreadsheet."""

import csv
import datetime as dt
import io
import zipfile

import pytest
import xlsxwriter

from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.sheet import Sheet
from registrations.tests.builders.spreadsheets import (
    TABLE,
    changed_archive,
    csv_bytes,
    with_sheet,
    xlsx_bytes,
)

DAY = dt.datetime(2026, 11, 24)  # noqa: DTZ001  # a cell has no zone


def cells_of(sheet: Sheet) -> list[list[str]]:
    return [list(row.cells) for row in sheet.rows]


def numbers_of(sheet: Sheet) -> list[int]:
    return [row.number for row in sheet.rows]


@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("encoding", "found", "is_guess"),
    [
        ("utf-8", "utf-8", False),
        ("utf-8-sig", "utf-8", False),
        ("utf-16", "utf-16-le", False),
        ("utf-16-le", "utf-16-le", True),
        ("utf-16-be", "utf-16-be", True),
        ("windows-1252", "windows-1252", True),
    ],
)
def test_csv_in_each_dialect_is_read(
    encoding: str, found: str, is_guess: bool, delimiter: str, line_end: str
) -> None:
    sheet = read_file(csv_bytes(TABLE, delimiter=delimiter, encoding=encoding, line_end=line_end))
    assert (cells_of(sheet), sheet.encoding, sheet.is_guess) == (TABLE, found, is_guess)


def test_utf_16_with_a_big_endian_mark_is_not_a_guess() -> None:
    sheet = read_file(b"\xfe\xff" + csv_bytes(TABLE, encoding="utf-16-be"))
    assert (cells_of(sheet), sheet.is_guess) == (TABLE, False)


def test_old_macintosh_text_is_shown_as_a_guess() -> None:
    sheet = read_file(csv_bytes(TABLE, encoding="mac_roman", line_end="\r"))
    assert (sheet.rows[2].cells[0], sheet.is_guess) == ("Zoë Müller", True)


def test_commas_inside_semicolon_cells_do_not_cut() -> None:
    table = [["Name", "Grade", "Events"], ["Rao, Asha", "9", "Quiz, Robo"], ["Lee, Ben", "9", "Quiz"]]
    assert cells_of(read_file(csv_bytes(table, delimiter=";"))) == table


def test_line_that_tells_excel_its_delimiter_is_no_row() -> None:
    sheet = read_file(b"sep=;\r\nName;Grade\r\nAsha, Rao;9\r\n")
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (1, ("Name", "Grade")),
        (2, ("Asha, Rao", "9")),
    ]


def test_blank_rows_keep_their_numbers_and_trailing_commas_go() -> None:
    sheet = read_file(b"Name,Grade,,\r\n\r\n,,,\r\nAsha,9,,\r\n , ,\t,\r\n\r\n")
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("Name", "Grade")), (4, ("Asha", "9"))]


def test_thousands_of_blank_rows_below_are_no_rows() -> None:
    assert numbers_of(read_file(b"Name,Grade\nAsha,9\n" + b",,,\n" * 50_000)) == [1, 2]


def test_quoted_line_end_stays_in_its_cell() -> None:
    sheet = read_file(b'Name,Events\n"Asha ""Bunny"" Rao","Quiz\r\nRobo"\nBen,5" disk\n')
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (1, ("Name", "Events")),
        (2, ('Asha "Bunny" Rao', "Quiz\r\nRobo")),
        (3, ("Ben", '5" disk')),
    ]


def test_open_quote_is_refused_with_its_row() -> None:
    with pytest.raises(FileRefused) as refused:
        read_file(b'Name,Grade\nAsha,9\n"Ben,9\nChitra,9\n')
    assert str(refused.value.text) == (
        'Row 3 of the selected file opens a quotation mark (") that is never closed. '
        "Close or delete it, or save the list as XLSX"
    )


def test_open_quote_in_a_paste_is_part_of_the_name() -> None:
    assert cells_of(read_paste('Name\tGrade\n"Asha\t9\nBen\t9')) == [
        ["Name", "Grade"],
        ['"Asha', "9"],
        ["Ben", "9"],
    ]


def test_paste_of_a_spreadsheet_is_read() -> None:
    sheet = read_paste('Name\tGrade\tEvents\r\nAsha Rao\t9\t"Quiz\nRobo"\r\n\r\nविद्या, क\t10\tQuiz\r\n')
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (1, ("Name", "Grade", "Events")),
        (2, ("Asha Rao", "9", "Quiz\nRobo")),
        (4, ("विद्या, क", "10", "Quiz")),
    ]


def test_workbook_values_are_read_as_they_are_shown() -> None:
    values = [
        [
            "Asha",
            9.0,
            9_870_000_000.0,
            2.5,
            True,
            DAY,
            DAY.replace(hour=9, minute=30),
        ],
        ["=1+1", "007", "+91 98700 00000", "-2", "@x", "\t=1", " two  "],
    ]
    written = io.BytesIO()
    options = {"strings_to_formulas": False, "default_date_format": "dd/mm/yyyy hh:mm"}
    with xlsxwriter.Workbook(written, options) as workbook:
        page = workbook.add_worksheet()
        for at, row in enumerate(values):
            page.write_row(at, 0, row)
    assert cells_of(read_file(written.getvalue())) == [
        ["Asha", "9", "9870000000", "2.5", "TRUE", "2026-11-24", "2026-11-24 09:30:00"],
        ["=1+1", "007", "+91 98700 00000", "-2", "@x", "\t=1", " two  "],
    ]


def test_title_merged_cells_and_blank_rows_of_a_workbook() -> None:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as workbook:
        page = workbook.add_worksheet("Class 9")
        page.merge_range(0, 1, 0, 3, "Riverside Public School")
        page.write_row(3, 1, ["Name", "Grade", "Event"])
        page.merge_range(4, 2, 6, 2, "9A")
        for at, name in ((4, "Asha"), (5, "Ben"), (6, "Chitra")):
            page.write_row(at, 1, [name])
            page.write(at, 3, "Quiz")
        page.write_blank(900, 9, None, workbook.add_format({"bg_color": "yellow"}))
    sheet = read_file(written.getvalue())
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (1, ("", "Riverside Public School")),
        (4, ("", "Name", "Grade", "Event")),
        (5, ("", "Asha", "9A", "Quiz")),
        (6, ("", "Ben", "9A", "Quiz")),
        (7, ("", "Chitra", "9A", "Quiz")),
    ]


def test_first_visible_sheet_with_rows_is_read_and_the_others_are_named() -> None:
    written = io.BytesIO()
    with xlsxwriter.Workbook(written) as workbook:
        workbook.add_worksheet("Cover")
        lists = workbook.add_worksheet("Lists")
        lists.write(0, 0, "hidden")
        workbook.add_worksheet("9A").write(0, 0, "Name")
        workbook.add_worksheet("9B").write(0, 0, "Name")
        lists.hide()
    sheet = read_file(written.getvalue())
    assert (sheet.name, sheet.other_names, cells_of(sheet)) == ("9A", ("9B",), [["Name"]])


def test_workbook_with_a_thousand_students_is_read() -> None:
    rows: list[list[object]] = [["Name", "Grade"], *([f"Student {number}", 9] for number in range(1000))]
    assert len(read_file(xlsx_bytes(rows)).rows) == 1001


def test_pictures_and_unknown_parts_of_a_workbook_do_no_harm() -> None:
    data = changed_archive(xlsx_bytes(TABLE), {"xl/media/image1.png": b"\x89PNG", "docProps/odd.xml": "<a/>"})
    assert cells_of(read_file(data)) == TABLE


def test_quotes_around_everything_are_read() -> None:
    assert cells_of(read_file(csv_bytes(TABLE, delimiter=";", quoting=csv.QUOTE_ALL))) == TABLE


def test_workbook_as_other_programs_write_it_is_read() -> None:
    """Inline texts, numbers without a type, an absolute path to the sheet, attributes in another order."""
    body = (
        '<row r="2" spans="1:2"><c t="inlineStr" r="A2"><is><r><t>Na</t></r><r><t xml:space="preserve">me</t></r></is>'
        '</c><c r="B2" t="str"><f>"Gr"&amp;"ade"</f><v>Grade</v></c></row>'
        '<row r="5"><c r="A5" s="1" t="inlineStr"><is><t>Asha &amp; Ben</t></is></c><c r="B5"><v>9.0</v></c></row>'
    )
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(TABLE))) as archive:
        relations = archive.read("xl/_rels/workbook.xml.rels").replace(b'"worksheets/', b'"/xl/worksheets/')
    assert b'"/xl/worksheets/' in relations
    sheet = read_file(changed_archive(with_sheet(body), {"xl/_rels/workbook.xml.rels": relations}))
    assert [(row.number, row.cells) for row in sheet.rows] == [
        (2, ("Name", "Grade")),
        (5, ("Asha & Ben", "9")),
    ]
