"""Admin pages of the security log, and each account's part of it for its history page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from events.admin_base import RecordAdmin
from registrations.models import SecurityEvent, TemporaryPassword
from techfest.core import audit_log
from techfest.core.admin.base import MAX_LINES


@admin.register(SecurityEvent)
class SecurityEventAdmin(RecordAdmin):
    list_display = ("at", "kind", "account", "by", "network", "detail")
    list_select_related = ("account", "by")
    list_filter = ("kind",)
    search_fields = ("account__username", "account__email", "network")
    fields = ("at", "kind", "account", "by", "network", "detail")
    ordering = ("-at", "-pk")
    date_hierarchy = "at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityEvent]:
        """A superuser is seen by superusers only, as in the list of accounts."""
        rows = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.exclude(account__is_superuser=True)


@admin.register(TemporaryPassword)
class TemporaryPasswordAdmin(RecordAdmin):
    """Accounts that still have the password an owner gave them."""

    list_display = ("account", "at")
    list_select_related = ("account",)
    search_fields = ("account__username",)
    fields = ("account", "at")
    ordering = ("-at",)


def lines_about(account: Any) -> list[audit_log.Line]:
    """Returns the events of this account, the latest first, as lines of its history page."""
    events = SecurityEvent.objects.filter(account=account).select_related("by").order_by("-at", "-pk")
    return [
        audit_log.Line(
            at=event.at,
            who=audit_log.name_of(event.by or account),
            what=event.get_kind_display(),
            reason=" · ".join(filter(None, (event.detail, event.network))),
        )
        for event in events[:MAX_LINES]
    ]
