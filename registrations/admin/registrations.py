"""The list and the page of registrations in the admin, with who came in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from events.admin_base import RecordInline
from registrations import hooks
from registrations.admin import exports
from registrations.admin.add_registration import add_page
from registrations.admin.history import change_lines
from registrations.admin.registration_actions import RegistrationActions
from registrations.admin.registration_filters import (
    IS_IN,
    LIVE_TICKET,
    AttendanceFilter,
    SimilarFilter,
    UnansweredFilter,
    UnconfirmedFilter,
)
from registrations.admin.unmailed import unmailed_page
from registrations.booking.waitlist import why_waiting, with_number
from registrations.models import Change, Registration
from registrations.students.names import grouped
from techfest.core.admin.marks import mark
from techfest.core.audit_log import Line
from techfest.core.db.clock import database_now
from techfest.core.formatting import moment

State = Registration.State
Tab = tuple[Any, Mapping[str, str]]
TABS: tuple[Tab, ...] = (
    (gettext_lazy("All"), {}),
    (gettext_lazy("Confirmed"), {"state__exact": State.CONFIRMED}),
    (gettext_lazy("Waiting"), {"state__exact": State.WAITING}),
    (gettext_lazy("Cancelled"), {"state__exact": State.CANCELLED}),
    (gettext_lazy("Checked in"), {"attendance": "in"}),
    (gettext_lazy("Not checked in"), {"attendance": "out"}),
)
"""The tabs above the list: label, and the query of the list it leads to."""
_OF_TABS = frozenset(("state__exact", "attendance"))


class ChangesInline(RecordInline):
    """What happened to one registration, oldest first."""

    model = Change
    fields = ("at", "from_state", "to_state", "cause", "actor", "user", "reason", "fields")
    ordering = ("at", "pk")
    show_change_link = False
    verbose_name_plural = gettext_lazy("what happened")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        rows = super().get_queryset(request)
        return rows.select_related("user", "registration__student", "registration__event")


class RegistrationColumns(RegistrationActions):
    """The columns of the list. Ranks and mails are fetched for a whole page of rows."""

    def prepare_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        super().prepare_rows(request, rows)
        ids = [row.pk for row in rows]
        numbers = with_number(Registration.objects.filter(pk__in=ids)).order_by()
        ranks = {row.pk: row.number for row in numbers.only("pk")}
        mails = hooks.mail_marks.call(rows)
        for row in rows:
            row.number, row.mail_mark = ranks.get(row.pk, 0), mails.get(row.pk, "")

    @admin.display(description=gettext_lazy("student"), ordering="student__name")
    def person(self, obj: Registration) -> SafeString:
        return format_html('{} <span class="quiet">{}</span>', obj.student, grouped(obj.student.reference))

    @admin.display(description=gettext_lazy("grade"), ordering="student__grade")
    def grade_and_section(self, obj: Registration) -> str:
        return obj.student.school_class

    @admin.display(description=gettext_lazy("school"), ordering="student__school__name")
    def school(self, obj: Registration) -> str:
        return obj.student.school.name

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_shown(self, obj: Registration) -> SafeString:
        """The state with the rank, and until when the address must be confirmed."""
        if obj.state == State.CANCELLED:
            return mark("stop", obj.get_state_display())
        if obj.state == State.WAITING:
            words = _("waiting, rank %(rank)d") % {"rank": getattr(obj, "number", 0)}
            shown = mark("wait", words)
        else:
            shown = mark("ok", obj.get_state_display())
        if obj.confirm_by is None:
            return shown
        until = _("address to be confirmed by %(moment)s") % {"moment": moment(obj.confirm_by)}
        return format_html('{} <span class="quiet">{}</span>', shown, until)

    @admin.display(description=gettext_lazy("mail"))
    def mail(self, obj: Any) -> Any:
        return obj.mail_mark

    @admin.display(description=gettext_lazy("checked in"), ordering="came_in_at")
    def came_in(self, obj: Any) -> Any:
        return obj.came_in_at


@admin.register(Registration)
class RegistrationAdmin(RegistrationColumns):
    event_lookup = "event"
    export_columns = exports.REGISTRATIONS
    change_list_template = "admin/registrations/registration/change_list.html"
    next_step = gettext_lazy(
        "They appear here as students and teachers register. You can also add one by hand."
    )
    list_display = (
        "person",
        "grade_and_section",
        "school",
        "event",
        "state_shown",
        "created_at",
        "mail",
        "came_in",
    )
    list_select_related = ("student__school", "event")
    list_filter = (
        *("event", "state", "student__school"),
        *(AttendanceFilter, UnconfirmedFilter, UnansweredFilter, SimilarFilter),
    )
    search_fields = ("student__name", "student__reference", "student__email", "event__name")
    fields = (
        "student",
        "event",
        "state",
        "rank",
        "waitlist_status",
        "created_at",
        "confirm_by",
        "confirm_mailed_at",
        "submission",
    )
    readonly_fields = ("rank", "waitlist_status")
    ordering = ("-created_at", "-pk")
    inlines = (ChangesInline,)

    def get_ordering(self, request: HttpRequest) -> Any:
        """Those who wait stand in the order of their ranks, everything else with the newest first."""
        if request.GET.get("state__exact") == State.WAITING:
            return ("event_id", "queue_position")
        return super().get_ordering(request)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("by-hand/", view(add_page), name="registrations_registration_add_by_hand"),
            path(
                "without-address/",
                view(require_POST(self.unmailed_view)),
                name="registrations_registration_unmailed",
            ),
            *super().get_urls(),
        ]

    def unmailed_view(self, request: HttpRequest) -> HttpResponseBase:
        return unmailed_page(self, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        rows: QuerySet[Registration] = super().get_queryset(request)
        rows = rows.select_related("student__school", "event", "submission__student")
        return rows.annotate(came_in_at=Subquery(LIVE_TICKET.values("tickets__checked_in_at")[:1]))

    @admin.display(description=gettext_lazy("rank on the waiting list"), empty_value="-")
    def rank(self, obj: Registration) -> int | None:
        return with_number(Registration.objects.filter(pk=obj.pk)).get().number or None

    @admin.display(description=gettext_lazy("why no seat yet"), empty_value="-")
    def waitlist_status(self, obj: Registration) -> str:
        return why_waiting(obj, now=database_now())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        answer: Any = super().changelist_view(request, extra_context)
        context = getattr(answer, "context_data", None) or {}
        if "cl" in context:
            context["tabs"] = self._tabs(request, context["cl"])
        return answer  # type: ignore[no-any-return]

    def _tabs(self, request: HttpRequest, shown: Any) -> list[dict[str, Any]]:
        """Return the tabs with their counts, for all other filters of the list; two queries."""
        rows = shown.root_queryset
        for spec in shown.filter_specs:
            if _OF_TABS.isdisjoint(spec.expected_parameters()):
                rows = spec.queryset(request, rows)
        by_state, came_in = _by_state(rows), _by_state(rows.filter(IS_IN))
        counts = (
            by_state.total(),
            *(by_state[state] for state in (State.CONFIRMED, State.WAITING, State.CANCELLED)),
            came_in.total(),
            by_state[State.CONFIRMED] - came_in[State.CONFIRMED],
        )
        return [_tab(shown, tab, count) for tab, count in zip(TABS, counts, strict=True)]

    def lines_of(self, request: HttpRequest, obj: Registration) -> list[Line]:
        """Return the audit log of the row, with the changes of the registration."""
        changes = change_lines(request, self.admin_site, registration=obj)
        return [*super().lines_of(request, obj), *changes]


def _by_state(rows: QuerySet[Any]) -> Counter[str]:
    return Counter(dict(rows.order_by().values_list("state").annotate(count=Count("pk"))))


def _tab(shown: Any, tab: Tab, count: int) -> dict[str, Any]:
    """A tab keeps the filters that it does not set, but no search."""
    label, asked = tab
    query = QueryDict(mutable=True)
    filters = {spec_name for spec in shown.filter_specs for spec_name in spec.expected_parameters()}
    query.update({name: value for name, value in shown.params.items() if name in filters - _OF_TABS})
    query.update(asked)
    chosen = {name: shown.params[name] for name in _OF_TABS if shown.params.get(name)}
    return {"label": label, "count": count, "query": query.urlencode(), "is_chosen": chosen == asked}
