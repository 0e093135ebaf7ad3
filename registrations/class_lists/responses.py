"""Responses that several class list views share: error pages and files."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from events.models import Fest
from registrations.class_lists.drafts import ListDeleted
from registrations.class_lists.parse import events_offered
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.writer import (
    MIME_CSV,
    MIME_XLSX,
    csv_table,
    csv_template,
    xlsx_table,
    xlsx_template,
)

View = Callable[..., HttpResponseBase]


class ClassListNotFound(Http404):
    """No list of the teacher's school has this number: it never had, or somebody deleted it."""


def explain_missing_list(view: View) -> View:
    """Answers for a list that a colleague deleted meanwhile (410), is unknown (404) or takes too long to read (422)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ListDeleted as deleted:
            return _page(
                request, 410, str(deleted.text), _("Nothing was changed and nobody was registered by it.")
            )
        except ClassListNotFound:
            words = _("A colleague of your school may have deleted it, or nobody worked on it for a week.")
            return _page(request, 404, _("This list is not here any more"), words)
        except FileRefused as refusal:
            return _page(request, 422, _("This list cannot be read"), str(refusal.text))

    return guarded


def _page(request: HttpRequest, status: int, heading: str, words: str) -> HttpResponseBase:
    context = {"heading": heading, "words": words}
    return render(request, "class_lists/absent.html", context, status=status)


def explain_too_large(answer: View) -> Callable[[View], View]:
    """Gives `answer(request, ...)` to whoever sends more. It must not read the fields, and nothing was saved.

    The fields are read here, before the token among them is.
    """

    def explain(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                request.POST  # noqa: B018  # reading is the question
            except RequestDataTooBig:
                return answer(request, *args, **kwargs)
            return csrf_protect(view)(request, *args, **kwargs)

        return read

    return explain


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
