"""The list and the page of registrations in the admin, with who came in."""

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin_base import RecordInline
from registrations.admin import exports
from registrations.admin.add_registration import add_page
from registrations.admin.history import change_lines
from registrations.admin.registration_actions import RegistrationActions
from registrations.booking.waitlist import why_waiting
from registrations.models import Change, Registration, School
from registrations.students.names import mailbox_key
from techfest.core.audit_log import Line
from techfest.core.db.clock import database_now

State = Registration.State
Tab = tuple[Any, Mapping[str, str], Q]
_LIVE_TICKET = Registration.objects.filter(pk=OuterRef("pk"), tickets__voided_at=None)
_CAME_IN = Exists(_LIVE_TICKET.filter(tickets__checked_in_at__isnull=False))
_UNACCEPTED = "unaccepted"
_MAILBOX = "mailbox-"


class AttendanceFilter(admin.SimpleListFilter):
    """Registrations with a seat whose student has, or has not, come in."""

    title = gettext_lazy("attendance")
    parameter_name = "attendance"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("in", _("checked in")), ("out", _("not checked in"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "in":
                return queryset.filter(_CAME_IN)
            case "out":
                return queryset.filter(~_CAME_IN, state=State.CONFIRMED)
        return queryset


class SimilarFilter(admin.SimpleListFilter):
    """Registrations that an alert is about: those of unaccepted schools, or of one student's mailbox.

    The choice of a mailbox is offered only while it is active: alerts link to it.
    """

    title = gettext_lazy("similarity")
    parameter_name = "similar"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        choices = [(_UNACCEPTED, _("school not accepted yet"))]
        asked = request.GET.get(self.parameter_name, "")
        return [*choices, (asked, _("the same mailbox"))] if _mailbox_owner(asked) else choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        value = self.value() or ""
        if value == _UNACCEPTED:
            return queryset.filter(student__school__state=School.State.PENDING)
        if owner := _mailbox_owner(value):
            # The list must show the student: an address that the user may not see is not compared with.
            address = queryset.filter(student=owner).values_list("student__email", flat=True).first()
            return queryset.filter(_of_mailbox(address)) if address else queryset.none()
        return queryset


def _mailbox_owner(value: str) -> int:
    """Return the id of the student whose mailbox is asked for, 0 if the value asks for none."""
    number = value.removeprefix(_MAILBOX)
    is_id = number != value and number.isascii() and number.isdigit() and len(number) < 19
    return int(number) if is_id else 0


def _of_mailbox(email: str) -> Q:
    """Registrations whose student's address leads to the same mailbox, with or without a tag."""
    mailbox = mailbox_key(email)
    local, _at, domain = mailbox.rpartition("@")
    tagged = Q(student__email_key__startswith=f"{local}+", student__email_key__endswith=f"@{domain}")
    return Q(student__email_key=mailbox) | tagged


class UnconfirmedFilter(admin.SimpleListFilter):
    """Active registrations whose e-mail address has not been confirmed yet."""

    title = gettext_lazy("e-mail address")
    parameter_name = "unconfirmed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [("yes", _("not confirmed yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Registration]) -> QuerySet[Registration]:
        return queryset.active().filter(confirm_by__isnull=False) if self.value() == "yes" else queryset  # type: ignore[attr-defined]  # RegistrationQuerySet


TABS: tuple[Tab, ...] = (
    (gettext_lazy("Going"), {"state__exact": State.CONFIRMED}, Q(state=State.CONFIRMED)),
    (gettext_lazy("Waiting"), {"state__exact": State.WAITING}, Q(state=State.WAITING)),
    (gettext_lazy("Cancelled"), {"state__exact": State.CANCELLED}, Q(state=State.CANCELLED)),
    (gettext_lazy("Checked in"), {"attendance": "in"}, Q(is_in=True)),
    (gettext_lazy("Not checked in"), {"attendance": "out"}, Q(is_in=False, state=State.CONFIRMED)),
)
"""The tabs above the list: label, the query of the list it leads to, and the rows it counts."""


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


@admin.register(Registration)
class RegistrationAdmin(RegistrationActions):
    event_lookup = "event"
    export_columns = exports.REGISTRATIONS
    change_list_template = "admin/registrations/registration/change_list.html"
    list_display = (
        "student",
        "event",
        "state",
        "queue_position",
        "student__grade",
        "student__school",
        "created_at",
        "came_in",
        "confirm_by",
    )
    list_select_related = ("student__school", "event")
    list_filter = (AttendanceFilter, "state", "event", "student__school", SimilarFilter, UnconfirmedFilter)
    search_fields = ("student__name", "student__reference", "student__email", "event__name")
    fields = (
        "student",
        "event",
        "state",
        "queue_position",
        "waitlist_status",
        "created_at",
        "confirm_by",
        "confirm_mailed_at",
        "submission",
    )
    readonly_fields = ("waitlist_status",)
    ordering = ("-created_at", "-pk")
    inlines = (ChangesInline,)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("by-hand/", view(add_page), name="registrations_registration_add_by_hand"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        rows: QuerySet[Registration] = super().get_queryset(request)
        rows = rows.select_related("student__school", "event", "submission__student")
        return rows.annotate(came_in_at=Subquery(_LIVE_TICKET.values("tickets__checked_in_at")[:1]))

    @admin.display(description=gettext_lazy("came in"), ordering="came_in_at")
    def came_in(self, obj: Any) -> Any:
        return obj.came_in_at

    @admin.display(description=gettext_lazy("why no seat yet"), empty_value="-")
    def waitlist_status(self, obj: Registration) -> str:
        return why_waiting(obj, now=database_now())

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"tabs": self._tabs(request), **(extra_context or {})})

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the tabs with their counts, for the event that the list is filtered by; one query."""
        event = request.GET.get("event__id__exact", "")
        rows = self.get_queryset(request)
        if event.isdecimal():
            rows = rows.filter(event=int(event))
        counted = {f"tab{number}": Count("pk", filter=tab[2]) for number, tab in enumerate(TABS)}
        counts = rows.annotate(is_in=_CAME_IN).aggregate(**counted)
        return [_tab(request, event, tab, counts[f"tab{number}"]) for number, tab in enumerate(TABS)]

    def lines_of(self, request: HttpRequest, obj: Registration) -> list[Line]:
        """Return the audit log of the row, with the changes of the registration."""
        changes = change_lines(request, self.admin_site, registration=obj)
        return [*super().lines_of(request, obj), *changes]


def _tab(request: HttpRequest, event: str, tab: Tab, count: int) -> dict[str, Any]:
    label, asked, _counted = tab
    query = QueryDict(mutable=True)
    query.update({"event__id__exact": event, **asked} if event else asked)
    chosen = {name: request.GET.get(name) for name in ("state__exact", "attendance") if request.GET.get(name)}
    return {"label": label, "count": count, "query": query.urlencode(), "is_chosen": chosen == asked}
