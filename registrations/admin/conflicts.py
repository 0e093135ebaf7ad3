"""Clashes and wrong grades that a change of an event has made: who has to choose, and until when."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from registrations.booking import conflicts
from registrations.booking.errors import RegistrationError
from registrations.locking import Deadline
from registrations.models import Conflict

MAX_AT_ONCE = 200


class OpenFilter(admin.SimpleListFilter):
    """The open ones, unless somebody asks for others."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("settled", _("settled")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        """As Django's, but what is chosen without a choice is named for what it shows."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": _("open")} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> QuerySet[Conflict]:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "settled")


@admin.register(Conflict)
class ConflictAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("student", "event", "kind", "clashes_with", "at", "choose_by", "resolved_at")
    list_select_related = ("registration__student", "registration__event", "other__event")
    list_filter = (OpenFilter, "kind", "registration__event")
    search_fields = ("registration__student__name", "registration__student__reference")
    fields = ("registration", "kind", "other", "at", "choose_by", "user", "resolved_at")
    ordering = ("choose_by", "pk")
    actions = ("resolve",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conflict]:
        rows = super().get_queryset(request)
        return rows.select_related(*self.list_select_related, "other__student", "user")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_registration")

    @admin.display(description=gettext_lazy("student"), ordering="registration__student__name")
    def student(self, obj: Conflict) -> str:
        return str(obj.registration.student)

    @admin.display(description=gettext_lazy("event"), ordering="registration__event__starts_at")
    def event(self, obj: Conflict) -> str:
        return str(obj.registration.event)

    @admin.display(description=gettext_lazy("clashes with"))
    def clashes_with(self, obj: Conflict) -> str:
        return str(obj.other.event) if obj.other else ""

    @admin.action(description=gettext_lazy("Settle the chosen: it is well as it is"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> HttpResponseBase | None:
        """Asks why; the button of that page ends the flags, and the trail keeps the reason."""
        chosen = list(queryset.filter(resolved_at=None).order_by("choose_by", "pk")[: MAX_AT_ONCE + 1])
        reason = request.POST.get("reason", "").strip()[:300]
        if not chosen:
            self.message_user(request, _("All of these are settled already."), messages.WARNING)
        elif len(chosen) > MAX_AT_ONCE:
            words = _("Choose at most %(maximum)d flags at once.") % {"maximum": MAX_AT_ONCE}
            self.message_user(request, words, messages.WARNING)
        elif request.POST.get("confirmed") == "yes" and reason:
            self._resolve(request, [conflict.pk for conflict in chosen], reason)
        else:
            return self._confirmation(request, chosen)
        return None

    def _resolve(self, request: HttpRequest, ids: list[int], reason: str) -> None:
        try:
            count = conflicts.resolve(ids, user=request.user, reason=reason, deadline=Deadline())
        except RegistrationError as error:
            self.message_user(request, str(error.text), messages.ERROR)
            return
        words = ngettext("%(count)d flag is settled.", "%(count)d flags are settled.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)

    def _confirmation(self, request: HttpRequest, chosen: list[Conflict]) -> HttpResponseBase:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Settle these flags?"),
            "opts": self.opts,
            "media": self.media,
            "chosen": chosen,
            "rows": [
                (conflict.registration, conflicts.short(conflict, conflict.registration_id))
                for conflict in chosen
            ],
            "action": "resolve",
            "submit_label": _("It is well as it is"),
            "problem": request.POST.get("confirmed") == "yes",
        }
        return TemplateResponse(request, "admin/registrations/conflicts.html", context)
