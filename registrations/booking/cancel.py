"""Giving up a seat or a place in line, which the next in line takes in the same transaction."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.booking.seat_return import give_up
from registrations.booking.state import Origin
from registrations.booking.waitlist import promote
from registrations.holds.reserve import end_what_is_over
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Registration
from registrations.signals import registrations_changed
from techfest.core.db.clock import database_now

State = Registration.State


def cancel(
    registration_ids: Iterable[int],
    *,
    actor: str,
    deadline: Deadline,
    user: Any = None,
    reason: str = "",
    notify: bool = True,
) -> list[Registration]:
    """Cancels these registrations and promotes whoever waits, all in one transaction.

    The `reason` stands in the changes and in the mails; where it does not `notify` the mails are kept as dropped.
    A seat of a block that is still held goes back to its block, and nobody is promoted into it. What is
    cancelled already stays as it is, so a repeat does no harm. Locks the Seats rows of all events, then the
    registrations. Raises `ActionRejected` when an event has begun and it is no organiser who cancels, `LockTimeout`
    after 3 s.
    """
    ids = sorted(registration_ids)
    work = partial(cancel_along, ids, actor=actor, deadline=deadline, user=user, reason=reason, notify=notify)
    return in_transaction(work, deadline=deadline)


def cancel_along(
    ids: Iterable[int],
    *,
    actor: str,
    deadline: Deadline,
    user: Any = None,
    cause: str = Change.Cause.CANCELLED,
    reason: str = "",
    notify: bool = True,
) -> list[Registration]:
    """As `cancel`, inside the caller's transaction and as a part of what the `cause` names."""
    ids = sorted(ids)
    event_ids = Registration.objects.filter(pk__in=ids).values_list("event_id", flat=True)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(list(event_ids))}
    events, now = read_locked_events(seats)
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    rows = Registration.objects.filter(pk__in=ids).active().with_related().order_by("pk")
    registrations = list(rows.select_for_update(no_key=True, of=("self",)))
    now = now or database_now()
    origin = Origin(cause, actor, now, user=user, reason=reason)
    is_organisers = actor not in (Change.Actor.STUDENT, Change.Actor.TEACHER)
    for registration in registrations:
        if not is_organisers and now >= registration.event.starts_at:
            raise ActionRejected(_("%(event)s has begun.") % {"event": registration.event.name})
    changes = give_up(registrations, seats, origin=origin)
    for row in seats.values():
        changes += promote(row, cause=Change.Cause.PROMOTED, now=now)
    if changes:
        not_notified = frozenset() if notify else frozenset(row.pk for row in registrations)
        registrations_changed.send(sender=Registration, changes=changes, now=now, not_notified=not_notified)
    return registrations
