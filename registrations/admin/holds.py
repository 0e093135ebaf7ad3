"""Holds in the admin: seats that schools requested or hold are approved, refused and given back."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from events.admin_base import RecordAdmin
from registrations.admin import exports
from registrations.booking.waitlist import is_moving
from registrations.holds import service
from registrations.models import Hold
from techfest.core.admin.asking import asks_first
from techfest.core.admin.confirmation import Confirmation, confirmed_action, size_refusal
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.errors import UserFacingError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_AT_ONCE = 50
"""Holds that one action decides, in one transaction each."""
State = Hold.State
OF_STATE = {
    State.REQUESTED: Q(returned_at=None, held_at=None),
    State.HELD: Q(returned_at=None, held_at__isnull=False),
    State.RETURNED: Q(returned_at__isnull=False, held_at__isnull=False),
    State.REFUSED: Q(returned_at__isnull=False, held_at=None),
}


@dataclass(frozen=True, slots=True)
class Step:
    """What an organiser may do with holds of one state, and the texts of its confirmation page."""

    name: str
    state: State
    act: Callable[..., Hold]
    title: "_StrPromise"
    effect: "_StrPromise"
    button: "_StrPromise"
    """With the number of `seats`; the singular and the plural are chosen by it."""
    done: "_StrPromise"
    too_late: "_StrPromise"
    takes: int
    """What it does to the seats that are taken: 1 adds those without a name, -1 gives them back."""


APPROVE = Step(
    "approve",
    State.REQUESTED,
    service.approve,
    gettext_lazy("Hold these seats?"),
    gettext_lazy("They count as taken from now on. The teachers are notified by mail."),
    ngettext_lazy("Hold %(seats)d seat", "Hold %(seats)d seats", "seats"),
    ngettext_lazy("%(seats)d seat is held.", "%(seats)d seats are held.", "seats"),
    gettext_lazy("These requests were decided by someone else in the meantime."),
    1,
)
REFUSE = Step(
    "refuse",
    State.REQUESTED,
    service.refuse,
    gettext_lazy("Refuse these requests?"),
    gettext_lazy("The teachers are notified by mail. They may ask again."),
    ngettext_lazy("Refuse to hold %(seats)d seat", "Refuse to hold %(seats)d seats", "seats"),
    ngettext_lazy("%(seats)d seat is not held.", "%(seats)d seats are not held.", "seats"),
    gettext_lazy("These requests were decided by someone else in the meantime."),
    0,
)
RETURN = Step(
    "give_back",
    State.HELD,
    service.give_back,
    gettext_lazy("Give these seats back?"),
    gettext_lazy(
        "Seats without a name go to the waiting list at once. Named students keep theirs. Teachers who asked for "
        "the seats are notified by mail."
    ),
    ngettext_lazy("Give %(seats)d held seat back", "Give %(seats)d held seats back", "seats"),
    ngettext_lazy("%(seats)d held seat is given back.", "%(seats)d held seats are given back.", "seats"),
    gettext_lazy("These seats are not held any more."),
    -1,
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
    export_columns = exports.HOLDS
    list_display = ("whose", "event", "seats", "used", "shown_state", "until", "requested_by", "created_at")
    list_select_related = ("school", "event__seats", "event__fest", "requested_by")
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
            .select_related("event__seats", "event__fest", "school", "requested_by", "approved_by")
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("registrations.change_hold")

    @admin.display(description=gettext_lazy("held for"), ordering="school__name")
    def whose(self, obj: Hold) -> str:
        return str(obj.school or _("Held back"))

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, obj: Hold) -> str:
        return str(obj.state.label)

    @asks_first
    @admin.action(description=gettext_lazy("Hold the seats"), permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponseBase | None:
        return self._step(request, queryset, APPROVE)

    @asks_first
    @admin.action(description=gettext_lazy("Refuse the requests"), permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponseBase | None:
        return self._step(request, queryset, REFUSE)

    @asks_first
    @admin.action(description=gettext_lazy("Give the seats back"), permissions=["decide"])
    def give_back(self, request: HttpRequest, queryset: QuerySet[Hold]) -> HttpResponseBase | None:
        return self._step(request, queryset, RETURN)

    def _step(self, request: HttpRequest, queryset: QuerySet[Hold], step: Step) -> HttpResponseBase | None:
        """Run the step for the chosen holds, the oldest request first."""
        chosen = list(queryset.filter(OF_STATE[step.state]).order_by("created_at", "pk"))
        too_many = _("Choose at most %(maximum)d holds at once.")
        return confirmed_action(
            self,
            request,
            action=step.name,
            refusal=size_refusal(len(chosen), MAX_AT_ONCE, none=step.too_late, too_many=too_many),
            confirmation=lambda: Confirmation(
                title=step.title,
                submit_label=step.button % {"seats": sum(hold.seats for hold in chosen)},
                chosen=chosen,
                summary=[step.effect],
                changes=_seats_before_and_after(step, chosen),
                rows=[_line(hold) for hold in chosen],
            ),
            do=lambda: _act_and_report(step, chosen, request.user),
        )


def _line(hold: Hold) -> str:
    seats = ngettext(
        "%(count)d seat, %(used)d with a name", "%(count)d seats, %(used)d with a name", hold.seats
    )
    return format_html(
        '<bdi translate="no">{}</bdi>, <bdi translate="no">{}</bdi>: {}, {}',
        hold.school or _("Held back"),
        hold.event,
        seats % {"count": hold.seats, "used": hold.used},
        hold.event.seats,
    )


def _seats_before_and_after(step: Step, chosen: Sequence[Hold]) -> list[tuple[str, str, str]]:
    """The free seats and the waiting list of each event, now and after the step for all chosen holds."""
    unnamed: dict[int, int] = defaultdict(int)
    events = {hold.event_id: hold.event for hold in chosen}
    for hold in chosen:
        unnamed[hold.event_id] += hold.seats - hold.used
    now, found = database_now(), []
    for pk, event in events.items():
        seats = event.seats
        free = max(0, seats.capacity - seats.taken - step.takes * unnamed[pk])
        moved = min(free, seats.waiting) if step.takes < 0 and is_moving(event, now) else 0
        pairs = ((seats.free, seats.waiting), (free - moved, seats.waiting - moved))
        was, will = (
            _("%(free)d free, %(waiting)d waiting") % dict(zip(("free", "waiting"), one, strict=True))
            for one in pairs
        )
        found.append((event.name, was, will))
    return found


def _act_and_report(step: Step, chosen: Sequence[Hold], user: Any) -> list[tuple[str, int]]:
    """Take the step for each hold in a transaction of its own; one that is refused does not stop the others."""
    seats, report = 0, []
    for hold in chosen:
        try:
            step.act(hold.pk, user=user, deadline=Deadline())
            seats += hold.seats
        except UserFacingError as error:
            text = _("%(hold)s: %(why)s") % {"hold": hold, "why": error.text}
            report.append((text, messages.ERROR))
    if seats:
        report.append((step.done % {"seats": seats}, messages.SUCCESS))
    return report
