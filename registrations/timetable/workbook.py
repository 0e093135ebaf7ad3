"""The timetable as a workbook for editing: real dates, drop-down lists, and a hidden column that identifies each
row.
"""

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from events.models import Event
from registrations.spreadsheets.writer import TEXT, WORKBOOK_OPTIONS
from registrations.timetable.columns import COLUMNS, MARK, TIMES, CellContext
from registrations.timetable.events import mark_of, row_of
from techfest.core.spreadsheet_cells import guarded

MORE_ROWS = 200
"""Rows below the events with the same drop-down lists, for new events."""
_DATE = "yyyy-mm-dd hh:mm"
_NUMBERS = ("grade_min", "grade_max", "capacity")


def workbook(events: Sequence[Event], context: CellContext) -> bytes:
    """Return a file for Excel and LibreOffice. Times are local to the fest; no cell can be read as a formula."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, WORKBOOK_OPTIONS | {"remove_timezone": True}) as book:
        sheet = book.add_worksheet(_("Timetable")[:31])
        forms = {
            "text": book.add_format({"num_format": TEXT}),
            "time": book.add_format({"num_format": _DATE, "align": "left"}),
            "number": book.add_format({"num_format": "0"}),
            "title": book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EAF6"}),
        }
        _write_titles(sheet, forms)
        for number, event in enumerate(events, 1):
            _write_event(sheet, number, event, context, forms)
        sheet.freeze_panes(1, 1)
        _offer_choices(book, sheet, context, len(events) + MORE_ROWS)
    return written.getvalue()


def _write_titles(sheet: Any, forms: Mapping[str, Any]) -> None:
    for at, column in enumerate(COLUMNS):
        sheet.set_column(at, at, column.width, forms[_form(column.name)])
        sheet.write_string(0, at, str(column.title), forms["title"])
    sheet.set_column(len(COLUMNS), len(COLUMNS), 10, forms["text"], {"hidden": True})
    sheet.write_string(0, len(COLUMNS), MARK, forms["title"])


def _write_event(
    sheet: Any, number: int, event: Event, context: CellContext, forms: Mapping[str, Any]
) -> None:
    row = row_of(event)
    for at, column in enumerate(COLUMNS):
        value, form = row[column.name], forms[_form(column.name)]
        if column.name in TIMES:
            sheet.write_datetime(number, at, dt.datetime.fromisoformat(value).astimezone(context.zone), form)
        elif column.name in _NUMBERS:
            sheet.write_number(number, at, value, form)
        else:
            sheet.write_string(number, at, guarded(_shown(column.name, value)), form)
    sheet.write_string(number, len(COLUMNS), mark_of(event, row), forms["text"])


def _shown(name: str, value: str) -> str:
    return str(Event.State(value).label) if name == "state" else value


def _form(name: str) -> str:
    if name in TIMES:
        return "time"
    return "number" if name in _NUMBERS else "text"


def _offer_choices(book: Any, sheet: Any, context: CellContext, rows: int) -> None:
    """Add drop-down lists from a hidden sheet; a list inside a rule may have 255 characters only."""
    choices = book.add_worksheet("Choices")
    choices.hide()
    states = [str(state.label) for state in Event.State]
    offered = {
        "category": list(context.categories.values()),
        "venue": list(context.venues.values()),
        "state": states,
    }
    for at, (name, texts) in enumerate(offered.items()):
        for number, text in enumerate(texts):
            choices.write_string(number, at, guarded(text))
        column = next(place for place, one in enumerate(COLUMNS) if one.name == name)
        letter = "ABC"[at]
        if texts:
            source = f"=Choices!${letter}$1:${letter}${len(texts)}"
            rule = {"validate": "list", "source": source, "ignore_blank": True}
            sheet.data_validation(1, column, rows, column, rule)
