"""Check-in in the admin: gates, check-ins, scans and their conflicts, searches, and alerts."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import BaseAdmin, RecordAdmin
from events.fest_choice import choice_of
from events.models import Event
from registrations.admin.exports import of_student
from techfest.core.admin.asking import asks_first
from techfest.core.admin.concurrent_edits import MergingForm
from techfest.core.admin.confirmation import Confirmation, ReasonForm, confirmation_form, confirmed_action
from techfest.core.admin.export import Column
from techfest.core.db.clock import database_now
from techfest.core.db.folding import in_dictionary_order
from techfest.core.roles import VOLUNTEER
from tickets.alerts import alert_path
from tickets.checkin.offline import describe_conflict, resolve
from tickets.models import Alert, CheckIn, Gate, Scan, SearchCount


class GateForm(MergingForm):
    """Offers events of the gate's fest, and accounts that are volunteers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        users: Any = self.fields["volunteers"]
        active = get_user_model().objects.filter(is_active=True, groups__name=VOLUNTEER)
        users.queryset = active.order_by(*in_dictionary_order("first_name"), *in_dictionary_order("username"))
        users.label_from_instance = lambda user: user.get_full_name() or user.get_username()
        events: Any = self.fields["events"]
        rows = Event.objects.filter(pk__in=events.queryset).select_related("fest")
        events.queryset = rows.filter(fest=self.instance.fest) if self.instance.pk else rows
        events.label_from_instance = lambda event: f"{event.name} · {event.fest.name}"

    def clean(self) -> Any:
        cleaned = super().clean()
        fest: Any = cleaned.get("fest") or (self.instance.fest if self.instance.pk else None)
        for event in cleaned.get("events", ()) if fest else ():
            if event.fest_id != fest.pk:
                words = _("%(event)s is not of %(fest)s.")
                self.add_error("events", words % {"event": event.name, "fest": fest.name})
                break
        return cleaned


@admin.register(Gate)
class GateAdmin(BaseAdmin):
    """A gate without events admits to all of them. Its scans stay when it is deleted."""

    form = GateForm
    event_lookup = "events"
    list_display = ("name", "fest", "shown_events", "shown_volunteers")
    list_select_related = ("fest",)
    list_filter = ("fest",)
    search_fields = ("name",)
    fields = ("fest", "name", "events", "volunteers")
    redacted_fields = ("volunteers",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("events", "volunteers").distinct()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("fest",) if obj else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Use the plain form for users who may only look: it has no choices to limit."""
        if not self.has_change_permission(request, obj):
            kwargs["form"] = MergingForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        fest = choice_of(request).main
        return {"fest": fest.pk if fest else None, **super().get_changeform_initial_data(request)}

    @admin.display(description=gettext_lazy("events"))
    def shown_events(self, obj: Gate) -> str:
        return ", ".join(event.name for event in obj.events.all()) or _("all")

    @admin.display(description=gettext_lazy("volunteers"))
    def shown_volunteers(self, obj: Gate) -> str:
        return ", ".join(user.get_full_name() or user.get_username() for user in obj.volunteers.all())


MAX_SHOWN = 50
"""Conflicts that the confirmation page names; it settles all chosen ones."""

EXPORT_COLUMNS = (
    Column(gettext_lazy("Came in at"), "at"),
    *of_student("ticket__student__"),
    Column(gettext_lazy("Event"), "ticket__registration__event__name"),
    Column(gettext_lazy("Where"), "where"),
    Column(gettext_lazy("By"), "user__username"),
    Column(gettext_lazy("How"), "how", choices=CheckIn.How.choices),
    Column(gettext_lazy("Again"), "is_reentry"),
    Column(gettext_lazy("Reason"), "reason"),
    Column(gettext_lazy("Undone at"), "undone_at"),
    Column(gettext_lazy("Why undone"), "undo_reason"),
)


@admin.register(CheckIn)
class CheckInAdmin(RecordAdmin):
    event_lookup = "ticket__registration__event"
    export_columns = EXPORT_COLUMNS
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
    """The verdicts given at the doors. Wrong verdicts of phones without a network are resolved here."""

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

    @asks_first
    @admin.action(description=gettext_lazy("Resolve wrong verdicts of a phone"), permissions=["resolve"])
    def resolve_conflicts(self, request: HttpRequest, queryset: QuerySet[Scan]) -> HttpResponseBase | None:
        """Settle the open conflicts among the chosen scans, with a note of what was found out."""
        chosen = list(queryset.filter(is_conflict=True, resolved_at=None))
        form = confirmation_form(ReasonForm, request)
        return confirmed_action(
            self,
            request,
            action="resolve_conflicts",
            refusal="" if chosen else _("None of these is an open conflict."),
            confirmation=lambda: _confirmation(chosen),
            form=form,
            do=lambda: _resolve_and_report(chosen, request.user, form.cleaned_data["reason"]),
        )


def _resolve_and_report(chosen: list[Scan], user: Any, note: str) -> list[tuple[str, int]]:
    count = resolve([scan.pk for scan in chosen], user=user, note=note, now=database_now())
    text = ngettext("%(count)d conflict is resolved.", "%(count)d conflicts are resolved.", count)
    return [(text % {"count": count}, messages.SUCCESS)]


def _confirmation(chosen: list[Scan]) -> Confirmation:
    count = len(chosen)
    words = ngettext(
        "%(count)d conflict is resolved with your note; the scan stays as it is.",
        "%(count)d conflicts are resolved with your note; the scans stay as they are.",
        count,
    )
    rows = [
        format_html(
            '<bdi translate="no">{}</bdi> · <bdi>{}</bdi>',
            scan.ticket.student if scan.ticket else "–",
            describe_conflict(scan),
        )
        for scan in chosen[:MAX_SHOWN]
    ]
    return Confirmation(
        title=_("Resolve conflicts"),
        submit_label=_("Resolve them"),
        chosen=chosen,
        summary=[words % {"count": count}],
        rows=rows,
    )


@admin.register(SearchCount)
class SearchCountAdmin(RecordAdmin):
    """How often each account searched for a name, by the hour. The names are not stored."""

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
        """Return the subject, with a link to the registrations it is about, if any."""
        if not obj.filters:
            return obj.subject
        words = _("its registrations")
        return format_html(
            '<bdi translate="no">{}</bdi> (<a href="{}">{}</a>)', obj.subject, alert_path(obj), words
        )

    def has_see_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tickets.change_alert")

    @admin.action(description=gettext_lazy("Mark as seen"), permissions=["see"])
    def see(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Mark the alerts as seen; one that happens again is raised anew."""
        count = queryset.filter(seen_at=None).update(seen_at=database_now(), seen_by=request.user)
        words = ngettext("%(count)d alert is marked as seen.", "%(count)d alerts are marked as seen.", count)
        self.message_user(request, words % {"count": count}, messages.SUCCESS)
