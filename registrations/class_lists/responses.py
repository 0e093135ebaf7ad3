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
from registrations.class_lists.parse import events_offered, questions_offered
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
    """The teacher's school has no list of this number."""


def explain_missing_list(view: View) -> View:
    """Show a page for a list that was just deleted (410), is unknown (404) or takes too long to read (422)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ListDeleted as deleted:
            return _page(
                request, 410, str(deleted.text), _("Nothing was changed, and no student was registered.")
            )
        except ClassListNotFound:
            words = _("A colleague may have deleted it, or it was not used for a week.")
            return _page(request, 404, _("This list no longer exists"), words)
        except FileRefused as refusal:
            return _page(request, 422, _("This list cannot be read"), str(refusal.text))

    return guarded


def _page(request: HttpRequest, status: int, heading: str, words: str) -> HttpResponseBase:
    context = {"heading": heading, "words": words}
    return render(request, "class_lists/absent.html", context, status=status)


def explain_too_large(answer: View) -> Callable[[View], View]:
    """Return `answer(request, ...)` if the form has more text than Django reads.

    `answer` must not read the form. The form is read here, before the CSRF check reads its token.
    """

    def explain(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                request.POST  # noqa: B018  # parses the form
            except RequestDataTooBig:
                return answer(request, *args, **kwargs)
            return csrf_protect(view)(request, *args, **kwargs)

        return read

    return explain


def template_answer(fest: Fest, kind: str) -> HttpResponse:
    """Return an empty class list; as XLSX with the fest's grades and events to choose from."""
    if kind == "csv":
        return file_answer(csv_template(questions_offered(fest).values()), "class-list.csv", MIME_CSV)
    if kind == "xlsx":
        events = list(events_offered(fest).values())
        questions = questions_offered(fest).values()
        content = xlsx_template(grades=fest.grades, events=events, questions=questions)
        return file_answer(content, "class-list.xlsx", MIME_XLSX)
    raise Http404


def table_answer(titles: list[str], rows: list[list[str]], *, kind: str, name: str) -> HttpResponse:
    """Return a table as CSV or XLSX; any other kind is not found."""
    if kind == "csv":
        return file_answer(csv_table(titles, rows), f"{name}.csv", MIME_CSV)
    if kind == "xlsx":
        return file_answer(xlsx_table(titles, rows, name=_("Problems")), f"{name}.xlsx", MIME_XLSX)
    raise Http404


def file_answer(data: bytes, name: str, mime: str) -> HttpResponse:
    """Return a download. `name` must not contain typed text."""
    return HttpResponse(
        data, content_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
