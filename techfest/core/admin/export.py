"""Admin lists as files: the button "Download this list" gives the list as filtered, searched and ordered."""

import csv
import datetime as dt
import io
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import xlsxwriter
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import F, Model, QuerySet
from django.db.models.expressions import Combinable
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from techfest.core import audit_log
from techfest.core.db.clock import database_now
from techfest.core.roles import is_owner
from techfest.core.spreadsheet_cells import guarded

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = object

CHUNK = 2_000
"""Rows fetched at once, which bounds the memory of an export of any size."""
Cell = str | int | None
Writer = Callable[[Any], Cell]
MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PIECE = 64 * 1024
"""Bytes of a CSV file sent at once."""
SAMPLE = 200
"""Rows whose texts decide the width of a workbook's columns."""
MAX_WIDTH = 60
TEXT_FORMAT = 49
"""The built-in number format for text: no dates, no exponents, no lost leading zeros."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and the lookup or expression that it shows.

    `choices` are a field's choices, whose labels are written. Only owners get a column that `is_owners_only`.
    """

    title: "str | _StrPromise"
    source: str | Combinable
    choices: Iterable[tuple[Any, Any]] = ()
    is_owners_only: bool = False
    write: Writer | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Titles and the rows of a query, ready to be written row by row.

    Rows are read while the response is sent, after language and time zone of the request have been reset, so all
    texts are resolved when the table is made.
    """

    titles: list[str]
    rows: QuerySet[Any]
    writers: list[Writer] = field(repr=False)

    def lines(self) -> Iterator[list[Cell]]:
        for row in self.rows.iterator(chunk_size=CHUNK):
            yield [write(value) for write, value in zip(self.writers, row, strict=True)]


class DownloadableList(_ModelAdmin):
    """A mixin for a ModelAdmin whose list can be downloaded: it declares `export_columns`."""

    export_columns: Sequence[Column] = ()

    def get_urls(self) -> list[URLPattern]:
        view = require_safe(self.admin_site.admin_view(self.download_view))
        name = f"{self.opts.app_label}_{self.opts.model_name}_download"
        route = [path(f"download.{kind}", view, {"kind": kind}, name=f"{name}_{kind}") for kind in MIME]
        return [*(route if self.export_columns else []), *super().get_urls()]

    def columns_for(self, request: HttpRequest) -> list[Column]:
        """The columns that the user may download."""
        return [
            column for column in self.export_columns if is_owner(request.user) or not column.is_owners_only
        ]

    def download_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """The rows of the list, all pages of it. The audit log records who downloaded them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        columns = self.columns_for(request)
        if request.method == "GET":
            self._record(request, kind, listed.result_count)
        exported = table(listed.queryset, columns, zone=get_current_timezone())
        return file_response(
            exported, kind, name=f"{self.opts.model_name}s-{localtime(database_now()):%Y-%m-%d}.{kind}"
        )

    def _record(self, request: HttpRequest, kind: str, count: int) -> None:
        """Record the list, its filters and the number of rows, but not the search term, which may be a name."""
        filters = sorted(name for name in request.GET if request.GET[name])
        after = {"list": self.opts.label_lower, "kind": kind, "rows": count, "filters": filters}
        user: Any = request.user
        audit_log.record(user, what="exported", now=database_now(), user=user, after=after)


def file_response(exported: Table, kind: str, *, name: str) -> HttpResponseBase:
    """The file: CSV is streamed, XLSX is written to disk first. `name` must not contain user input."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store, private"}
    if kind == "csv":
        return StreamingHttpResponse(csv_pieces(exported), content_type=MIME[kind], headers=headers)
    return FileResponse(xlsx_file(exported), content_type=MIME[kind], headers=headers)


def table(rows: QuerySet[Model], columns: Sequence[Column], *, zone: dt.tzinfo) -> Table:
    """These columns of the rows, in their order. Times are written in `zone`."""
    named = {
        f"column_{index}": F(column.source) if isinstance(column.source, str) else column.source
        for index, column in enumerate(columns)
    }
    return Table(
        [str(column.title) for column in columns],
        rows.annotate(**named).values_list(*named),
        [_writer(column, zone) for column in columns],
    )


def _writer(column: Column, zone: dt.tzinfo) -> Writer:
    if column.write:
        return column.write
    yes, no = _("yes"), _("no")
    labels = {value: str(label) for value, label in column.choices}

    def write(value: Any) -> Cell:
        if isinstance(value, bool):
            return yes if value else no
        if isinstance(value, dt.datetime):
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        if value is None or isinstance(value, int):
            return value
        return labels.get(value, str(value))

    return write


def csv_pieces(table: Table) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, commas, CRLF and guarded formulas; integers stay numbers, texts stay texts."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    file.write("\ufeff")
    first: list[Cell] = [*table.titles]
    for row in itertools.chain([first], table.lines()):
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
        if file.tell() >= PIECE:
            yield _take(file)
    yield _take(file)


def _take(file: io.StringIO) -> bytes:
    piece = file.getvalue().encode("utf-8", "replace")
    file.seek(0)
    file.truncate()
    return piece


def xlsx_file(table: Table, *, folder: str | None = None) -> IO[bytes]:
    """An open temporary file, deleted when it is closed; rows are never all in memory.

    The library keeps its intermediate files in `folder`.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    options = {"constant_memory": True, "strings_to_urls": False, "tmpdir": folder}
    with xlsxwriter.Workbook(file, options) as workbook:
        sheet = workbook.add_worksheet()
        text = workbook.add_format({"num_format": TEXT_FORMAT})
        lines = table.lines()
        sample = list(itertools.islice(lines, SAMPLE))
        for column, width in enumerate(_widths(table.titles, sample)):
            sheet.set_column(column, column, width, text)
        sheet.freeze_panes(1, 0)
        _write(
            sheet,
            0,
            table.titles,
            workbook.add_format({"num_format": TEXT_FORMAT, "bold": True, "bottom": 1}),
        )
        for index, row in enumerate(itertools.chain(sample, lines), 1):
            _write(sheet, index, row, text)
    file.seek(0)
    return file


def _write(sheet: Any, index: int, row: Sequence[Cell], text: Any) -> None:
    """Guard cells as in a CSV file, in case the workbook is saved as CSV later."""
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(index, column, cell)
        elif cell:
            sheet.write_string(index, column, guarded(cell)[:32_767], text)


def _widths(titles: Sequence[str], rows: Iterable[Sequence[Cell]]) -> list[int]:
    cells = zip(*([titles, *rows]), strict=True)
    return [min(MAX_WIDTH, max(len(str(cell or "")) for cell in column)) + 2 for column in cells]
