"""A table as a file that is sent while it is read (CSV), or that is written on a disk first (XLSX)."""

import csv
import io
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import xlsxwriter

from techfest.core.admin.export.cells import guarded
from techfest.core.admin.export.columns import Cell, Table

MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PIECE = 64 * 1024
"""Bytes of a CSV that are handed on at once."""
SAMPLE = 200
"""Rows by whose texts the columns of a workbook are made wide enough."""
WIDEST = 60
TEXT = 49
"""The number of the built-in format that keeps what is typed: no dates, no exponents, no lost zeros."""


def csv_pieces(table: Table) -> Iterator[bytes]:
    """UTF-8 with its mark, commas, CRLF, formulas guarded; numbers stay numbers, a telephone number stays text."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    written.write("\ufeff")
    first: list[Cell] = [*table.titles]
    for row in itertools.chain([first], table.lines()):
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
        if written.tell() >= PIECE:
            yield _taken(written)
    yield _taken(written)


def _taken(written: io.StringIO) -> bytes:
    piece = written.getvalue().encode("utf-8", "replace")
    written.seek(0)
    written.truncate()
    return piece


def xlsx_file(table: Table, *, folder: str | None = None) -> IO[bytes]:
    """An open file without a name, which is gone when it is closed; rows are never all in memory.

    `folder` is where the library keeps its own pieces until the workbook is whole.
    """
    written = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    options = {"constant_memory": True, "strings_to_urls": False, "tmpdir": folder}
    with xlsxwriter.Workbook(written, options) as workbook:
        sheet = workbook.add_worksheet()
        text = workbook.add_format({"num_format": TEXT})
        lines = table.lines()
        sample = list(itertools.islice(lines, SAMPLE))
        for column, width in enumerate(_widths(table.titles, sample)):
            sheet.set_column(column, column, width, text)
        sheet.freeze_panes(1, 0)
        _write(sheet, 0, table.titles, workbook.add_format({"num_format": TEXT, "bold": True, "bottom": 1}))
        for number, row in enumerate(itertools.chain(sample, lines), 1):
            _write(sheet, number, row, text)
    written.seek(0)
    return written


def _write(sheet: Any, number: int, row: Sequence[Cell], text: Any) -> None:
    """Cells are guarded as in a CSV: whoever saves it as CSV later is safe, too."""
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(number, column, cell)
        elif cell:
            sheet.write_string(number, column, guarded(cell)[:32_767], text)


def _widths(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> list[int]:
    cells = zip(*([titles, *rows]), strict=True)
    return [min(WIDEST, max(len(str(cell or "")) for cell in column)) + 2 for column in cells]
