"""Cancelling registrations, or all of an event; freed seats go to the waiting list in the same transaction."""

import datetime as dt
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, give_up, move
from registrations.booking.waitlist import promote
from registrations.holds.reserve import end_all, end_what_is_over
from registrations.models import Change, Hold, Registration
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction

State = Registration.State
Choice = Callable[[list[Registration], dt.datetime], list[Registration]]
"""Which of these locked, active registrations are cancelled, at the time of the database clock."""


def cancel(
    registration_ids: Iterable[int],
    *,
    actor: str,
    deadline: Deadline,
    user: Any = None,
    reason: str = "",
    notify: bool = True,
) -> list[Registration]:
    """Cancels these registrations and promotes from the waiting lists, in one transaction.

    The `reason` is kept in the changes and quoted in the mails; without `notify` the mails are stored as dropped.
    A seat of an open hold returns to the hold, and nobody is promoted into it. Registrations that are already
    cancelled stay as they are, so a repeat is harmless. Locks the Seats rows of all events, then the
    registrations. Raises `ActionRejected` if an event has begun and no organiser cancels, `LockTimeout` after
    3 s.
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
    choose: Choice | None = None,
) -> list[Registration]:
    """As `cancel`, in the caller's transaction and as part of what `cause` names.

    `choose` is called behind the locks and may leave registrations out.
    """
    ids = sorted(ids)
    event_ids = Registration.objects.filter(pk__in=ids).values_list("event_id", flat=True)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(list(event_ids))}
    events, now = read_locked_events(seats)
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    with change_ledger() as ledger:
        rows = Registration.objects.filter(pk__in=ids).active().with_related().order_by("pk")
        registrations = list(rows.select_for_update(no_key=True, of=("self",)))
        now = now or database_now()
        if choose:
            registrations = choose(registrations, now)
        if actor in (Change.Actor.STUDENT, Change.Actor.TEACHER):
            _require_not_begun(registrations, now)
        give_up(registrations, seats, origin=Origin(cause, actor, now, user=user, reason=reason))
        for row in seats.values():
            promote(row, cause=Change.Cause.PROMOTED, now=now)
        if not notify:
            ledger.leave_not_notified(registrations)
    return registrations


def _require_not_begun(registrations: Iterable[Registration], now: dt.datetime) -> None:
    for registration in registrations:
        if text := why_too_late(registration, now):
            raise ActionRejected(text)


def why_too_late(registration: Registration, now: dt.datetime) -> str:
    """Return why a student or a teacher can no longer cancel this registration; empty if they can."""
    if now < registration.event.starts_at:
        return ""
    return _("%(event)s has begun.") % {"event": registration.event.name}


def cancel_event(
    event: Event, *, user: Any, reason: str, now: dt.datetime, sample: int | None = None
) -> None:
    """Ends the holds of a cancelled event and cancels all of its registrations; a rehearsal may do it with one.

    Needs the transaction that locked the Seats row and stored the event's state, so nobody is promoted. The
    number of statements grows by three per hundred registrations.
    """
    with change_ledger():
        end_all(event)
        active = Registration.objects.active().filter(event=event).with_related().order_by("pk")
        if sample is not None:
            active = active.filter(pk=sample)
        rows = list(active.select_for_update(no_key=True, of=("self",)))
        if rows:
            actor = Change.Actor.ORGANISER
            origin = Origin(Change.Cause.EVENT_CANCELLED, actor, now, user=user, reason=reason)
            move(rows, to=State.CANCELLED, origin=origin)
            Hold.objects.filter(event=event).update(used=0)
            # The holds have returned their unused seats, so every other taken seat belonged to a registration.
            Seats.objects.filter(pk=event.pk).update(taken=0, waiting=0)
