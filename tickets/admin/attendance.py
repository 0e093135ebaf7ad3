"""Who of the registrations came in: a column, a filter and the tabs above the list, of what the reader may see."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.admin.registrations import RegistrationAdmin
from registrations.models import Registration
from tickets.models import Ticket

State = Registration.State
Tab = tuple[Any, Mapping[str, str], Q]
_TICKET = Ticket.objects.live().filter(registration=OuterRef("pk"))
_CAME_IN = Exists(_TICKET.filter(checked_in_at__isnull=False))


class AttendanceFilter(admin.SimpleListFilter):
    """Of those who have a seat: who is in, and who is not."""

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


TABS: tuple[Tab, ...] = (
    (gettext_lazy("Going"), {"state__exact": State.CONFIRMED}, Q(state=State.CONFIRMED)),
    (gettext_lazy("Waiting"), {"state__exact": State.WAITING}, Q(state=State.WAITING)),
    (gettext_lazy("Cancelled"), {"state__exact": State.CANCELLED}, Q(state=State.CANCELLED)),
    (gettext_lazy("Checked in"), {"attendance": "in"}, Q(is_in=True)),
    (gettext_lazy("Not checked in"), {"attendance": "out"}, Q(is_in=False, state=State.CONFIRMED)),
)
"""What each tab is called, what it asks of the list, and what it counts."""


class AttendedRegistrationAdmin(RegistrationAdmin):
    """The list of registrations as the room of the door knows it."""

    change_list_template = "admin/registrations/registration/change_list.html"
    list_display = (
        *RegistrationAdmin.list_display[:-1],
        "came_in",
        RegistrationAdmin.list_display[-1],
    )
    list_filter: ClassVar[tuple[Any, ...]] = (AttendanceFilter, *RegistrationAdmin.list_filter)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return (
            super().get_queryset(request).annotate(came_in_at=Subquery(_TICKET.values("checked_in_at")[:1]))
        )

    @admin.display(description=gettext_lazy("came in"), ordering="came_in_at")
    def came_in(self, obj: Any) -> Any:
        return obj.came_in_at

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"tabs": self._tabs(request), **(extra_context or {})})

    def _tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        """One query; they keep the event that the list is of."""
        event = request.GET.get("event__id__exact", "")
        rows = self.get_queryset(request)
        if event.isdecimal():
            rows = rows.filter(event=int(event))
        counted = {f"tab{number}": Count("pk", filter=tab[2]) for number, tab in enumerate(TABS)}
        counts = rows.annotate(is_in=_CAME_IN).aggregate(**counted)
        return [_tab(request, event, tab, counts[f"tab{number}"]) for number, tab in enumerate(TABS)]


def _tab(request: HttpRequest, event: str, tab: Tab, count: int) -> dict[str, Any]:
    label, asked, _counted = tab
    query = QueryDict(mutable=True)
    query.update({"event__id__exact": event, **asked} if event else asked)
    chosen = {name: request.GET.get(name) for name in ("state__exact", "attendance") if request.GET.get(name)}
    return {"label": label, "count": count, "query": query.urlencode(), "is_chosen": chosen == asked}


admin.site.unregister(Registration)
admin.site.register(Registration, AttendedRegistrationAdmin)
