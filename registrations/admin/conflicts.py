"""Conflicts in the admin: registrations that clash or are ineligible after their event was changed."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from registrations.booking import conflicts
from registrations.models import Conflict
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import (
    REASON_LENGTH,
    Confirmation,
    ReasonForm,
    confirmation_form,
    confirmed_action,
    size_refusal,
)
from techfest.core.db.locking import Deadline

MAX_AT_ONCE = 200


class SettleForm(ReasonForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        help_text=gettext_lazy("Why both can stay. The audit log keeps it."),
        error_messages={"required": gettext_lazy("Enter the reason")},
        widget=forms.TextInput(attrs={"class": "vTextField", "dir": "auto"}),
    )


class OpenFilter(admin.SimpleListFilter):
    """Shows open conflicts unless another choice is made."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("resolved", _("resolved")), ("all", _("all"))]

    def choices(self, changelist: Any) -> Any:
        """Name the first choice, Django's "All", for what it shows here."""
        for number, choice in enumerate(super().choices(changelist)):
            yield choice | {"display": _("open")} if number == 0 else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> QuerySet[Conflict]:
        if self.value() == "all":
            return queryset
        return queryset.filter(resolved_at__isnull=self.value() != "resolved")


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

    @asks_first
    @admin.action(description=gettext_lazy("Resolve conflicts"), permissions=["resolve"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Conflict]) -> HttpResponseBase | None:
        """Settle the chosen conflicts as they are: the students keep their seats and need not choose."""
        chosen = list(queryset.filter(resolved_at=None).order_by("choose_by", "pk")[: MAX_AT_ONCE + 1])
        form = confirmation_form(SettleForm, request)
        return confirmed_action(
            self,
            request,
            action="resolve",
            refusal=size_refusal(
                len(chosen),
                MAX_AT_ONCE,
                none=_("All of these are resolved already."),
                too_many=_("Choose at most %(maximum)d conflicts at once."),
            ),
            confirmation=lambda: _confirmation(chosen),
            form=form,
            do=lambda: _resolve_and_report(chosen, request.user, form.cleaned_data["reason"]),
        )


def _resolve_and_report(chosen: Sequence[Conflict], user: Any, reason: str) -> list[tuple[str, int]]:
    ids = [conflict.pk for conflict in chosen]
    count = conflicts.resolve(ids, user=user, reason=reason, deadline=Deadline())
    text = ngettext("%(count)d conflict is resolved.", "%(count)d conflicts are resolved.", count)
    return [(text % {"count": count}, messages.SUCCESS)]


def _confirmation(chosen: Sequence[Conflict]) -> Confirmation:
    will = ngettext(
        "%(count)d registration stays as it is, and the student need not choose any more.",
        "%(count)d registrations stay as they are, and the students need not choose any more.",
        len(chosen),
    )
    return Confirmation(
        title=_("Resolve these conflicts?"),
        submit_label=_("Resolve them"),
        chosen=chosen,
        summary=[f"{will % {'count': len(chosen)}} {_('No mail is sent about it.')}"],
        rows=[_line(conflict) for conflict in chosen],
    )


def _line(conflict: Conflict) -> str:
    registration = conflict.registration
    return format_html(
        '<bdi translate="no">{}</bdi> ({}), <bdi translate="no">{}</bdi>: {}',
        registration.student.name,
        registration.student.reference,
        registration.event.name,
        conflicts.short(conflict, conflict.registration_id),
    )
