"""The admin site: who is let in, the choice of the fest, and the dashboard on its first page."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth.views import redirect_to_login
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, path, resolve, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from events.admin_base import of_limited_fest
from events.fest_choice import choice_of, choose
from registrations.models import Registration
from registrations.teachers.second_factor import has_passed, redirect_to_second_step
from registrations.teachers.sessions import end_if_idle
from techfest.core.admin.base import page_of
from techfest.core.admin.pages import staff_page
from techfest.core.admin.question_address import is_asked_again, is_question, way_back
from techfest.core.db.clock import database_now
from techfest.core.roles import is_owner
from tickets.dashboard import acts, ready, today
from tickets.dashboard.navigation import navigation_of, records_of
from tickets.dashboard.search import search, student_of_reference
from tickets.dashboard.visibility import Viewer
from tickets.dashboard.waiting import overview
from tickets.restore import held_mails


class FestChoices(AutocompleteJsonView):
    """Offers rows of the shown fest in autocomplete fields."""

    def get_queryset(self) -> QuerySet[Any]:
        return of_limited_fest(self.request, super().get_queryset())


class TechfestAdminSite(admin.AdminSite):
    """The admin for organisers: staff whose session has passed the second step."""

    index_title = gettext_lazy("Today")
    index_template = "admin/dashboard.html"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and has_passed(request)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guard a view of the admin: end idle sessions, and refuse signed-in users without access.

        Null characters in the address are refused here: filters would pass them on to the database.
        """
        guarded = super().admin_view(view, cacheable)

        def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if "%00" in request.META.get("QUERY_STRING", ""):
                raise BadRequest("Null characters are not allowed.")
            is_page = request.method in ("GET", "HEAD")
            if super(TechfestAdminSite, self).has_permission(request) and end_if_idle(request):
                back_to = way_back(request) if is_page or is_asked_again(request) else reverse("admin:index")
                return redirect_to_login(back_to, settings.LOGIN_URL)
            if not is_page and is_question(request) and not request.user.is_authenticated:
                return redirect_to_login(way_back(request), settings.LOGIN_URL)
            if request.user.is_authenticated and not self.has_permission(request):
                return turned_away(request)
            choice_of(request)  # activates the time zone of the shown fest
            answer: HttpResponseBase = guarded(request, *args, **kwargs)
            return answer

        return asked

    def get_urls(self) -> list[Any]:
        """Add own pages, and replace Django's view that leads to a row's public page by one that checks access."""
        ours = path(
            "r/<int:content_type_id>/<path:object_id>/",
            self.admin_view(self.shown_on_site),
            name="view_on_site",
        )
        held = path("held-mails/", self.admin_view(self.held_mails), name="held_mails")
        fest = path("fest/", require_POST(self.admin_view(self.choose_fest)), name="choose_fest")
        records = path("records/", self.admin_view(self.records), name="records")
        return [
            ours,
            held,
            fest,
            records,
            path("search/", self.admin_view(self.search), name="search"),
            path("waiting/", self.admin_view(self.waiting), name="waiting"),
            *ready.paths(self),
            *acts.paths(self),
            *(one for one in super().get_urls() if getattr(one, "name", "") != "view_on_site"),
        ]

    def shown_on_site(self, request: HttpRequest, content_type_id: int, object_id: str) -> HttpResponse:
        """Redirect to the row's public page; Django's own view would reveal secret addresses by row id."""
        kind = get_object_or_404(ContentType, pk=content_type_id).model_class()
        its_admin = self._registry.get(kind) if kind else None
        if its_admin is None or not its_admin.view_on_site or not hasattr(kind, "get_absolute_url"):
            raise Http404
        row = its_admin.get_object(request, object_id)
        if row is None or not its_admin.has_view_permission(request, row):
            raise Http404
        return redirect(row.get_absolute_url())

    def held_mails(self, request: HttpRequest) -> HttpResponse:
        """Show the page on which an owner decides which held mails are sent after a restore."""
        return held_mails(request, self)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add the navigation, the shown fest, and the other fests to choose from."""
        choice, known = choice_of(request), super().each_context(request)
        if known["has_permission"]:
            known["navigation"] = navigation_of(request)
        return {**known, "fest": choice.main, "fest_choice": choice}

    def records(self, request: HttpRequest) -> HttpResponse:
        """List the raw tables, for owners."""
        if not is_owner(request.user):
            raise PermissionDenied
        return staff_page(
            request, self, "admin/records.html", title=gettext("Records"), records=records_of(request)
        )

    def waiting(self, request: HttpRequest) -> HttpResponse:
        """Show who waits for a seat in each event, and why."""
        viewer, fest = Viewer(request, self), choice_of(request).main
        if viewer.rows(Registration) is None:
            raise PermissionDenied
        found = overview(viewer, fest, now=database_now()) if fest else None
        return staff_page(request, self, "admin/waiting.html", title=gettext("Waiting"), overview=found)

    def search(self, request: HttpRequest) -> HttpResponse:
        """Find people and things by one text; a whole reference leads to its student at once."""
        viewer, text = Viewer(request, self), request.GET.get("q", "").strip()
        if student := student_of_reference(viewer, text):
            return redirect(page_of(student))
        groups, is_similar = search(viewer, text)
        return staff_page(
            request,
            self,
            "admin/search.html",
            title=gettext("Search"),
            query=text,
            groups=groups,
            is_similar=is_similar,
        )

    def app_index(  # type: ignore[override]  # it leads elsewhere
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect from Django's list of one app's tables to the pages that replace it."""
        return redirect("admin:records" if is_owner(request.user) else "admin:index")

    def choose_fest(self, request: HttpRequest) -> HttpResponse:
        """Show another fest from now on. Return to the page where it was chosen; from a row's page to the dashboard."""
        choose(request, request.POST.get("fest", ""))
        try:
            back = resolve(request.POST.get("next", ""))
        except Resolver404:
            back = None
        name = str(back.url_name) if back and back.app_name == "admin" else ""
        is_for_any_fest = name == "held_mails" or name.endswith("_changelist")
        return redirect(f"admin:{name}" if is_for_any_fest else "admin:index")

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return FestChoices.as_view(admin_site=self)(request)

    @method_decorator(never_cache)
    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show Today."""
        return super().index(request, {**today.context(request, self), **(extra_context or {})})

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect to the site's login, which throttles guesses and knows second steps."""
        index = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next") or index, settings.LOGIN_URL)
        return redirect(index) if self.has_permission(request) else turned_away(request)

    def password_change(  # type: ignore[override]  # it leads elsewhere
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Redirect to the site's page, which logs the change and sends a mail about it."""
        return redirect("account_change_password")

    @method_decorator(never_cache)
    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Clear cached admin pages from the browser, but keep unsent scans of a checkpoint on this device."""
        answer = super().logout(request, extra_context)
        answer["Clear-Site-Data"] = '"cache"'
        return answer


def turned_away(request: HttpRequest) -> HttpResponse:
    """Redirect staff to the second step; refuse everyone else who is signed in."""
    if not (request.user.is_active and request.user.is_staff):
        raise PermissionDenied
    return redirect_to_second_step(request, back_to=request.get_full_path())
