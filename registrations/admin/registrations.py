"""Registrations at the desk: read, and cancelled through the same function as everywhere."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.desk import RecordAdmin, RecordInline
from events.trail import Line
from registrations.admin.changes import change_lines
from registrations.cancelling import cancel
from registrations.errors import RegistrationError
from registrations.locking import Deadline
from registrations.models import Change, Registration

MOST_AT_ONCE = 200
"""Registrations that one press cancels: one transaction, whose locks hold others up."""


class ChangesInline(RecordInline):
    """What happened to one registration, oldest first."""

    model = Change
    fields = ("at", "from_state", "to_state", "cause", "actor", "user", "fields")
    ordering = ("at", "pk")
    show_change_link = False
    verbose_name_plural = gettext_lazy("what happened")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        rows = super().get_queryset(request)
        return rows.select_related("user", "registration__student", "registration__event")


@admin.register(Registration)
class RegistrationAdmin(RecordAdmin):
    led_through = "event"
    list_display = ("student", "event", "state", "place", "student__grade", "student__school", "created_at")
    list_select_related = ("student__school", "event")
    list_filter = ("state", "event", "student__school")
    search_fields = ("student__name", "student__reference", "student__email", "event__name")
    fields = ("student", "event", "state", "place", "created_at", "submission")
    ordering = ("-created_at", "-pk")
    inlines = (ChangesInline,)
    actions = ("cancel_registrations",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return super().get_queryset(request).select_related("student__school", "event", "submission__student")

    def lines_of(self, request: HttpRequest, obj: Registration) -> list[Line]:
        """Its Changes as well."""
        changes = change_lines(request, self.admin_site, registration=obj)
        return [*super().lines_of(request, obj), *changes]

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_registration")

    @admin.action(description=gettext_lazy("Cancel the chosen registrations"), permissions=["cancel"])
    def cancel_registrations(
        self, request: HttpRequest, queryset: QuerySet[Registration]
    ) -> HttpResponseBase | None:
        """Shows who would be cancelled; the button of that page does it."""
        chosen = list(queryset.exclude(state=Registration.State.CANCELLED).order_by("event", "place"))
        if refusal := _refusal(len(chosen)):
            self.message_user(request, refusal, messages.WARNING)
        elif request.POST.get("confirmed") == "yes":
            self._cancel(request, [row.pk for row in chosen])
        else:
            return self._confirmation(request, chosen)
        return None

    def _cancel(self, request: HttpRequest, ids: list[int]) -> None:
        try:
            done = cancel(ids, actor=Change.Actor.ORGANISER, user=request.user, deadline=Deadline())
        except RegistrationError as error:
            self.message_user(request, str(error.text), messages.ERROR)
            return
        words = ngettext(
            "%(count)d registration is cancelled.", "%(count)d registrations are cancelled.", len(done)
        )
        self.message_user(request, words % {"count": len(done)}, messages.SUCCESS)

    def _confirmation(self, request: HttpRequest, chosen: list[Registration]) -> HttpResponseBase:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Cancel these registrations?"),
            "opts": self.opts,
            "media": self.media,
            "chosen": chosen,
            "with_mail": sum(bool(row.student.email) for row in chosen),
        }
        return TemplateResponse(request, "admin/registrations/cancel.html", context)


def _refusal(count: int) -> str:
    if count > MOST_AT_ONCE:
        return _("Choose at most %(most)d registrations at once.") % {"most": MOST_AT_ONCE}
    return "" if count else _("All of these are cancelled already.")
