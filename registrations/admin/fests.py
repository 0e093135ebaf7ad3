"""Fests in the admin: changed, copied, and filled with pasted events."""

import zoneinfo
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin import shown, take_picture
from events.admin_base import BaseAdmin
from events.fest_choice import show_fest
from events.models import Fest, is_time_zone
from registrations.admin import fest_zone
from registrations.admin.fest_forms import CopyForm, FestForm, PasteForm
from registrations.timetable.new_fest import copy_fest
from registrations.timetable.paste import COLUMNS, Paste, make_events, read_events
from techfest.core.admin.base import page_of
from techfest.core.admin.confirmation import is_confirmed
from techfest.core.admin.pages import staff_page, visible_or_404
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import UserFacingError


@admin.register(Fest)
class FestAdmin(BaseAdmin):
    """A fest is never deleted: everything else belongs to it."""

    form = FestForm
    change_form_template = "admin/events/fest/change_form.html"
    redacted_fields = ("contact_name", "contact_email")
    list_display = ("name", "is_current", "starts_on", "ends_on", "opens_at", "closes_at", "is_paused")
    search_fields = ("name", "slug", "place")
    list_filter = ("is_current",)
    readonly_fields = ("logo_shown",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "is_current", "place", "starts_on", "ends_on", "time_zone")}),
        (gettext_lazy("Looks"), {"fields": ("accent", "logo_shown", "upload", "remove_picture")}),
        (
            gettext_lazy("Registration"),
            {
                "fields": (
                    *("opens_at", "closes_at", "is_paused", "pause_text", "confirms_addresses"),
                    *("grade_min", "grade_max"),
                )
            },
        ),
        (gettext_lazy("Limits"), {"fields": ("events_per_student",)}),
        (
            gettext_lazy("Privacy"),
            {"fields": ("contact_name", "contact_email", "privacy_text", "retention_days")},
        ),
    )

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Fest]:
        return super().get_queryset(request).select_related("logo").defer("logo__data")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Activate the time zone chosen in the form, so that the times beside it are read in that zone."""
        found = super().get_object(request, object_id, from_field)
        if found is not None and (zone := self.new_zone(request, found)):
            timezone.activate(zone)
        return found

    def new_zone(self, request: HttpRequest, fest: Fest) -> zoneinfo.ZoneInfo | None:
        """Return the time zone to which a post changes this fest, if it changes it."""
        name = request.POST.get("time_zone", "")
        shown_zone = request.POST.get("initial-time_zone", fest.time_zone)
        if name in (shown_zone, fest.time_zone) or not is_time_zone(name):
            return None
        return zoneinfo.ZoneInfo(name)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Ask what happens to the times when the time zone changes; leave everything else to Django."""
        if request.method == "POST" and object_id is not None and "time_zone" in request.POST:
            deadline = Deadline()
            answer = in_transaction(
                lambda: fest_zone.handle_save(self, request, object_id, deadline), deadline=deadline
            )
            if answer is not None:
                return answer
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Fest, form: Any, change: bool) -> None:
        """Write the changed columns only."""
        names = take_picture(form, obj, "logo")
        if change:
            columns = {field.name for field in obj._meta.concrete_fields}
            obj.save(update_fields=columns & {*form.changed_data, *names, *form.moved_with_zone})
        else:
            obj.save()

    @admin.display(description=gettext_lazy("logo"))
    def logo_shown(self, obj: Fest) -> str:
        return shown(obj.logo, height=64)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/copy/", view(self.copy_view), name="events_fest_copy"),
            path("<int:pk>/paste/", view(self.paste_view), name="events_fest_paste"),
            *super().get_urls(),
        ]

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        source = self._fest(request, pk, "events.add_fest")
        form = CopyForm(request.POST or None, source=source)
        if form.is_valid():
            fest = copy_fest(source, form.cleaned_data, user=request.user)
            text = _("%(fest)s was created, with %(count)d events as drafts.")
            self.message_user(request, text % {"fest": fest.name, "count": fest.events.count()})
            return HttpResponseRedirect(page_of(fest))
        title = _("Copy this fest")
        return staff_page(
            request, self, "admin/events/fest/copy.html", title=title, shown_fest=source, form=form
        )

    def paste_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Show how the pasted rows are read; once they have no problems, a second button creates the events."""
        fest = self._fest(request, pk, "events.add_event")
        form, paste = PasteForm(request.POST or None), None
        if form.is_valid():
            paste = self._read(request, fest, form)
        if paste and not paste.problems and is_confirmed(request):
            return self._created(request, fest, paste)
        return staff_page(
            request,
            self,
            "admin/events/fest/paste.html",
            title=_("Paste events"),
            shown_fest=fest,
            form=form,
            paste=paste,
            columns=COLUMNS,
        )

    def _read(self, request: HttpRequest, fest: Fest, form: PasteForm) -> Paste | None:
        """Read the pasted rows; create their events if that was confirmed."""
        text, order = form.cleaned_data["text"], form.cleaned_data["order"]
        try:
            if is_confirmed(request):
                return make_events(text, fest=fest, user=request.user, order=order)
            return read_events(text, fest=fest, order=order)
        except UserFacingError as error:
            form.add_error("text", str(error.text))
        return None

    def _created(self, request: HttpRequest, fest: Fest, paste: Paste) -> HttpResponseRedirect:
        count = len(paste.events)
        text = ngettext(
            "%(count)d event was created as a draft.", "%(count)d events were created as drafts.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)
        return HttpResponseRedirect(f"{reverse('admin:events_event_changelist')}?fest__id__exact={fest.pk}")

    def _fest(self, request: HttpRequest, pk: int, permission: str) -> Fest:
        """Return the fest if the user may see it, and read the times typed on the page in its time zone."""
        fest: Fest = visible_or_404(request, Fest, pk, permission=permission)
        show_fest(request, fest)
        return fest
