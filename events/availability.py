"""The state of an event's registration as the public sees it: open, full, soon, closed, paused or cancelled."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.meters import filled
from events.models import Event
from techfest.core.formatting import exact_moment

EARLY = dt.timedelta(minutes=15)
"""How long before the opening the form can be filled in."""
FEW_SEATS = 10
"""If fewer seats are free, the page says so in the colour of a warning."""


class State(TextChoices):
    OPEN = "open"
    FULL = "full"
    SOON = "soon"
    CLOSED = "closed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Availability:
    """The state of an event's registration at one time, with its sentence and button."""

    event: Event
    now: dt.datetime

    @property
    def state(self) -> State:
        event = self.event
        if event.state == Event.State.CANCELLED:
            return State.CANCELLED
        if self.now >= event.registration_closes_at:
            return State.CLOSED
        if event.is_paused or event.fest.is_paused:
            return State.PAUSED
        if self.now < event.registration_opens_at:
            return State.SOON
        return State.OPEN if event.seats.takes_newcomers else State.FULL

    @property
    def is_open(self) -> bool:
        """Whether registration is open, for a seat or for the waiting list."""
        return self.state in (State.OPEN, State.FULL)

    @property
    def has_waiting_list(self) -> bool:
        limit = self.event.waiting_limit
        if self.now >= self.event.promotion_ends_at:
            return False
        return limit is None or self.event.seats.waiting < limit

    @property
    def text(self) -> str:
        match self.state:
            case State.OPEN:
                free = self.event.seats.free
                return ngettext("%(n)d seat left", "%(n)d seats left", free) % {"n": free}
            case State.FULL:
                return self._full_text()
            case State.SOON:
                return _("Opens %(when)s") % {"when": exact_moment(self.event.registration_opens_at)}
            case State.CLOSED:
                return _("Registration is closed")
            case State.PAUSED:
                return self.event.pause_text or self.event.fest.pause_text or _("Registration is paused")
        return _("Cancelled")

    @property
    def percent_taken(self) -> int:
        """How far the meter of seats is filled."""
        return filled(self.event.seats.taken, self.event.seats.capacity)

    @property
    def has_few_seats(self) -> bool:
        return self.event.seats.free < FEW_SEATS

    def _full_text(self) -> str:
        waiting = self.event.seats.waiting
        if self.event.seats.held and not waiting:
            return _("All seats are taken; some are not confirmed yet")
        if not self.has_waiting_list:
            return _("Full")
        if not waiting:
            return _("Full — join the waiting list")
        return ngettext("Full · %(n)d is waiting", "Full · %(n)d are waiting", waiting) % {"n": waiting}

    @property
    def button_text(self) -> str:
        """The label of the button; empty if there is none."""
        match self.state:
            case State.OPEN:
                return _("Register")
            case State.FULL:
                return _("Join the waiting list") if self.has_waiting_list else ""
            case State.SOON if self.is_form_open:
                return _("Fill in the form now")
        return ""

    @property
    def is_form_open(self) -> bool:
        """Whether the form can be filled in: from shortly before the opening to the end of the grace period."""
        begins = self.event.registration_opens_at - EARLY
        return (
            self.event.state == Event.State.PUBLISHED
            and begins <= self.now < self.event.registration_accepted_until
        )
