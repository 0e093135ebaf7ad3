"""The timetable in the admin: export as a workbook, upload, preview, apply."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.contrib import messages
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.fest_choice import fest_of_form
from events.models import Fest
from registrations.admin.fest_forms import OrderForm
from registrations.event_changes.apply import ApplyOptions
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file
from registrations.spreadsheets.sheet import MAX_BYTES
from registrations.spreadsheets.writer import MIME_XLSX
from registrations.timetable import preview
from registrations.timetable.events import cell_context, events_of
from registrations.timetable.plan import Plan, apply_plan, dumped, loaded, preview_plan, row_changes_of
from registrations.timetable.read import Timetable, check_dates, read
from registrations.timetable.workbook import workbook
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline

View = Callable[..., HttpResponseBase]


def paths(model_admin: Any) -> list[URLPattern]:
    """Return the URL patterns below the list of events."""
    views = (
        ("timetable/", timetable_page, "timetable"),
        ("timetable/export/", export_page, "timetable_export"),
        ("timetable/apply/", apply_page, "timetable_apply"),
    )
    return [
        path(where, model_admin.admin_site.admin_view(partial(view, model_admin)), name=name)
        for where, view, name in views
    ]


def _shown_fest(request: HttpRequest) -> Fest:
    fest = fest_of_form(request)
    if fest is None:
        raise Http404
    return fest


def _for_changers(view: View) -> View:
    """Restrict a view to users who may change events; the admin's queryset decides which ones."""

    @wraps(view)
    def guarded(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
        if not model_admin.has_change_permission(request):
            raise PermissionDenied
        return view(model_admin, request)

    return guarded


def _in_admin(decorate: Callable[[Any], Any]) -> Callable[[View], View]:
    """Django's decorators of views look at the first argument, which here is the admin."""

    def decorator(view: View) -> View:
        def answer(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
            inner: HttpResponseBase = decorate(lambda request: view(model_admin, request))(request)
            return inner

        return wraps(view)(answer)

    return decorator


@_in_admin(require_GET)
@_for_changers
def export_page(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Download the events of the shown fest that this organiser may change, as a workbook."""
    fest = _shown_fest(request)
    content = workbook(events_of(model_admin.get_queryset(request), fest), cell_context(fest))
    answer = HttpResponse(content, content_type=MIME_XLSX)
    answer["Content-Disposition"] = f'attachment; filename="timetable-{fest.slug}.xlsx"'
    answer["Cache-Control"] = "no-store"
    return answer


@_in_admin(require_http_methods(["GET", "HEAD", "POST"]))
@_for_changers
def timetable_page(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Show the upload form and, after an upload, what the file would change. The file is not stored."""
    fest = _shown_fest(request)
    if request.method != "POST":
        return _page(model_admin, request)
    order_form = OrderForm(request.POST)
    order = order_form.cleaned_data["order"] if order_form.is_valid() else ""
    try:
        timetable = _uploaded(model_admin, request, fest, order)
    except FileRefused as refusal:
        return _page(model_admin, request, problem=str(refusal.text))
    row_changes = row_changes_of(timetable)
    plan = preview_plan(row_changes, model_admin.get_queryset(request), fest)
    now = database_now()
    return _page(
        model_admin,
        request,
        summary=preview.summary(timetable),
        applied=preview.applied_rows(timetable, plan, now),
        left=preview.rejected_rows(timetable),
        missing=[event.name for event in timetable.missing],
        dumped=dumped(row_changes, fest) if row_changes else "",
        seen=plan.digest,
        order_form=order_form if timetable.is_order_open or order else None,
        is_order_open=timetable.is_order_open,
    )


def _uploaded(model_admin: Any, request: HttpRequest, fest: Fest, order: str) -> Timetable:
    file = request.FILES.get("file")
    if file is None:
        raise FileRefused("no timetable")
    sheet = read_file(file.read(MAX_BYTES + 1))
    if sheet.is_guess:
        raise FileRefused("encoding")
    events = events_of(model_admin.get_queryset(request), fest)
    context = cell_context(fest, order=order)
    timetable = read(sheet, events, context, may_add=model_admin.has_add_permission(request))
    check_dates(timetable, fest, now=database_now())
    return timetable


@_in_admin(require_POST)
@_for_changers
def apply_page(model_admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Apply what the preview showed; if it would do something else now, the page says so."""
    fest = _shown_fest(request)
    try:
        row_changes = loaded(request.POST.get("plan", ""), fest)
    except signing.BadSignature:
        return _page(model_admin, request, problem=_("This preview is too old. Upload the file again."))
    if any(not row_change.event_id for row_change in row_changes) and not model_admin.has_add_permission(
        request
    ):
        raise PermissionDenied
    plan, is_done = apply_plan(
        row_changes,
        model_admin.get_queryset(request),
        fest,
        seen=request.POST.get("seen", ""),
        options=ApplyOptions(request.user, request.POST.get("reason", "").strip()[:300]),
        deadline=Deadline(),
    )
    if not is_done:
        words = _(
            "Nothing was changed, because the result would now be different. Upload the file again to see it."
        )
        return _page(model_admin, request, problem=words, refused=preview.refusals(plan))
    _show_result(model_admin, request, plan)
    return HttpResponseRedirect(reverse("admin:events_event_changelist"))


def _show_result(model_admin: Any, request: HttpRequest, plan: Plan) -> None:
    count = len(plan.impacts) + len(plan.new)
    words = ngettext(
        "%(count)d event of the timetable is saved.", "%(count)d events of the timetable are saved.", count
    )
    model_admin.message_user(request, words % {"count": count}, messages.SUCCESS)


def _page(model_admin: Any, request: HttpRequest, **context: Any) -> HttpResponseBase:
    title = _("Timetable as a workbook")
    return staff_page(request, model_admin, "admin/registrations/timetable.html", title=title, **context)
