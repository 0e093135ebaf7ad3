"""The buttons of Today: they run actions of the admin lists, and come back to Today with what happened."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from events.fest_choice import fest_of_rows, show_fest
from techfest.core.admin.asking import address_of, as_sent, goes_to_its_page
from techfest.core.admin.base import ROW_ID
from techfest.core.admin.question_address import ROWS
from tickets.dashboard.decisions import ACTS
from tickets.dashboard.next_step import PUBLISH

OFFERED = (*ACTS, PUBLISH)
TODAY = "admin:index"


def paths(site: admin.AdminSite) -> list[URLPattern]:
    """Return the address of the buttons; an action that asks first shows its page there."""
    view = site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(act))
    return [path("today/<slug:app_label>/<slug:model_name>/<slug:action>/", view, name="today_act")]


def act(request: HttpRequest, app_label: str, model_name: str, action: str) -> HttpResponseBase:
    """Run an action on the chosen rows that the user may see; by GET only the page that asks, or back to Today.

    Each action checks the rows again, so one that was decided in the meantime stays as it is.
    """
    wanted = (app_label, model_name, action)
    offered = next((one for one in OFFERED if one.key == wanted), None)
    if offered is None:
        raise Http404
    model_admin = admin.site.get_model_admin(offered.model)
    known: dict[str, Any] = model_admin.get_actions(request)
    if not model_admin.has_view_or_change_permission(request) or action not in known:
        raise PermissionDenied
    run = known[action][0]
    if request.method != "POST":
        if ROWS not in request.GET or not getattr(run, "asks_first", False):
            return redirect(TODAY)
        as_sent(request, request.GET[ROWS].split("."), action=action)
        request.META["QUERY_STRING"] = ""  # the way back is not the page itself
    elif goes_to_its_page(run, request.POST):
        _chosen(request, model_admin)
        if address := address_of(request.path, QueryDict(mutable=True), request.POST):
            return redirect(address)
    page: HttpResponseBase | None = run(model_admin, request, _chosen(request, model_admin))
    return page or redirect(TODAY)


def _chosen(request: HttpRequest, model_admin: Any) -> Any:
    """Return the rows that the button names, of those the user may see; their fest is shown. Raises BadRequest."""
    ids = request.POST.getlist(ACTION_CHECKBOX_NAME)
    if not ids or not all(ROW_ID.fullmatch(pk) for pk in ids):
        raise BadRequest("The id of a selected row is not an integer.")
    if fest := fest_of_rows(model_admin.model, ids):
        show_fest(request, fest)
    return model_admin.get_queryset(request).filter(pk__in=ids)
