"""The admin's page that checks a class list and keeps nothing, its templates and its table of problems.

The admin lets in staff only and protects the forms; each view asks for the permission.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.core import signing
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.fest_choice import fest_of_form
from events.models import Fest
from registrations.class_lists.checking import carried, uncarried
from registrations.class_lists.downloads import file_answer, template_answer
from registrations.class_lists.form_too_large import explain_too_large
from registrations.class_lists.upload_form import ClassListForm
from registrations.spreadsheets.tables import MIME_CSV, MIME_XLSX, csv_table, xlsx_table

PERMISSION = "registrations.add_student"
_may_check = permission_required(PERMISSION, raise_exception=True)


def _too_long(request: HttpRequest) -> HttpResponseBase:
    return _page(request, too_long=True)


@explain_too_large(_too_long)
@_may_check
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponseBase:
    """The form, and below it what was found in the list that was sent."""
    fest = _shown_fest(request)
    if request.method != "POST":
        return _page(request, fest=fest, form=ClassListForm(fest=fest))
    form = ClassListForm(request.POST, request.FILES, fest=fest)
    if not form.is_valid():
        return _page(request, fest=fest, form=form)
    empty = ClassListForm(fest=fest)
    return _page(request, fest=fest, form=empty, found=form.found, carried=carried(form.found))


@_may_check
@require_POST
def problem_rows(request: HttpRequest) -> HttpResponseBase:
    """The rows with problems that the page carried, as a file; the server kept nothing of them."""
    try:
        titles, rows = uncarried(request.POST.get("rows", ""))
    except signing.BadSignature as error:
        raise BadRequest("These rows are not of a page of ours, or too old.") from error
    if request.POST.get("as") == "csv":
        return file_answer(csv_table(titles, rows), "problems.csv", MIME_CSV)
    return file_answer(xlsx_table(titles, rows, name=_("Problems")), "problems.xlsx", MIME_XLSX)


@_may_check
@require_GET
def template(request: HttpRequest, kind: str) -> HttpResponseBase:
    """An empty class list with the titles, as XLSX also with the fest's grades and events to choose from."""
    return template_answer(_shown_fest(request), kind)


def _shown_fest(request: HttpRequest) -> Fest:
    fest = fest_of_form(request)
    if fest is None:
        raise Http404
    return fest


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
