"""The history of registrations in the admin: submissions, refusals and changes, all read only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin_base import RecordAdmin, RecordInline
from registrations.booking.waitlist import with_number
from registrations.models import Change, Refusal, Registration, Submission
from techfest.core.admin.base import MAX_LINES
from techfest.core.admin.visibility import visible_rows
from techfest.core.audit_log import Line, name_of

STATES = dict(Registration.State.choices)


def change_lines(request: HttpRequest, site: admin.AdminSite, *, about: str = "", **which: Any) -> list[Line]:
    """Return the newest changes of the registrations that the user may see, in one query.

    `about` names what each line shows of its registration: its `event` or its `student`.
    """
    rows = visible_rows(request, Change.objects.filter(**which), site).order_by("-at", "-pk")
    rows = rows.select_related("user", "registration__event", "registration__student")
    return [_line(change, about) for change in rows[:MAX_LINES]]


def _line(change: Change, about: str) -> Line:
    moved = change.from_state != change.to_state
    states = (str(STATES.get(change.from_state, "")), str(STATES.get(change.to_state, "")))
    values = [(_("state"), *states)] if moved else []
    values += [(name, "…", "…") for name in change.fields]
    return Line(
        at=change.at,
        who=name_of(change.user) if change.user else change.get_actor_display(),
        what=change.get_cause_display(),
        values=tuple(values),
        reason=change.reason,
        about=str(getattr(change.registration, about)) if about else "",
    )


class RankedInline(RecordInline):
    """Registrations on the page of another row, with the rank of those that wait."""

    model = Registration

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        rows: Any = super().get_queryset(request).select_related("event", "student")
        return with_number(rows)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    @admin.display(description=gettext_lazy("state"))
    def state_and_rank(self, obj: Registration) -> str:
        if obj.state != Registration.State.WAITING:
            return obj.get_state_display()
        return _("waiting, rank %(rank)d") % {"rank": obj.number}


class ObtainedInline(RankedInline):
    fields = ("event", "state_and_rank")
    ordering = ("pk",)
    verbose_name_plural = gettext_lazy("obtained")


class RefusalsInline(RecordInline):
    model = Refusal
    fields = ("event", "reason", "other")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refusal]:
        return super().get_queryset(request).select_related("event", "other")


@admin.register(Submission)
class SubmissionAdmin(RecordAdmin):
    """The idempotency key is not shown: it opens the confirmation page of the submission."""

    list_display = ("created_at", "student", "created_student")
    list_select_related = ("student",)
    list_filter = ("created_student",)
    search_fields = ("student__name", "student__reference")
    fields = ("student", "created_student", "created_at")
    ordering = ("-created_at", "-pk")
    inlines = (ObtainedInline, RefusalsInline)


@admin.register(Change)
class ChangeAdmin(RecordAdmin):
    event_lookup = "registration__event"
    list_display = ("at", "registration", "from_state", "to_state", "cause", "actor", "user")
    list_select_related = ("registration__student", "registration__event", "user")
    list_filter = ("cause", "actor", "to_state", "registration__event")
    search_fields = ("registration__student__name", "registration__student__reference")
    fields = ("registration", "at", "from_state", "to_state", "cause", "actor", "user", "fields")
    ordering = ("-at", "-pk")


@admin.register(Refusal)
class RefusalAdmin(RecordAdmin):
    list_display = ("submission", "event", "reason", "other")
    list_select_related = ("submission__student", "event", "other")
    list_filter = ("reason", "event")
    search_fields = ("submission__student__name", "submission__student__reference", "event__name")
    fields = ("submission", "event", "reason", "other")
    ordering = ("-pk",)
