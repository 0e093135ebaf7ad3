"""Tables that people download: safe to open, and whole when they come back."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter

from techfest.core.spreadsheet_cells import guarded

MIME_CSV = "text/csv; charset=utf-8"
MIME_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORKBOOK_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
TEXT = 49
"""The number of the built-in format that keeps what is typed: no dates, no exponents, no lost zeros."""
_WIDEST = 60


def csv_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV that Excel opens with every script right: UTF-8 with its mark, commas, CRLF, formulas guarded."""
    return b"".join(csv_lines(titles, rows))


def csv_lines(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """The same, row by row, for lists that are longer than a class."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    written.write("\ufeff")
    for row in itertools.chain([titles], rows):
        writer.writerow([guarded(cell) for cell in row])
        yield written.getvalue().encode("utf-8", "replace")
        written.seek(0)
        written.truncate()


def xlsx_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, name: str = "") -> bytes:
    """A workbook whose cells are all text, with the title row frozen and columns as wide as their texts.

    Cells are guarded as in a CSV: whoever saves it as CSV later is safe, too.
    """
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, WORKBOOK_OPTIONS) as workbook:
        sheet = workbook.add_worksheet(name or None)
        text = workbook.add_format({"num_format": TEXT, "valign": "top", "text_wrap": True})
        widths = [len(title) for title in titles]
        _write_row(sheet, 0, titles, workbook.add_format({"num_format": TEXT, "bold": True, "bottom": 1}))
        for number, row in enumerate(rows, 1):
            _write_row(sheet, number, row, text)
            widths = [max(old, len(cell)) for old, cell in zip(widths, row, strict=False)] + widths[
                len(row) :
            ]
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, _WIDEST) + 2, text)
        sheet.freeze_panes(1, 0)
    return written.getvalue()


def _write_row(sheet: Any, number: int, row: Sequence[str], form: Any) -> None:
    for column, cell in enumerate(row):
        sheet.write_string(number, column, guarded(cell)[:32_767], form)
