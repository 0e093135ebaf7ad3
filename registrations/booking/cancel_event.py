"""An event that does not take place: everybody's registration ends, and everybody is told."""

import datetime as dt
from typing import Any

from events.models import Event, Seats
from registrations.booking.state import Origin, move
from registrations.holds.expire import end_all
from registrations.models import Change, Hold, Registration
from registrations.signals import registrations_changed

State = Registration.State


def cancel_event(event: Event, *, user: Any, reason: str, now: dt.datetime) -> list[Change]:
    """Ends the blocks of an event and cancels whoever has a seat or waits; its lists are empty afterwards.

    Needs the transaction that locked its Seats row and has stored its state, so that nobody is promoted. The
    number of statements grows by three for each hundred registrations.
    """
    end_all(event)
    active = Registration.objects.active().filter(event=event).with_related().order_by("pk")
    rows = list(active.select_for_update(no_key=True, of=("self",)))
    if not rows:
        return []
    origin = Origin(Change.Cause.EVENT_CANCELLED, Change.Actor.ORGANISER, now, user=user, reason=reason)
    changes = move(rows, to=State.CANCELLED, origin=origin)
    Hold.objects.filter(event=event).update(used=0)
    # The blocks have let go of what had no name, so everything that is taken was somebody's.
    Seats.objects.filter(pk=event.pk).update(taken=0, waiting=0)
    registrations_changed.send(sender=Registration, changes=changes, now=now)
    return changes
