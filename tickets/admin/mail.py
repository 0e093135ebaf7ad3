"""Mails in the admin: what is owed, what went wrong, and trying it again."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin, RecordInline
from techfest.core.db.clock import database_now
from tickets.admin import columns
from tickets.go_live import limits
from tickets.mail.outbox import send_again
from tickets.models import Delivery, DeliveryEvent, Notice
from tickets.wakeup import notify_workers


class TroubleFilter(admin.SimpleListFilter):
    """The mails that somebody has to look at."""

    title = gettext_lazy("trouble")
    parameter_name = "trouble"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("needs a look"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_trouble() if self.value() == "yes" else queryset


class DeliveryEventsInline(RecordInline):
    model = DeliveryEvent
    fields = ("kind", "happened_at", "received_at", "detail")
    ordering = ("happened_at", "pk")
    show_change_link = False
    verbose_name_plural = gettext_lazy("what the provider told")


@admin.register(Delivery)
class DeliveryAdmin(RecordAdmin):
    export_columns = columns.DELIVERIES
    list_display = ("to", "kind", "student", "state", "error", "attempts", "created_at", "sent_at")
    list_select_related = ("student",)
    list_filter = (TroubleFilter, "state", "kind")
    search_fields = ("to", "student__name", "student__reference", "provider_id")
    fields = (
        "kind",
        "student",
        "to",
        "state",
        "error",
        "attempts",
        "created_at",
        "due_at",
        "sent_at",
        "gathered_into",
        "provider_id",
    )
    ordering = ("-created_at", "-pk")
    inlines = (DeliveryEventsInline,)
    actions = ("queue_again",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The list says so when the provider's limit is near."""
        if request.method == "GET":
            for words in limits.warnings(database_now()):
                self.message_user(request, words, messages.WARNING)
        return super().changelist_view(request, extra_context)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_delivery")

    @admin.action(description=gettext_lazy("Send again"), permissions=["send"])
    def queue_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queues what failed or bounced; what is on its way or arrived stays as it is, and so do letters."""
        chosen = list(queryset.values_list("pk", flat=True))
        count = send_again(chosen)
        transaction.on_commit(notify_workers, robust=True)
        words = ngettext("%(count)d mail is sent again.", "%(count)d mails are sent again.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        if left := len(chosen) - count:
            words = ngettext(
                "%(count)d mail stays as it is: it had not failed, or its words are not kept.",
                "%(count)d mails stay as they are: they had not failed, or their words are not kept.",
                left,
            )
            self.message_user(request, words % {"count": left}, messages.WARNING)


@admin.register(DeliveryEvent)
class DeliveryEventAdmin(RecordAdmin):
    list_display = ("happened_at", "kind", "delivery", "detail")
    list_select_related = ("delivery__student",)
    list_filter = ("kind",)
    search_fields = ("delivery__to", "delivery__student__name", "detail")
    fields = ("delivery", "kind", "happened_at", "received_at", "detail")
    ordering = ("-happened_at", "-pk")


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    """Letters that are still owed. Their words are not shown: what they link to opens an account."""

    list_display = ("subject", "delivery")
    list_select_related = ("delivery__student",)
    search_fields = ("subject", "delivery__to")
    fields = ("subject", "delivery")
    ordering = ("-pk",)
