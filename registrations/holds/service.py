"""Holding seats for a school: requested by a teacher, large ones approved by an organiser, given back by either."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.locked_reads import read_locked_events
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.holds import mails
from registrations.holds.reserve import end, end_what_is_over, expire, hold_seats
from registrations.models import Hold, School
from techfest.core.db.bulk import insert_new
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import LockTimeout
from techfest.core.formatting import exact_moment

MAX_AT_ONCE = 5
"""Seats of one event that a school may hold without an organiser's approval, all its holds together."""
WORTH_A_REMINDER = dt.timedelta(hours=6)
"""Holds that last less than this get no reminder: the teacher has only just requested them."""


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What a teacher requests; `key` is the form's idempotency key."""

    event_id: int
    school: School
    user: Any
    seats: int
    until: dt.datetime
    key: uuid.UUID


def request_hold(request: HoldRequest, *, deadline: Deadline) -> Hold:
    """Hold the seats, or store a request that an organiser has to approve; until then nothing is held.

    Up to `MAX_AT_ONCE` seats per event and school are held at once while registration is open and no one
    waits. Locks the event's Seats row. Raises `ActionRejected` with the reason, `LockTimeout` after 3 s.
    """
    return in_transaction(lambda: _request_hold(request, deadline), deadline=deadline)


def approve(hold_id: int, *, user: Any, deadline: Deadline) -> Hold:
    """Hold the requested seats if they are free and no one waits for them."""
    return _change(hold_id, lambda hold, found: _approve(hold, found, user), deadline)


def refuse(hold_id: int, *, user: Any, deadline: Deadline) -> Hold:
    """Refuse a requested hold."""
    return _change(hold_id, lambda hold, found: _refuse(hold, found, user), deadline)


def give_back(hold_id: int, *, user: Any, deadline: Deadline) -> Hold:
    """End a hold early; unused seats go to the waiting list. A repeat is harmless."""
    return _change(hold_id, lambda hold, found: _give_back(hold, found, user), deadline)


@dataclass(frozen=True, slots=True)
class _Found:
    """An event whose Seats row is locked, and the time."""

    seats: Seats
    event: Event
    now: dt.datetime


def _locked(event_id: int, deadline: Deadline) -> _Found:
    """Lock the event. Unconfirmed registrations and holds whose time is over are released first."""
    deadline.limit_locks()
    rows = Seats.objects.locked([event_id])
    events, now = read_locked_events([event_id])
    if not rows or not events or now is None:
        raise ActionRejected(_("There is no such event."))
    release_late(rows, events, now)
    end_what_is_over(rows, events, now)
    return _Found(rows[0], events[event_id], now)


def _change(hold_id: int, act: Callable[[Hold, _Found], None], deadline: Deadline) -> Hold:
    def work() -> Hold:
        found = _locked(Hold.objects.values_list("event_id", flat=True).get(pk=hold_id), deadline)
        hold = Hold.objects.with_related().get(pk=hold_id)
        act(hold, found)
        return hold

    return in_transaction(work, deadline=deadline)


def _request_hold(request: HoldRequest, deadline: Deadline) -> Hold:
    found = _locked(request.event_id, deadline)
    if earlier := Hold.objects.filter(key=request.key, school=request.school, event=found.event).first():
        return earlier
    before = list(Hold.objects.unreturned().filter(event=found.event, school=request.school))
    needs_yes = needs_organiser(request.seats, before, found.event, found.now)
    _check(request, found, before)
    hold = Hold(
        event=found.event,
        school=request.school,
        seats=request.seats,
        until=request.until,
        key=request.key,
        requested_by=request.user,
    )
    if not needs_yes:
        _hold(hold, found)
    if not insert_new([hold]):  # the key was used for another event
        raise ActionRejected(_("This form was already sent."))
    return hold


def needs_organiser(seats: int, before: Sequence[Hold], event: Event, now: dt.datetime) -> bool:
    """Whether an organiser must approve: many seats, or any before registration opens."""
    return seats + sum(hold.seats for hold in before) > MAX_AT_ONCE or now < event.registration_opens_at


def latest(event: Event) -> dt.datetime:
    """When names can no longer be given: registration closes, or free seats are given at the door."""
    return min(event.registration_closes_at, event.promotion_ends_at)


