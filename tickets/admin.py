"""Tickets and mails at the desk: what is there, what went wrong, and trying it again."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.desk import RecordAdmin, RecordInline
from tickets.deliveries import send_again
from tickets.doorbell import ring
from tickets.models import Booklet, Delegation, Delivery, DeliveryEvent, Letter, Ticket
from tickets.querysets import RENDER_ATTEMPTS
from tickets.rendering import render_again


class PdfFilter(admin.SimpleListFilter):
    """Where the PDFs of live tickets stand."""

    title = gettext_lazy("PDF")
    parameter_name = "pdf"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("made", _("made")), ("owed", _("to be made")), ("given_up", _("given up"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "made":
                return queryset.live().filter(rendered_at__isnull=False)
            case "owed":
                return queryset.to_render()
            case "given_up":
                return queryset.live().filter(rendered_at=None, render_attempts__gte=RENDER_ATTEMPTS)
        return queryset


@admin.register(Ticket)
class TicketAdmin(RecordAdmin):
    """The code is not shown: whoever knows it has the ticket."""

    list_display = (
        "student",
        "event",
        "is_live",
        "created_at",
        "rendered_at",
        "render_attempts",
        "render_error",
    )
    list_select_related = ("student", "registration__event", "registration__student")
    list_filter = (PdfFilter, ("voided_at", admin.EmptyFieldListFilter), "registration__event")
    search_fields = ("student__name", "student__reference", "registration__event__name")
    fields = (
        "registration",
        "student",
        "created_at",
        "voided_at",
        "rendered_at",
        "render_attempts",
        "render_error",
    )
    ordering = ("-created_at", "-pk")
    view_on_site = False
    actions = ("make_again",)

    @admin.display(description=gettext_lazy("event"), ordering="registration__event__name")
    def event(self, obj: Ticket) -> str:
        return obj.registration.event.name

    @admin.display(description=gettext_lazy("live"), boolean=True)
    def is_live(self, obj: Ticket) -> bool:
        return obj.is_live

    def has_render_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_ticket")

    @admin.action(description=gettext_lazy("Make the PDF again"), permissions=["render"])
    def make_again(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        count = render_again(list(queryset.values_list("pk", flat=True)))
        transaction.on_commit(ring, robust=True)
        words = ngettext("%(count)d PDF is made again.", "%(count)d PDFs are made again.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)


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
        "provider_id",
    )
    ordering = ("-created_at", "-pk")
    inlines = (DeliveryEventsInline,)
    actions = ("queue_again",)

    def has_send_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_delivery")

    @admin.action(description=gettext_lazy("Send again"), permissions=["send"])
    def queue_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queues what failed or bounced; what is on its way or arrived stays as it is, and so do letters."""
        chosen = list(queryset.values_list("pk", flat=True))
        count = send_again(chosen)
        transaction.on_commit(ring, robust=True)
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


@admin.register(Letter)
class LetterAdmin(RecordAdmin):
    """Letters that are still owed. Their words are not shown: what they link to opens an account."""

    list_display = ("subject", "delivery")
    list_select_related = ("delivery__student",)
    search_fields = ("subject", "delivery__to")
    fields = ("subject", "delivery")
    ordering = ("-pk",)


@admin.register(Booklet)
class BookletAdmin(RecordAdmin):
    """Its code is not shown: it names a file with the tickets of a whole school."""

    list_display = ("school", "asked_by", "per_page", "made", "total", "created_at", "finished_at", "error")
    list_select_related = ("school", "asked_by")
    list_filter = (("finished_at", admin.EmptyFieldListFilter), "per_page")
    search_fields = ("school__name", "asked_by__username", "error")
    fields = ("fest", "school", "asked_by", "per_page", "made", "total", "attempts", "finished_at", "error")
    ordering = ("-created_at", "-pk")


@admin.register(Delegation)
class DelegationAdmin(RecordAdmin):
    """Its code is not shown: it opens the school's list at the door."""

    list_display = ("school", "fest")
    list_select_related = ("school", "fest")
    list_filter = ("fest",)
    search_fields = ("school__name",)
    fields = ("school", "fest")
    ordering = ("school__name", "pk")
