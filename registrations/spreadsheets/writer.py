"""The empty class list that a teacher downloads, with the fest's own grades and events to choose from."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from registrations.spreadsheets.headers import LABELS, Meaning
from registrations.spreadsheets.sheet import MAX_ROWS
from registrations.spreadsheets.tables import TEXT, WORKBOOK_OPTIONS, csv_table
from techfest.core.spreadsheet_cells import guarded

EVENT_COLUMNS = 3
_WIDTHS = {Meaning.NAME: 32, Meaning.EMAIL: 32, Meaning.EVENTS: 28}


def titles_of_template() -> list[tuple[Meaning, str]]:
    """The columns in order; the titles are recognised when the file comes back, in every language."""
    single = (Meaning.NAME, Meaning.GRADE, Meaning.SECTION, Meaning.ROLL_NUMBER, Meaning.EMAIL)
    events = [(Meaning.EVENTS, _("Event %(number)d") % {"number": n + 1}) for n in range(EVENT_COLUMNS)]
    return [*((meaning, str(LABELS[meaning])) for meaning in single), *events]


def csv_template() -> bytes:
    """The titles alone: a CSV can offer nothing to choose from."""
    return csv_table([title for _meaning, title in titles_of_template()], [])


def xlsx_template(*, grades: range, events: Sequence[str]) -> bytes:
    """A workbook for 1,000 students: all cells text, so that 007 stays 007; drop-downs; titles frozen.

    `events` are names. The drop-downs warn but do not forbid: two events in one cell are read, too.
    """
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, WORKBOOK_OPTIONS) as workbook:
        text = workbook.add_format({"num_format": TEXT})
        title_form = workbook.add_format(
            {"num_format": TEXT, "bold": True, "bottom": 1, "bg_color": "#E8EAF6"}
        )
        sheet = workbook.add_worksheet(_("Class list")[:31])
        for column, (meaning, title) in enumerate(titles_of_template()):
            sheet.set_column(column, column, _WIDTHS.get(meaning, 12), text)
            sheet.write_string(0, column, title, title_form)
            _offer_choices(sheet, column, meaning, grades, len(events))
        sheet.freeze_panes(1, 0)
        _write_choices(workbook, events)
    return written.getvalue()


def _offer_choices(sheet: Any, column: int, meaning: Meaning, grades: range, events: int) -> None:
    """A list to choose from. The text of a list typed into a rule may have 255 signs, hence the second sheet."""
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
