"""Class lists as files: the empty one, and the rows that need fixing."""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from events.models import Fest
from registrations.class_lists.checking import events_offered
from registrations.spreadsheets.tables import MIME_CSV, MIME_XLSX, csv_table, xlsx_table
from registrations.spreadsheets.writer import csv_template, xlsx_template


def template_answer(fest: Fest, kind: str) -> HttpResponse:
    """An empty class list with the titles, as XLSX also with the fest's grades and events to choose from."""
    if kind == "csv":
        return file_answer(csv_template(), "class-list.csv", MIME_CSV)
    if kind == "xlsx":
        events = list(events_offered(fest).values())
        return file_answer(xlsx_template(grades=fest.grades, events=events), "class-list.xlsx", MIME_XLSX)
    raise Http404


def table_answer(titles: list[str], rows: list[list[str]], *, kind: str, name: str) -> HttpResponse:
    """Rows with their problems, as CSV or XLSX; any other kind of file is not found."""
    if kind == "csv":
        return file_answer(csv_table(titles, rows), f"{name}.csv", MIME_CSV)
    if kind == "xlsx":
        return file_answer(xlsx_table(titles, rows, name=_("Problems")), f"{name}.xlsx", MIME_XLSX)
    raise Http404


def file_answer(data: bytes, name: str, mime: str) -> HttpResponse:
    """`name` is ours, never what somebody typed."""
    return HttpResponse(
        data, content_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
