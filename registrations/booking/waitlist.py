"""The waiting list: who is next, and the seat that becomes theirs."""

from datetime import datetime

from django.db.models import Count, F, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from events.models import Event, Seats
from registrations.booking.state import Origin, move
from registrations.models import Change, Registration
from registrations.querysets import RegistrationQuerySet
from registrations.signals import registrations_changed
from techfest.core.db.clock import database_now

State = Registration.State


def with_number(registrations: RegistrationQuerySet) -> RegistrationQuerySet:
    """Adds `number`: the place in line of each waiting registration, counted, never stored."""
    ahead = (
        Registration.objects.filter(
            event=OuterRef("event"), state=State.WAITING, queue_position__lte=OuterRef("queue_position")
        )
        .order_by()
        .values("event")
        .annotate(count=Count("pk"))
        .values("count")
    )
    counted = {"number": Coalesce(Subquery(ahead, output_field=IntegerField()), 0)}
    return registrations.annotate(**counted)


def promote(seats: Seats, *, cause: str, now: datetime) -> list[Change]:
    """Gives the free seats of this event to those who wait, in their order.

    The caller holds the lock of `seats`, which must be as stored, and sends `registrations_changed` with
    what is returned. After `promotion_ends_at` nobody moves: free seats are then given at the door. A
    waiting student occupies the event's time from the start, so a promotion never makes a clash.
    """
    event = Event.objects.select_related("fest").get(pk=seats.pk)
    if not seats.free or not seats.waiting or not is_moving(event, now):
        return []
    waiting = Registration.objects.filter(event=event).waiting().with_related()
    chosen = list(waiting.select_for_update(no_key=True, of=("self",))[: seats.free])
    changes = move(chosen, to=State.CONFIRMED, origin=Origin(cause, Change.Actor.SYSTEM, now))
    added = len(chosen)
    seats.taken += added
    seats.waiting -= added
    filled = {"filled_at": now} if not seats.free else {}
    Seats.objects.filter(pk=seats.pk).update(taken=F("taken") + added, waiting=F("waiting") - added, **filled)
    return changes


def is_moving(event: Event, now: datetime) -> bool:
    """Whether a free seat goes to the next in line at this time."""
    return event.state == Event.State.PUBLISHED and now < event.promotion_ends_at


def promote_after_change(event: Event) -> None:
    """Gives free seats to those who wait, after an event takes place again or its list moves for longer.

    Needs the caller's transaction. Locks the event's Seats row.
    """
    for seats in Seats.objects.locked([event.pk]):
        now = database_now()
        changes = promote(seats, cause=Change.Cause.PROMOTED, now=now)
        if changes:
            registrations_changed.send(sender=Registration, changes=changes, now=now)
