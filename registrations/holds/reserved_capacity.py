"""Seats that an organiser keeps back from everybody, and those that are new and go to whoever waits."""

import datetime as dt

from django.dispatch import receiver

from events.capacity import ReservedCapacity
from events.models import Seats
from events.signals import capacity_raised
from registrations.booking.waitlist import promote
from registrations.holds.reserve import hold_seats
from registrations.models import Change, Hold, Registration
from registrations.signals import registrations_changed


def reserve_capacity(seats: Seats, reserved: ReservedCapacity, *, now: dt.datetime) -> Hold:
    """Holds seats for nobody, as a block without a school. Raises `ConcurrentUpdate` where they do not fit.

    Those who wait go on waiting beside them: the block is the recorded reason. The caller holds the lock of
    `seats`.
    """
    hold = Hold(
        event_id=seats.pk,
        seats=reserved.seats,
        until=reserved.until,
        requested_by=reserved.user,
        approved_by=reserved.user,
    )
    hold_seats(seats, hold, now=now)
    hold.save()
    return hold


@receiver(capacity_raised)
def give_new_seats(
    *, seats: Seats, now: dt.datetime, reserved: ReservedCapacity | None = None, **_kwargs: object
) -> None:
    """To whoever waits, in their order, but for those that are held back."""
    if reserved:
        reserve_capacity(seats, reserved, now=now)
    changes = promote(seats, cause=Change.Cause.CAPACITY_RAISED, now=now)
    if changes:
        registrations_changed.send(sender=Registration, changes=changes, now=now)