def _check(request: HoldRequest, found: _Found, before: Sequence[Hold]) -> None:
    """Every condition except the number of free seats."""
    event, name = found.event, {"event": found.event.name}
    if event.state != Event.State.PUBLISHED or found.now >= latest(event):
        raise ActionRejected(_("Registration for %(event)s is closed.") % name)
    if event.is_paused or event.fest.is_paused:
        raise ActionRejected(_("Registration for %(event)s is paused.") % name)
    if not found.now < request.until <= latest(event):
        raise ActionRejected(_("The names must come by %(when)s.") % {"when": exact_moment(latest(event))})
    if request.seats > found.seats.capacity:
        words = ngettext(
            "%(event)s has only %(count)d seat.",
            "%(event)s has only %(count)d seats.",
            found.seats.capacity,
        )
        raise ActionRejected(words % (name | {"count": found.seats.capacity}))
    if any(hold.state == Hold.State.REQUESTED for hold in before):
        raise ActionRejected(
            _("Your school has already asked for seats of %(event)s. An organiser will decide.") % name
        )


def _hold(hold: Hold, found: _Found) -> None:
    """Hold free seats, if no one waits: a hold never overtakes the waiting list."""
    seats = found.seats
    if seats.waiting:
        words = ngettext(
            "%(count)d person is on the waiting list of %(event)s, so no seat can be held.",
            "%(count)d people are on the waiting list of %(event)s, so no seat can be held.",
            seats.waiting,
        )
        raise ActionRejected(words % {"count": seats.waiting, "event": found.event.name})
    if seats.free < hold.seats:
        words = ngettext("Only %(count)d seat is free.", "Only %(count)d seats are free.", seats.free)
        raise ActionRejected(words % {"count": seats.free} if seats.free else _("No seat is free."))
    hold_seats(seats, hold, now=found.now)


def _approve(hold: Hold, found: _Found, user: Any) -> None:
    _check_undecided(hold, found.now)
    _hold(hold, found)
    hold.approved_by = user
    hold.save(update_fields=["held_at", "approved_by"])
    mails.notify_of_answer(hold, now=found.now)


def _refuse(hold: Hold, found: _Found, user: Any) -> None:
    _check_undecided(hold, found.now)
    end(found.seats, [hold], now=found.now)
    hold.approved_by = user
    hold.save(update_fields=["approved_by"])
    mails.notify_of_answer(hold, now=found.now)


def _check_undecided(hold: Hold, now: dt.datetime) -> None:
    if hold.state != Hold.State.REQUESTED:
        raise ActionRejected(_("This was already decided."))
    if now >= hold.deadline:
        raise ActionRejected(_("The time for names is over."))


def _give_back(hold: Hold, found: _Found, user: Any) -> None:
    if hold.returned_at:
        return
    unused = hold.unused
    end(found.seats, [hold], now=found.now)
    if unused and user != hold.requested_by:
        mails.notify_of_return(hold, unused=unused, now=found.now)


def process_due() -> int:
    """End holds whose time is over and send reminders at half time; return how many holds. A repeat is harmless."""
    rows = Hold.objects.unreturned().select_related("event__fest")
    now = database_now()
    events = sorted({hold.event_id for hold in rows if now >= hold.deadline or _wants_reminder(hold, now)})
    return sum(_process_event(event_id) for event_id in events)


def _wants_reminder(hold: Hold, now: dt.datetime) -> bool:
    if hold.school_id is None:  # reserved by an organiser: no names will follow
        return False
    if hold.state != Hold.State.HELD or hold.reminded_at or not hold.unused or hold.held_at is None:
        return False
    time = hold.deadline - hold.held_at
    return time >= WORTH_A_REMINDER and now >= hold.held_at + time / 2


def _process_event(event_id: int) -> int:
    deadline = Deadline()
    try:
        return in_transaction(lambda: _process_locked(event_id, deadline), deadline=deadline)
    except LockTimeout:
        # The worker comes again in half a minute; the other events' holds need not wait for it.
        return 0


def _process_locked(event_id: int, deadline: Deadline) -> int:
    deadline.limit_locks()
    (seats,) = Seats.objects.locked([event_id])
    now = database_now()
    holds = list(Hold.objects.unreturned().filter(event=event_id).with_related().order_by("pk"))
    over = [hold for hold in holds if now >= hold.deadline]
    if over:
        expire(seats, over, now=now)
    due = [hold for hold in holds if hold.returned_at is None and _wants_reminder(hold, now)]
    for hold in due:
        Hold.objects.filter(pk=hold.pk).update(reminded_at=now)
        mails.remind(hold, now=now)
    return len(over) + len(due)
