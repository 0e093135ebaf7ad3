"""Workbooks and lists laid out as schools lay them out, and what is read of them."""

import io
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import xlsxwriter

from registrations.class_lists.parse import ParsedList, parse_file
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.sheet import Sheet

EVENTS = {"quiz": "Quiz", "robotics": "Robotics"}
GRADES = range(5, 13)
Rows = Sequence[Sequence[Any]]


def book(
    sheets: Mapping[str, Rows],
    *,
    opened: str = "",
    hidden: Collection[int] = (),
    struck: Collection[tuple[int, int]] = (),
    merged: Collection[str] = (),
) -> bytes:
    """Return an XLSX file of these sheets; rows to hide by number, cells to strike out by row number and position."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as workbook:
        strike = workbook.add_format({"font_strikeout": True})
        for name, rows in sheets.items():
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows, 1):
                for position, cell in enumerate(row):
                    sheet.write(number - 1, position, cell, strike if (number, position) in struck else None)
                if number in hidden:
                    sheet.set_row(number - 1, None, None, {"hidden": True})
            for place in merged:
                sheet.merge_range(place, None)
            if name == opened:
                sheet.activate()
    return written.getvalue()


def table_text(rows: Rows) -> bytes:
    """Return the rows as text between tabs."""
    return "\n".join("\t".join(str(cell) for cell in row) for row in rows).encode()


def read(data: bytes | Sheet, **values: Any) -> ParsedList:
    sheet = read_file(data) if isinstance(data, bytes) else data
    return parse_file(sheet, **({"grades": GRADES, "events": EVENTS} | values))


def students(parsed: ParsedList) -> list[tuple[Any, ...]]:
    """Return row, name, grade, section and events of each student."""
    return [(one.row, one.name, one.grade, one.section, *one.events) for one in parsed.listing.students]


def left_out(parsed: ParsedList) -> dict[int, str]:
    return {number: str(reason) for number, reason in parsed.left_out.items()}
