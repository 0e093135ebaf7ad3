"""Results in the admin: entry for a whole event, publication and its reversal after a confirmation.

A user with permission to change results reaches the events that the admin shows them, and no others.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from events.admin_base import RecordAdmin
from events.fest_choice import choice_of
from events.models import Event
from registrations.models import Result, ResultSheet
from registrations.results import ahead, service
from registrations.results.forms import CountingForm, NamesForm, SheetPage
from registrations.results.publish import digest_of_ranks, publish, ranked, unpublish
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError

PERMISSION = "registrations.change_result"
_FORM = ("GET", "HEAD", "POST")


@require_safe
def events_page(request: HttpRequest) -> HttpResponseBase:
    """List the events of the shown fest that take place, with the way to enter their results."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    rows = admin.site.get_model_admin(Event).get_queryset(request).filter(fest=choice_of(request).main)
    events = rows.filter(state=Event.State.PUBLISHED).select_related("seats", "result_sheet")
    owner = admin.site.get_model_admin(ResultSheet)
    shown = list(events.order_by("starts_at", "name", "pk"))
    return staff_page(
        request,
        owner,
        "admin/results/events.html",
        title=_("Enter results"),
        events=shown,
        now=database_now(),
    )


@require_http_methods(_FORM)
def enter_page(request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Show all registrations with a seat and their results; one submit saves a page."""
    event = _event(request, event_id)
    if request.method == "POST" and "counting" in request.POST:
        return _change_counting(request, event)
    page = SheetPage(event, request.GET.get("page", ""), request.POST if request.method == "POST" else None)
    question = "" if page.count else ahead.not_begun_question(event, database_now())
    if request.method == "POST" and not ahead.is_answered(question, request.POST):
        page.is_valid()
        page.problem = ahead.unanswered()
    elif request.method == "POST" and page.is_valid():
        try:
            notes = service.save(event, page.submitted, user=request.user, deadline=Deadline())
        except service.SheetChanged:
            page = page.refreshed()
        except UserFacingError as error:
            page.problem = str(error.text)
        else:
            return _done(request, event, [_("Saved."), *notes])
    return _page(request, event, "enter", page=page, counting_form=CountingForm(page.sheet), ahead=question)


def _change_counting(request: HttpRequest, event: Event) -> HttpResponseBase:
    form = CountingForm(service.sheet_of(event), request.POST)
    if form.is_valid():
        chosen = form.cleaned_data["counting"]
        try:
            notes = service.change_counting(event, chosen, user=request.user, deadline=Deadline())
        except UserFacingError as error:
            messages.error(request, str(error.text))
        else:
            return _done(request, event, [_("Saved."), *notes])
    return redirect("admin:results_enter", event_id=event.pk)


@require_http_methods(_FORM)
def publish_page(request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Show what becomes public and in which form; POST publishes."""
    event = _event(request, event_id)
    form = NamesForm(event, request.POST if request.method == "POST" else None)
    question = ahead.not_over_question(event, database_now())
    if request.method == "POST" and not ahead.is_answered(question, request.POST):
        messages.error(request, ahead.unanswered())
    elif request.method == "POST" and form.is_valid():
        try:
            seen = request.POST.get("seen", "")
            names = form.cleaned_data["names"]
            notes = publish(event, names, seen=seen, user=request.user, deadline=Deadline())
        except UserFacingError as error:
            messages.error(request, str(error.text))
        else:
            return _done(request, event, notes)
    context = {"form": form, "sheet": form.sheet, "count": form.count, "ahead": question}
    return _page(request, event, "publish", seen=digest_of_ranks(event), **context)


@require_http_methods(_FORM)
def unpublish_page(request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Show what is no longer public afterwards; POST withdraws the results."""
    event = _event(request, event_id)
    if request.method == "POST":
        try:
            notes = unpublish(event, user=request.user, deadline=Deadline())
        except UserFacingError as error:
            messages.error(request, str(error.text))
        else:
            return _done(request, event, [_("The results are no longer public."), *notes])
    count = ranked(event).count()
    return _page(request, event, "unpublish", sheet=service.sheet_of(event), count=count)


def _event(request: HttpRequest, event_id: int) -> Event:
    """Return the event if the admin shows it to this user; otherwise 404."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    rows = admin.site.get_model_admin(Event).get_queryset(request)
    event: Event | None = rows.filter(pk=event_id).select_related("fest").first()
    if event is None:
        raise Http404
    return event


def _done(request: HttpRequest, event: Event, words: list[str]) -> HttpResponseBase:
    for one in words:
        messages.success(request, one)
    query = request.GET.urlencode()
    address = reverse("admin:results_enter", args=[event.pk])
    return redirect(f"{address}?{query}" if query else address)


def _page(request: HttpRequest, event: Event, name: str, **context: Any) -> HttpResponseBase:
    titles = {
        "enter": _("Results of %(event)s"),
        "publish": _("Publish the results of %(event)s?"),
        "unpublish": _("Unpublish the results of %(event)s?"),
    }
    owner = admin.site.get_model_admin(ResultSheet)
    title = titles[name] % {"event": event.name}
    return staff_page(request, owner, f"admin/results/{name}.html", title=title, event=event, **context)


@admin.register(ResultSheet)
class ResultSheetAdmin(RecordAdmin):
    event_lookup = "event"
    next_step = gettext_lazy("Choose an event under “Enter results” above.")
    list_display = ("event", "counting", "names", "published_at", "published_by")
    list_select_related = ("event", "published_by")
    search_fields = ("event__name",)
    fields = ("event", "counting", "names", "published_at", "published_by")
    ordering = ("event__starts_at", "event__name")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("events/", view(events_page), name="results_events"),
            path("<int:event_id>/enter/", view(enter_page), name="results_enter"),
            path("<int:event_id>/publish/", view(publish_page), name="results_publish"),
            path("<int:event_id>/unpublish/", view(unpublish_page), name="results_unpublish"),
            *super().get_urls(),
        ]


@admin.register(Result)
class ResultAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("registration", "points", "rank")
    list_select_related = ("registration__student", "registration__event")
    search_fields = ("registration__student__name", "registration__event__name")
    fields = ("registration", "points", "rank")
    ordering = ("registration__event", "rank", "pk")
