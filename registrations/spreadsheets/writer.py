"""Files to download: tables as CSV or XLSX, and the empty class list."""

import csv
import io
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from registrations.models import Question
from registrations.spreadsheets.answers import column_title
from registrations.spreadsheets.meanings import LABELS, STUDENT_COLUMNS, Meaning
from registrations.spreadsheets.sheet import MAX_ROWS
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
"""The number of the built-in text format, which keeps what is typed: no dates, no exponents, no lost zeros."""
_WIDEST = 60


def csv_table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV that Excel opens correctly in every script: UTF-8 with a mark, commas, CRLF, guarded formulas."""
    return b"".join(csv_lines(titles, rows))


def csv_lines(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield the same row by row, for long tables."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    written.write("\ufeff")
    for row in itertools.chain([titles], rows):
        writer.writerow([guarded(cell) for cell in row])
        yield written.getvalue().encode("utf-8", "replace")
        written.seek(0)
        written.truncate()


def xlsx_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, name: str = "") -> bytes:
    """Return a workbook of text cells, with a frozen title row and columns as wide as their texts.

    Cells are guarded as in a CSV, so that saving the workbook as CSV is safe too.
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


EVENT_COLUMNS = 3
_WIDTHS = {Meaning.NAME: 32, Meaning.EMAIL: 32, Meaning.EVENTS: 28, Meaning.ANSWER: 28}


def titles_of_template(questions: Iterable[Question] = ()) -> list[tuple[Meaning, str]]:
    """Return the columns in order; their titles are recognised in every language when the file is uploaded."""
    events = [(Meaning.EVENTS, _("Event %(number)d") % {"number": n + 1}) for n in range(EVENT_COLUMNS)]
    asked = [(Meaning.ANSWER, column_title(one)) for one in questions]
    return [*((meaning, str(LABELS[meaning])) for meaning in STUDENT_COLUMNS), *events, *asked]


def csv_template(questions: Iterable[Question] = ()) -> bytes:
    """Return the titles alone: a CSV cannot offer choices."""
    return csv_table([title for _meaning, title in titles_of_template(questions)], [])


def xlsx_template(*, grades: range, events: Sequence[str], questions: Iterable[Question] = ()) -> bytes:
    """Return a workbook for 1,000 students with text cells (007 stays 007), drop-down lists and frozen titles.

    `events` are names. The drop-down lists warn but do not forbid, because a cell may name two events.
    """
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, WORKBOOK_OPTIONS) as workbook:
        text = workbook.add_format({"num_format": TEXT})
        title_form = workbook.add_format(
            {"num_format": TEXT, "bold": True, "bottom": 1, "bg_color": "#E8EAF6"}
        )
        sheet = workbook.add_worksheet(_("Class list")[:31])
        for column, (meaning, title) in enumerate(titles_of_template(questions)):
            sheet.set_column(column, column, _WIDTHS.get(meaning, 12), text)
            sheet.write_string(0, column, guarded(title), title_form)
            _offer_choices(sheet, column, meaning, grades, len(events))
        sheet.freeze_panes(1, 0)
        _write_choices(workbook, events)
    return written.getvalue()


def _offer_choices(sheet: Any, column: int, meaning: Meaning, grades: range, events: int) -> None:
    """Add a drop-down list. A list inside a rule may have 255 characters, so the events are on a second sheet."""
    source: Any = None
    if meaning == Meaning.GRADE:
        source = [str(grade) for grade in grades]
    elif meaning == Meaning.EVENTS and events:
        source = f"=Choices!$A$1:$A${events}"
    if source:
        rule = {"validate": "list", "source": source, "error_type": "warning", "ignore_blank": True}
        sheet.data_validation(1, column, MAX_ROWS, column, rule)


def _write_choices(workbook: Any, events: Sequence[str]) -> None:
    choices = workbook.add_worksheet("Choices")
    choices.hide()
    for at, name in enumerate(events):
        choices.write_string(at, 0, guarded(name))
