"""The door in the admin: who came in, what was scanned, what was odd."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from techfest.core.admin.confirmation import Question, ReasonForm, answered, ask
from techfest.core.db.clock import database_now
from tickets.admin import columns
from tickets.alerts import path_of
from tickets.checkin.offline import resolve
from tickets.models import Alert, CheckIn, Scan, SearchCount

MAX_SHOWN = 50
"""Conflicts that the page names before it settles all that were chosen."""


@admin.register(CheckIn)
class CheckInAdmin(RecordAdmin):
    event_lookup = "ticket__registration__event"
    export_columns = columns.CHECK_INS
    list_display = ("at", "ticket", "where", "user", "how", "is_reentry", "undone_at")
    list_select_related = ("ticket__registration__student", "ticket__registration__event", "user")
    list_filter = (
        "how",
        "is_reentry",
        ("undone_at", admin.EmptyFieldListFilter),
        "ticket__registration__event",
    )
    search_fields = ("ticket__student__name", "ticket__student__reference", "where")
    fields = (
        "ticket",
        "at",
        "recorded_at",
        "where",
        "user",
        "how",
        "is_reentry",
        "reason",
        "undone_at",
        "undone_by",
        "undo_reason",
    )
    ordering = ("-at", "-pk")


@admin.register(Scan)
class ScanAdmin(RecordAdmin):
    """What was answered at the doors; where a phone without a network was wrong, a person settles it here."""

    event_lookup = "ticket__registration__event"
    actions = ("resolve_conflicts",)
    list_display = ("at", "verdict", "ticket", "where", "user", "is_offline", "is_conflict", "resolved_at")
    list_select_related = ("ticket__registration__student", "ticket__registration__event", "user")
    list_filter = ("verdict", "is_offline", "is_conflict", ("resolved_at", admin.EmptyFieldListFilter))
    search_fields = ("ticket__student__name", "ticket__student__reference", "where")
    fields = (
        "at",
        "received_at",
        "verdict",
        "device_verdict",
        "ticket",
        "where",
        "user",
        "is_offline",
        "is_conflict",
        "resolved_at",
        "resolved_by",
        "note",
    )
    ordering = ("-at", "-pk")

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_scan")

    @admin.action(description=gettext_lazy("Settle what a phone had said wrongly"), permissions=["resolve"])
    def resolve_conflicts(self, request: HttpRequest, queryset: QuerySet[Scan]) -> HttpResponseBase | None:
        """Asks what was found out, and ends the conflicts among the chosen scans."""
        chosen = list(queryset.filter(is_conflict=True, resolved_at=None))
        if not chosen:
            self.message_user(request, _("None of these is an open conflict."), messages.WARNING)
            return None
        form = answered(ReasonForm, request)
        if not form.is_valid():
            return ask(request, self, action="resolve_conflicts", question=_question(chosen), form=form)
        count = resolve(
            [scan.pk for scan in chosen],
            user=request.user,
            note=form.cleaned_data["reason"],
            now=database_now(),
        )
        words = ngettext("%(count)d conflict is settled.", "%(count)d conflicts are settled.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
        return None


def _question(chosen: list[Scan]) -> Question:
    count = len(chosen)
    words = ngettext(
        "%(count)d conflict is settled with your note; the scan stays as it is.",
        "%(count)d conflicts are settled with your note; the scans stay as they are.",
        count,
    )
    said = _("at %(where)s the phone said: %(device_verdict)s, the rules say: %(verdict)s")
    rows = [
        format_html(
            "<bdi>{}</bdi> {}",
            scan.ticket or _("unknown code"),
            said
            % {
                "where": scan.where,
                "device_verdict": scan.get_device_verdict_display(),
                "verdict": scan.get_verdict_display(),
            },
        )
        for scan in chosen[:MAX_SHOWN]
    ]
    return Question(
        title=_("Settle conflicts"),
        submit_label=_("Settle them"),
        chosen=chosen,
        summary=[words % {"count": count}],
        rows=rows,
    )


@admin.register(SearchCount)
class SearchCountAdmin(RecordAdmin):
    """How many names each person searched for at the door, hour by hour; whom they searched for is kept nowhere."""

    list_display = ("hour", "user", "searches", "refused")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name")
    fields = ("hour", "user", "searches", "refused")
    ordering = ("-hour", "-pk")
    date_hierarchy = "hour"


@admin.register(Alert)
class AlertAdmin(RecordAdmin):
    actions = ("see",)
    list_display = ("last_at", "kind", "about", "count", "first_at", "notified_at", "seen_at", "seen_by")
    list_select_related = ("seen_by",)
    list_filter = ("kind", ("seen_at", admin.EmptyFieldListFilter))
    search_fields = ("subject",)
    fields = ("kind", "about", "count", "first_at", "last_at", "notified_at", "seen_at", "seen_by")
    readonly_fields = ("about",)
    ordering = ("-last_at", "-pk")

    @admin.display(description=gettext_lazy("about"), ordering="subject")
    def about(self, obj: Alert) -> str:
        """With the list of the registrations that it is about, where it is about some."""
        if not obj.filters:
            return obj.subject
        words = _("its registrations")
        return format_html('<bdi>{}</bdi> (<a href="{}">{}</a>)', obj.subject, path_of(obj), words)

    def has_see_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_alert")

    @admin.action(description=gettext_lazy("Mark as seen"), permissions=["see"])
    def see(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Who looked, and when; if it goes on, it rings anew."""
        count = queryset.filter(seen_at=None).update(seen_at=database_now(), seen_by=request.user)
        words = ngettext("%(count)d alert is marked as seen.", "%(count)d alerts are marked as seen.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
