"""Who was erased, whose names go next and when, and the sums that a purge has left."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin
from registrations.models import Erasure, Purge, PurgePlan
from registrations.privacy.purge import forecasts
from techfest.core.db.clock import database_now


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
    """Above the list stands who would go next, and when: the page to look at beforehand."""

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
    """Which purges the owners were told of."""

    list_display = ("fest", "due_at", "announced_at")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    fields = ("fest", "due_at", "announced_at")
    ordering = ("-due_at",)
