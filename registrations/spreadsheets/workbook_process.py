"""The sandboxed process that parses a workbook; it may be killed at any time.

It reads the file from standard input and writes one line of JSON. It has no environment and must not import Django.
Once confined, it can open no file and no socket and start no process.
"""

import codecs
import datetime as dt
import io
import json
import resource
import sys
import time
from typing import Any, TypeAlias

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from registrations.spreadsheets.archive import WorkbookRefused, sanitize_archive
from registrations.spreadsheets.sandbox import confine
from registrations.spreadsheets.sheet import (
    MAX_COLUMNS,
    MAX_LINES,
    MAX_TOTAL_CHARACTERS,
    Row,
    excess,
    filled_rows,
)
from registrations.spreadsheets.workbook_marks import SheetMarks, marks_of

MEGABYTES = 150
CPU_SECONDS = 1
_MAX_SHEETS = 50
_SHARE_FOR_OTHERS = 0.5
"""The share of the processor time after which no further sheet is read."""


def main() -> None:
    """Write `{"refused": code, "row": n}` or `{"sheets": …}`; past a resource limit the kernel ends the process."""
    restrict()
    answer: dict[str, Any]
    try:
        answer = read(sys.stdin.buffer.read())
    except WorkbookRefused as reason:
        answer = {"refused": reason.code, "row": reason.row}
    except PasswordError:
        answer = {"refused": "password"}
    except CalamineError:
        answer = {"refused": "damaged"}
    except MemoryError:
        answer = {"refused": "cells"}
    sys.stdout.buffer.write(json.dumps(answer).encode())


def restrict() -> None:
    """Limit memory and processor time of this process, and take away files, sockets and processes.

    RLIMIT_DATA counts heap and anonymous maps (Linux 4.7 and later); beyond it Python raises MemoryError and Rust
    aborts. Processor time is limited instead of wall time, so that a busy machine refuses no good file.
    """
    limit()
    confine()


def limit() -> None:
    """Set the resource limits. Without the filter a file can still be opened once a descriptor is free."""
    # zipfile needs this codec for old file names and cannot load it once confined.
    codecs.lookup("cp437")
    for resource_name, maximum in (
        (resource.RLIMIT_DATA, MEGABYTES * 1024 * 1024),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 3),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(resource_name, (maximum, maximum))


def read(data: bytes) -> dict[str, Any]:
    """Return the visible sheets that are not empty, each with its rows or the reason why it cannot be read.

    The sheet that was open comes first, then the others in their order. Once half of the processor time is used up,
    or the texts are too long together, the rest are named and not read.
    """
    archive = sanitize_archive(data)
    with CalamineWorkbook.from_filelike(io.BytesIO(archive)) as workbook:
        shown = [index for index, sheet in enumerate(workbook.sheets_metadata) if _is_shown(sheet)]
        if len(shown) > _MAX_SHEETS:
            raise WorkbookRefused("cells")
        sheets = {index: workbook.get_sheet_by_index(index) for index in shown}
    filled = {index: sheet for index, sheet in sheets.items() if sheet.start is not None}
    marks = marks_of(archive, list(filled))
    del archive
    first = [marks.opened] if marks.opened in filled else []
    answers: list[dict[str, Any]] = []
    characters = 0
    for index in dict.fromkeys([*first, *filled]):
        is_full = characters > MAX_TOTAL_CHARACTERS or time.process_time() > CPU_SECONDS * _SHARE_FOR_OTHERS
        answer = _sheet(
            filled[index], marks.sheets.get(index, SheetMarks()), is_read=not (answers and is_full)
        )
        characters += sum(len(cell) for _number, cells in answer.get("rows", ()) for cell in cells)
        if answer:
            answers.append(answer | {"at": index, "is_open": index == marks.opened})
    if answers and "refused" in answers[0] and all("rows" not in answer for answer in answers):
        raise WorkbookRefused(answers[0]["refused"], answers[0]["row"])
    return {"sheets": answers}


def _sheet(sheet: CalamineSheet, marks: SheetMarks, *, is_read: bool) -> dict[str, Any]:
    """Return one sheet; empty if it has no filled cell."""
    if not is_read:
        return {"name": sheet.name, "refused": "slow", "row": 0}
    try:
        rows = _rows(sheet)
    except WorkbookRefused as reason:
        return {"name": sheet.name, "refused": reason.code, "row": reason.row}
    if not rows:
        return {}
    numbers = {row.number for row in rows}
    return {
        "name": sheet.name,
        "rows": [(row.number, row.cells) for row in rows],
        "hidden": sorted(numbers & marks.hidden),
        "struck": sorted(place for place in marks.struck if place[0] in numbers),
    }


def _is_shown(sheet: SheetMetadata) -> bool:
    return sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible


def _rows(sheet: CalamineSheet) -> tuple[Row, ...]:
    if sheet.height > MAX_LINES or sheet.width > MAX_COLUMNS * 10:
        raise WorkbookRefused("cells")
    top, left = sheet.start or (0, 0)
    texts = [[text_of(value) for value in row] for row in sheet.to_python()]
    _fill_merged(texts, sheet, top, left)
    rows = filled_rows((top + 1 + at, [""] * left + row) for at, row in enumerate(texts))
    if too_much := excess(rows):
        raise WorkbookRefused(*too_much)
    return rows


def _fill_merged(texts: list[list[str]], sheet: CalamineSheet, top: int, left: int) -> None:
    """Copy a cell merged over several rows, like one grade beside twenty names, into each of them."""
    for (first, column), (last, _column) in sheet.merged_cell_ranges or []:
        if not (0 <= first - top < len(texts) and 0 <= column - left < len(texts[0])):
            continue
        for at in range(first - top + 1, min(last - top + 1, len(texts))):
            texts[at][column - left] = texts[first - top][column - left]


Value: TypeAlias = str | float | int | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


def text_of(value: Value) -> str:
    """Return a cell value as its author saw it: 9.0 is "9", a phone number keeps its digits, a day is 2026-11-24."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, dt.timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date) else value.isoformat("seconds")


def _number(value: float) -> str:
    """Return whole numbers with all digits, others with the 15 digits that a spreadsheet keeps."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    return f"{value:.15g}"


if __name__ == "__main__":
    main()
