"""What the page of an event says in numbers: its seats as a bar, its lists, and whether registration is open."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from events.meters import filled
from events.models import Event, Seats
from registrations import hooks
from registrations.models import Hold, Registration
from techfest.core.formatting import moment

if TYPE_CHECKING:
    from registrations.admin.events import EventAdmin

State = Event.State


@dataclass(frozen=True, slots=True)
class Number:
    """One number of the event, and the list that shows its rows; no path where the user may not see it."""

    count: int
    words: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Meter:
    """The bar of seats, in hundredths of the capacity."""

    seats: Seats

    @property
    def taken(self) -> int:
        return filled(self.seats.taken, self.seats.capacity)

    @property
    def registered(self) -> int:
        return filled(self.seats.taken - self.seats.held, self.seats.capacity)

    @property
    def over(self) -> int:
        return max(0, self.seats.taken - self.seats.capacity)


def numbers_of(
    admin: "EventAdmin", request: HttpRequest, event: Event, figures: "hooks.EventFigures"
) -> list[Number]:
    seats = event.seats
    lists = {
        name: _list_path(admin, request, model, event, **filters)
        for name, model, filters in (
            ("registered", Registration, {"state__exact": "confirmed"}),
            ("waiting", Registration, {"state__exact": "waiting"}),
            ("held", Hold, {"state": "held"}),
        )
    }
    return [
        Number(seats.taken - seats.held, _("registered"), lists["registered"]),
        Number(seats.waiting, _("waiting"), lists["waiting"]),
        Number(seats.held, _("held"), lists["held"]),
        Number(figures.checked_in, _("checked in"), figures.checked_in_path),
    ]


def _list_path(admin: "EventAdmin", request: HttpRequest, model: Any, event: Event, **filters: str) -> str:
    if not admin.admin_site.get_model_admin(model).has_view_permission(request):
        return ""
    name = reverse(f"admin:registrations_{model._meta.model_name}_changelist")
    query = QueryDict(mutable=True)
    query.update({"event__id__exact": str(event.pk), **filters})
    return f"{name}?{query.urlencode()}"


def registration_status(event: Event, now: Any) -> str:
    """Say whether students can register now, and until when or from when."""
    opens, closes = event.registration_opens_at, event.registration_closes_at
    if event.state != State.PUBLISHED:
        return _("Not public yet: it is a draft.") if event.state == State.DRAFT else _("Cancelled.")
    if now < opens:
        return _("Registration opens %(when)s.") % {"when": moment(opens)}
    if now >= closes:
        return _("Registration closed %(when)s.") % {"when": moment(closes)}
    if event.is_paused or event.fest.is_paused:
        return _("Registration is paused.")
    return _("Registration is open until %(when)s.") % {"when": moment(closes)}
