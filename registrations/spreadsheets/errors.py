"""Why a file is refused, in sentences for the person who uploaded it, and the time limit for reading it."""

import time

from django.utils.translation import gettext_lazy as _

from registrations.spreadsheets.sheet import MAX_COLUMNS, MAX_ROWS
from techfest.core.errors import UserFacingError

TEXTS = {
    "missing": _("Select a class list"),
    "kind": _("The selected file must be a CSV or XLSX"),
    "old": _("The selected file must be a CSV or XLSX. Open this older Excel file and save it as XLSX"),
    "size": _("The selected file must be smaller than 2 MB"),
    "empty": _("The selected file is empty"),
    "password": _(
        "The selected file is password protected. Save it without a password and upload the new file"
    ),
    "pdf": _(
        "The selected file is a PDF, which has no rows and columns. Upload the spreadsheet it was made from, "
        "as XLSX or CSV"
    ),
    "picture": _(
        "The selected file is a picture. Upload the list as XLSX or CSV, or type its rows into a spreadsheet"
    ),
    "document": _(
        "The selected file is a text document or a presentation. Copy its table into a spreadsheet and save it as XLSX"
    ),
    "html": _(
        "The selected file is a web page, whatever its name says. "
        "Open it in your spreadsheet program and save it as XLSX"
    ),
    "spreadsheetml": _(
        "The selected file is an “XML Spreadsheet 2003”, whatever its name says. "
        "Open it in your spreadsheet program and save it as XLSX"
    ),
    "xml": _("The selected file is an XML file. Open it in your spreadsheet program and save it as XLSX"),
    "json": _("The selected file is a JSON file. Export the list as CSV or XLSX instead"),
    "link": _(
        "The selected file is only a link to a spreadsheet on the web. Open the spreadsheet, download it as XLSX "
        "and upload that file"
    ),
    "ods": _(
        "The selected file is an OpenDocument spreadsheet (ODS). "
        "Open it in your spreadsheet program and save it as XLSX"
    ),
    "numbers": _(
        "The selected file is a document of Numbers, Pages or Keynote. In Numbers choose File, Export To, Excel, "
        "and upload the new file"
    ),
    "xlsb": _("The selected file is a binary Excel workbook (XLSB). Open it in Excel and save it as XLSX"),
    "foreign": _(
        "The selected file is of an older spreadsheet or database program. Open it in your spreadsheet program "
        "and save it as XLSX"
    ),
    "zip": _("The selected file is a ZIP archive. Unpack it and upload the XLSX or CSV that is in it"),
    "packed": _(
        "The selected file is a compressed archive. Unpack it and upload the XLSX or CSV that is in it"
    ),
    "zeros": _(
        "The selected file holds nothing but zero bytes: it was not copied or downloaded completely. "
        "Get it again, or save it again and upload the new file"
    ),
    "encoding": _(
        "The selected file does not say which encoding its letters have. "
        "Save it as XLSX or as “CSV UTF-8” and upload the new file"
    ),
    "macros": _("The selected file must not contain macros. Save it as XLSX without macros"),
    "nested": _("The selected file must not contain other files. Copy the list into a new file"),
    "unsafe": _(
        "The selected file is not built like an XLSX. Copy the list into a new file and save it as XLSX"
    ),
    "damaged": _("The selected file is damaged. Open it, save it as XLSX again and upload the new file"),
    "rows": _("The selected file must have %(max_rows)s students or fewer"),
    "columns": _("The selected file must have %(max_columns)s columns or fewer"),
    "cells": _(
        "The selected file must have %(max_rows)s rows and %(max_columns)s columns or fewer. "
        "Delete everything below and beside the list, or copy the list into a new file"
    ),
    "quote": _(
        'Row %(row)s of the selected file opens a quotation mark (") that is never closed. '
        "Close or delete it, or save the list as XLSX"
    ),
    "slow": _(
        "The selected file takes too long to read. Copy the list alone into a new file, or send it in parts"
    ),
    "no students": _("The selected file has no students below its titles"),
    "no timetable": _("Select a timetable"),
    "timetable": _("The selected file must have the titles of an exported timetable, like Event and Starts"),
    "failed": _("The selected file could not be uploaded – try again"),
}
"""The wording follows the GOV.UK design system where it has a sentence for the case."""
PASTED_TEXTS = {
    "kind": _("Paste the rows as they are in the spreadsheet, without markup and control characters"),
    "size": _("The pasted rows must be smaller than 2 MB"),
    "empty": _("Paste the rows of your spreadsheet"),
    "slow": _("The pasted rows take too long to read. Paste the list alone, or in parts"),
    "no students": _("The pasted rows have no students below the titles"),
    "rows": _("The pasted rows must be %(max_rows)s students or fewer"),
    "columns": _("The pasted rows must have %(max_columns)s columns or fewer"),
}


class FileRefused(UserFacingError):
    """The file or the pasted rows were refused, and nothing was stored; `code` is a key of `TEXTS`."""

    def __init__(self, code: str, *, row: int = 0, is_paste: bool = False) -> None:
        super().__init__(code)
        self.code, self.row = code, row
        text = PASTED_TEXTS.get(code, PASTED_TEXTS["kind"]) if is_paste else TEXTS[code]
        self.text = text % {
            "row": row,
            "max_rows": f"{MAX_ROWS:,}",
            "max_columns": MAX_COLUMNS,
        }


SECONDS = 3.0
"""Processor seconds of this thread. A class list of 1,000 rows takes a tenth of it."""


class Budget:
    """The processor time for one list. Wall time would refuse good files on a busy machine."""

    def __init__(self, *, is_paste: bool = False) -> None:
        self._ends, self._is_paste = time.thread_time() + SECONDS, is_paste

    def check(self) -> None:
        """Raise `FileRefused` once the time is used up; called for each row."""
        if time.thread_time() > self._ends:
            raise FileRefused("slow", is_paste=self._is_paste)
