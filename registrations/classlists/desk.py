"""The desk's page that checks a class list and keeps nothing, its templates and its table of problems.

The admin lets in staff only and protects the forms; each view asks for the permission.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core import signing
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.models import Fest
from registrations.classlists.checking import carried, events_offered, uncarried
from registrations.classlists.form import ClassListForm
from registrations.sheets.tables import MIME_CSV, MIME_XLSX, csv_table, xlsx_table
from registrations.sheets.templates import csv_template, xlsx_template

View = Callable[..., HttpResponseBase]
PERMISSION = "registrations.add_student"
_may_check = permission_required(PERMISSION, raise_exception=True)


def told_when_too_long(view: View) -> View:
    """Shows the page with a sentence to whoever pastes more than Django reads from the fields of a form.

    The fields are read here, before the token among them is: without this it would be a bare "bad request".
    """

    @csrf_exempt
    @wraps(view)
    def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            request.POST  # noqa: B018  # reading is the question
        except RequestDataTooBig:
            return _page(request, too_long=True)
        return csrf_protect(view)(request, *args, **kwargs)

    return read


@told_when_too_long
@_may_check
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponseBase:
    """The form, and below it what was found in the list that was sent."""
    fest = get_object_or_404(Fest, is_current=True)
    if request.method != "POST":
        return _page(request, form=ClassListForm(fest=fest))
    form = ClassListForm(request.POST, request.FILES, fest=fest)
    if not form.is_valid():
        return _page(request, form=form)
    empty = ClassListForm(fest=fest)
    return _page(request, form=empty, found=form.found, carried=carried(form.found))


@_may_check
@require_POST
def problem_rows(request: HttpRequest) -> HttpResponseBase:
    """The rows with problems that the page carried, as a file; the server kept nothing of them."""
    try:
        titles, rows = uncarried(request.POST.get("rows", ""))
    except signing.BadSignature as error:
        raise BadRequest("These rows are not of a page of ours, or too old.") from error
    if request.POST.get("as") == "csv":
        return _file(csv_table(titles, rows), "problems.csv", MIME_CSV)
    return _file(xlsx_table(titles, rows, name=_("Problems")), "problems.xlsx", MIME_XLSX)


@_may_check
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """An empty class list with the titles, as XLSX also with the fest's grades and events to choose from."""
    fest = get_object_or_404(Fest, is_current=True)
    if kind == "csv":
        return _file(csv_template(), "class-list.csv", MIME_CSV)
    if kind == "xlsx":
        events = list(events_offered(fest).values())
        return _file(xlsx_template(grades=fest.grades, events=events), "class-list.xlsx", MIME_XLSX)
    raise Http404


def paths(site: admin.AdminSite) -> list[URLPattern]:
    """The addresses below the list of schools."""
    return [
        path("class-list/", site.admin_view(check), name="classlist"),
        path("class-list/problems/", site.admin_view(problem_rows), name="classlist_problems"),
        path("class-list/template.<str:kind>", site.admin_view(template), name="classlist_template"),
    ]


def _page(request: HttpRequest, **context: Any) -> HttpResponseBase:
    context |= {**admin.site.each_context(request), "title": _("Check a class list")}
    return TemplateResponse(request, "admin/registrations/classlist.html", context)


def _file(data: bytes, name: str, mime: str) -> HttpResponse:
    return HttpResponse(
        data, content_type=mime, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
