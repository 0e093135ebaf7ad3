"""Blocks in the admin: what schools have asked for and hold; granted, refused and given back with a confirmation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events.admin_base import RecordAdmin
from registrations.admin import columns
from registrations.booking.errors import RegistrationError
from registrations.holds import service
from registrations.locking import Deadline
from registrations.models import Hold

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_AT_ONCE = 50
"""Blocks that one press decides, one transaction each."""
State = Hold.State
OF_STATE = {
    State.REQUESTED: Q(returned_at=None, held_at=None),
    State.HELD: Q(returned_at=None, held_at__isnull=False),
    State.RETURNED: Q(returned_at__isnull=False, held_at__isnull=False),
    State.REFUSED: Q(returned_at__isnull=False, held_at=None),
}


@dataclass(frozen=True, slots=True)
class Step:
    """Something an organiser may do to blocks of one state, with its words."""

    name: str
    state: str
    act: Callable[..., Hold]
    title: "_StrPromise"
    warning: "_StrPromise"
    button: "_StrPromise"


APPROVE = Step(
    "approve",
    State.REQUESTED,
    service.approve,
    gettext_lazy("Hold these seats?"),
    gettext_lazy("They count as taken from then on. The teachers are told."),
    gettext_lazy("Hold these seats"),
)
REFUSE = Step(
    "refuse",
    State.REQUESTED,
    service.refuse,
    gettext_lazy("Refuse these blocks?"),
    gettext_lazy("The teachers are told. They may ask again."),
    gettext_lazy("Refuse these blocks"),
)
RETURN = Step(
    "give_back",
    State.HELD,
    service.give_back,
    gettext_lazy("Give these seats back?"),
    gettext_lazy(
        "What has no name goes to whoever waits, at once. Names keep their seats; teachers who asked are told."
    ),
    gettext_lazy("Give these seats back"),
)


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(state.value, state.label) for state in State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        wanted = {state.value: condition for state, condition in OF_STATE.items()}.get(self.value() or "")
        return queryset.filter(wanted) if wanted else queryset


@admin.register(Hold)
class HoldAdmin(RecordAdmin):
    event_lookup = "event"
    export_columns = columns.HOLDS
    list_display = ("whose", "event", "seats", "used", "shown_state", "until", "requested_by", "created_at")
    list_select_related = ("school", "event__seats", "requested_by")
    list_filter = (StateFilter, "event", "school")
    search_fields = ("school__name", "event__name", "requested_by__email")
    fields = (
        "event",
        "school",
        "seats",
        "used",
        "shown_state",
        "until",
        "requested_by",
        "created_at",
        "held_at",
        "approved_by",
        "reminded_at",
        "returned_at",
    )
    ordering = ("-created_at", "-pk")
    actions = ("approve", "refuse", "give_back")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        return (
            super()
            .get_queryset(request)
            .select_related("event__seats", "school", "requested_by", "approved_by")
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_hold")

    @admin.display(description=gettext_lazy("held for"), ordering="school__name")
    def whose(self, obj: Hold) -> str:
        return str(obj.school or _("Held back"))

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, obj: Hold) -> str:
        return str(obj.state.label)

    @admin.action(description=gettext_lazy("Hold the chosen blocks"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponseBase | None:
        return self._step(request, queryset, APPROVE)

    @admin.action(description=gettext_lazy("Refuse the chosen blocks"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponseBase | None:
        return self._step(request, queryset, REFUSE)

    @admin.action(description=gettext_lazy("Give the chosen blocks back"), permissions=["decide"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponseBase | None:
        return self._step(request, queryset, RETURN)

    def _step(self, request: HttpRequest, queryset: QuerySet[Hold], step: Step) -> HttpResponseBase | None:
        """Shows what would be done; the button of that page does it, the oldest wish first."""
        chosen = list(queryset.filter(OF_STATE[State(step.state)]).order_by("created_at", "pk"))
        if refusal := _refusal(len(chosen), State(step.state)):
            self.message_user(request, refusal, messages.WARNING)
        elif request.POST.get("confirmed") == "yes":
            self._act(request, chosen, step)
        else:
            return self._confirmation(request, chosen, step)
        return None

    def _confirmation(self, request: HttpRequest, chosen: list[Hold], step: Step) -> HttpResponseBase:
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": step.title,
            "opts": self.opts,
            "media": self.media,
            "step": step,
            "chosen": chosen,
        }
        return TemplateResponse(request, "admin/registrations/holds.html", context)

    def _act(self, request: HttpRequest, chosen: list[Hold], step: Step) -> None:
        done = 0
        for hold in chosen:
            try:
                step.act(hold.pk, user=request.user, deadline=Deadline())
                done += 1
            except RegistrationError as error:
                words = _("%(hold)s: %(why)s") % {"hold": hold, "why": error.text}
                self.message_user(request, words, messages.ERROR)
        if done:
            words = ngettext("%(count)d block is done.", "%(count)d blocks are done.", done)
            self.message_user(request, words % {"count": done}, messages.SUCCESS)


def _refusal(count: int, state: State) -> str:
    if count > MAX_AT_ONCE:
        return _("Choose at most %(maximum)d blocks at once.") % {"maximum": MAX_AT_ONCE}
    return "" if count else _("None of these is in the state “%(state)s”.") % {"state": state.label}
