"""Records that privacy needs in the admin: consents, erasures and purges, and the marker of the database."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin
from events.fest_choice import choice_of
from registrations.models import Consent, ConsentText, DatabaseMarker, Erasure, Purge, PurgePlan
from registrations.privacy.purge import forecasts
from registrations.students.consents import newest_text, next_version
from techfest.core.db.clock import database_now


@admin.register(ConsentText)
class ConsentTextAdmin(RecordAdmin):
    list_display = ("fest", "version", "audience", "text", "created_at")
    list_display_links = ("version",)
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("text",)
    ordering = ("-fest", "-version")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_open_to(request) and request.user.has_perm("registrations.add_consenttext")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("fest", "version", "audience", "text", "created_at") if obj else ("fest", "audience", "text")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from the newest consent text of the shown fest."""
        fest = choice_of(request).main
        newest = newest_text(fest) if fest else None
        return {"fest": fest.pk if fest else None, "text": newest.text if newest else ""}

    def save_model(self, request: HttpRequest, obj: ConsentText, form: Any, change: bool) -> None:
        obj.version = next_version(obj.fest)
        obj.save()


@admin.register(Consent)
class ConsentAdmin(RecordAdmin):
    list_display = ("student", "text", "basis", "user", "at")
    list_select_related = ("student", "text__fest", "user")
    list_filter = ("basis", "text__fest")
    search_fields = ("student__name", "student__reference")
    fields = ("student", "text", "basis", "user", "at")
    ordering = ("-at", "-pk")


@admin.register(Erasure)
class ErasureAdmin(RecordAdmin):
    list_display = ("reference", "fest", "at", "user", "reason")
    list_select_related = ("fest", "user")
    list_filter = ("fest",)
    search_fields = ("reference",)
    fields = ("reference", "fest", "at", "user", "reason")
    ordering = ("-at",)


@admin.register(Purge)
class PurgeAdmin(RecordAdmin):
    """The page above the list forecasts the next purges."""

    change_list_template = "admin/registrations/purge/change_list.html"
    list_display = ("fest", "at", "students", "user")
    list_select_related = ("fest", "user")
    list_filter = ("fest",)
    fields = ("fest", "at", "students", "user", "report_shown")
    readonly_fields = ("report_shown",)
    ordering = ("-at",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        ahead = {"forecasts": forecasts(now=database_now())}
        return super().changelist_view(request, (extra_context or {}) | ahead)

    @admin.display(description=gettext_lazy("what stayed"))
    def report_shown(self, obj: Purge) -> SafeString:
        return render_to_string("admin/registrations/purge/_report.html", {"report": obj.report})


@admin.register(PurgePlan)
class PurgePlanAdmin(RecordAdmin):
    """Purges that were announced to the owners."""

    list_display = ("fest", "due_at", "announced_at")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    fields = ("fest", "due_at", "announced_at")
    ordering = ("-due_at",)


@admin.register(DatabaseMarker)
class DatabaseMarkerAdmin(RecordAdmin):
    """Its history shows when mails were held, and what an owner decided."""

    list_display = ("installation", "counter", "advanced_at", "held_since", "reason")
    fields = (
        "installation",
        "counter",
        "advanced_at",
        "held_since",
        "reason",
        "cutoff",
        "register_applied_at",
    )
    ordering = ("pk",)
