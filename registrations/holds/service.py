"""A teacher asks for seats whose names will follow; an organiser grants the big ones; either gives them back."""

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
from registrations.holds.reserve import end, end_what_is_over, hold_seats
from registrations.locking import Deadline, in_transaction
from registrations.models import Hold, School
from techfest.core.db.bulk import insert_new
from techfest.core.formatting import exact_moment

MAX_AT_ONCE = 5
"""Seats of one event that a school has held at once, all its blocks together; more needs an organiser's yes."""


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """What a teacher asks for; `key` is that of the form, so that a form sent twice is one block."""

    event_id: int
    school: School
    user: Any
    seats: int
    until: dt.datetime
    key: uuid.UUID


def request_hold(request: HoldRequest, *, deadline: Deadline) -> Hold:
    """Holds the seats at once, or leaves them for an organiser to grant: then nothing is held until the yes.

    Up to five seats of an event for a school are held at once while registration is open and nobody waits.
    Locks the event's Seats row. Raises `ActionRejected` with the reason, `LockTimeout` after 3 s.
    """
    return in_transaction(lambda: _request_hold(request, deadline), deadline=deadline)


def approve(hold_id: int, *, user: Any, deadline: Deadline) -> Hold:
    """An organiser's yes: the seats are held, if they are free by now and nobody waits for them."""
    return _change(hold_id, lambda hold, found: _approve(hold, found, user), deadline)


def refuse(hold_id: int, *, user: Any, deadline: Deadline) -> Hold:
    """An organiser's no."""
    return _change(hold_id, lambda hold, found: _refuse(hold, found, user), deadline)


def give_back(hold_id: int, *, user: Any, deadline: Deadline) -> Hold:
    """Ends a block before its time; what has no name goes to whoever waits. Again is no harm."""
    return _change(hold_id, lambda hold, found: _give_back(hold, found, user), deadline)


@dataclass(frozen=True, slots=True)
class _Found:
    """An event whose Seats row is locked, as it stands now."""

    seats: Seats
    event: Event
    now: dt.datetime


def _locked(event_id: int, deadline: Deadline) -> _Found:
    """Everything that is over was given back first, and what was not confirmed in time was released."""
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
    """Whether an organiser must say yes: to many seats, and to any before everybody may register."""
    return seats + sum(hold.seats for hold in before) > MAX_AT_ONCE or now < event.registration_opens_at


def latest(event: Event) -> dt.datetime:
    """The last moment for names: registration closes, or seats are given at the door."""
    return min(event.registration_closes_at, event.promotion_ends_at)


def _check(request: HoldRequest, found: _Found, before: Sequence[Hold]) -> None:
    """Whatever speaks against it but the number of free seats."""
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
            _("Your school has asked for seats of %(event)s already. An organiser decides.") % name
        )


def _hold(hold: Hold, found: _Found) -> None:
    """Holds what is free, and only where nobody waits: a block overtakes nobody."""
    seats = found.seats
    if seats.waiting:
        words = ngettext(
            "%(count)d waits for a seat of %(event)s, so none can be held.",
            "%(count)d wait for a seat of %(event)s, so none can be held.",
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
        raise ActionRejected(_("This was decided already."))
    if now >= hold.deadline:
        raise ActionRejected(_("The time for names is over."))


def _give_back(hold: Hold, found: _Found, user: Any) -> None:
    if hold.returned_at:
        return
    unused = hold.unused
    end(found.seats, [hold], now=found.now)
    if unused and user != hold.requested_by:
        mails.notify_of_return(hold, unused=unused, now=found.now)
