"""Venues with two events at the same time: organisers are asked before they save, in every way in.

It is no error: a big hall may hold two events.
"""

import datetime as dt
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from events.dates import MAX_NAMES, DateProblem, event_questions
from events.models import Event, Fest
from techfest.core.formatting import exact_moment, exact_time
from techfest.core.text import folded


@dataclass(frozen=True, slots=True)
class Booking:
    """A venue that an event takes for some time; `key` is equal only for the same event."""

    key: Hashable
    event: str
    venue: str
    starts_at: dt.datetime
    ends_at: dt.datetime

    def overlaps(self, other: "Booking") -> bool:
        """Whether another event takes the same venue at the same time; intervals that only touch do not."""
        is_same_venue = folded(self.venue) == folded(other.venue) and self.key != other.key
        return is_same_venue and self.starts_at < other.ends_at and other.starts_at < self.ends_at


def booking_of(event: Event) -> Booking:
    return Booking(event.pk, event.name, event.venue.name, event.starts_at, event.ends_at)


def bookings_of(fest: Fest, *, edited: Mapping[int, Event] | None = None) -> list[Booking]:
    """Return the bookings of a fest by all events that are not cancelled, some of them as `edited`; one query."""
    rows = Event.objects.filter(fest=fest).select_related("venue").order_by("starts_at", "pk")
    events = [(edited or {}).get(event.pk, event) for event in rows]
    return [booking_of(event) for event in events if event.state != Event.State.CANCELLED]


def double_booking(booking: Booking, bookings: Iterable[Booking], fest: Fest) -> str:
    """Return a sentence that names the other events in this venue at this time; empty if there are none."""
    others = [one for one in bookings if booking.overlaps(one)]
    if not others:
        return ""
    named = [_named(one, fest) for one in others[:MAX_NAMES]]
    words = _("%(venue)s is taken twice: it is also the venue of %(events)s.")
    more = " …" if len(others) > MAX_NAMES else ""
    return words % {"venue": booking.venue, "events": ", ".join(named) + more}


def _named(booking: Booking, fest: Fest) -> str:
    words = {
        "event": booking.event,
        "from": exact_moment(booking.starts_at, zone=fest.zone),
        "to": exact_time(booking.ends_at, zone=fest.zone),
    }
    return _("%(event)s (%(from)s to %(to)s)") % words


def questions_about(event: Event, bookings: Collection[Booking], *, now: dt.datetime) -> list[DateProblem]:
    """Return the questions about dates and venue of an event that is not cancelled; it need not be saved."""
    return [*event_questions(event, now=now), *venue_questions(event, bookings)]


def venue_questions(event: Event, bookings: Collection[Booking]) -> list[DateProblem]:
    text = double_booking(booking_of(event), bookings, event.fest)
    concerns = frozenset({"venue", "starts_at", "ends_at", "state"})
    return [DateProblem("venue", text, concerns)] if text else []
