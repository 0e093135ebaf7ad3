"""A teacher asks for seats whose names will follow; an organiser grants the big ones; either gives them back."""

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.availability import moment
from events.locked_reads import read_facts
from events.models import Event, Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import NotPossible
from registrations.holds import mails
from registrations.holds.reserve import end, end_what_is_over, hold
from registrations.locking import Deadline, in_transaction
from registrations.models import Block, School
from techfest.core.db.bulk import insert_new

MOST_AT_ONCE = 5
"""Seats of one event that a school has held at once, all its blocks together; more needs an organiser's yes."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a teacher asks for; `key` is that of the form, so that a form sent twice is one block."""

    event_id: int
    school: School
    user: Any
    seats: int
    until: dt.datetime
    key: uuid.UUID


def ask(wish: Wish, *, deadline: Deadline) -> Block:
    """Holds the seats at once, or leaves them for an organiser to grant: then nothing is held until the yes.

    Up to five seats of an event for a school are held at once while registration is open and nobody waits.
    Locks the event's Seats row. Raises `NotPossible` with the reason, `Busy` after 3 s.
    """
    return in_transaction(lambda: _ask(wish, deadline), deadline=deadline)


def approve(block_id: int, *, user: Any, deadline: Deadline) -> Block:
    """An organiser's yes: the seats are held, if they are free by now and nobody waits for them."""
    return _change(block_id, lambda block, found: _approve(block, found, user), deadline)


def refuse(block_id: int, *, user: Any, deadline: Deadline) -> Block:
    """An organiser's no."""
    return _change(block_id, lambda block, found: _refuse(block, found, user), deadline)


def give_back(block_id: int, *, user: Any, deadline: Deadline) -> Block:
    """Ends a block before its time; what has no name goes to whoever waits. Again is no harm."""
    return _change(block_id, lambda block, found: _give_back(block, found, user), deadline)


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
    events, now = read_facts([event_id])
    if not rows or not events or now is None:
        raise NotPossible(_("There is no such event."))
    release_late(rows, events, now)
    end_what_is_over(rows, events, now)
    return _Found(rows[0], events[event_id], now)


def _change(block_id: int, act: Callable[[Block, _Found], None], deadline: Deadline) -> Block:
    def work() -> Block:
        found = _locked(Block.objects.values_list("event_id", flat=True).get(pk=block_id), deadline)
        block = Block.objects.with_facts().get(pk=block_id)
        act(block, found)
        return block

    return in_transaction(work, deadline=deadline)


def _ask(wish: Wish, deadline: Deadline) -> Block:
    found = _locked(wish.event_id, deadline)
    if twin := Block.objects.filter(key=wish.key, school=wish.school, event=found.event).first():
        return twin
    before = list(Block.objects.unreturned().filter(event=found.event, school=wish.school))
    needs_yes = needs_organiser(wish.seats, before, found.event, found.now)
    _check(wish, found, before)
    block = Block(
        event=found.event,
        school=wish.school,
        seats=wish.seats,
        until=wish.until,
        key=wish.key,
        asked_by=wish.user,
    )
    if not needs_yes:
        _hold(block, found)
    if not insert_new([block]):  # the key was used for another event
        raise NotPossible(_("This form was already sent."))
    return block


def needs_organiser(seats: int, before: Sequence[Block], event: Event, now: dt.datetime) -> bool:
    """Whether an organiser must say yes: to many seats, and to any before everybody may register."""
    return seats + sum(block.seats for block in before) > MOST_AT_ONCE or now < event.registration_opens_at


def latest(event: Event) -> dt.datetime:
    """The last moment for names: registration closes, or seats are given at the door."""
    return min(event.registration_closes_at, event.promotion_ends_at)


def _check(wish: Wish, found: _Found, before: Sequence[Block]) -> None:
    """Whatever speaks against it but the number of free seats."""
    event, name = found.event, {"event": found.event.name}
    if event.state != Event.State.PUBLISHED or found.now >= latest(event):
        raise NotPossible(_("Registration for %(event)s is closed.") % name)
    if event.is_paused or event.fest.is_paused:
        raise NotPossible(_("Registration for %(event)s is paused.") % name)
    if not found.now < wish.until <= latest(event):
        raise NotPossible(_("The names must come by %(when)s.") % {"when": moment(latest(event))})
    if wish.seats > found.seats.capacity:
        words = ngettext(
            "%(event)s has only %(count)d seat.",
            "%(event)s has only %(count)d seats.",
            found.seats.capacity,
        )
        raise NotPossible(words % (name | {"count": found.seats.capacity}))
    if any(block.state == Block.State.ASKED for block in before):
        raise NotPossible(
            _("Your school has asked for seats of %(event)s already. An organiser decides.") % name
        )


def _hold(block: Block, found: _Found) -> None:
    """Holds what is free, and only where nobody waits: a block overtakes nobody."""
    seats = found.seats
    if seats.waiting:
        words = ngettext(
            "%(count)d waits for a seat of %(event)s, so none can be held.",
            "%(count)d wait for a seat of %(event)s, so none can be held.",
            seats.waiting,
        )
        raise NotPossible(words % {"count": seats.waiting, "event": found.event.name})
    if seats.free < block.seats:
        words = ngettext("Only %(count)d seat is free.", "Only %(count)d seats are free.", seats.free)
        raise NotPossible(words % {"count": seats.free} if seats.free else _("No seat is free."))
    hold(seats, block, now=found.now)


def _approve(block: Block, found: _Found, user: Any) -> None:
    _check_undecided(block, found.now)
    _hold(block, found)
    block.approved_by = user
    block.save(update_fields=["held_at", "approved_by"])
    mails.tell_of_answer(block, now=found.now)


def _refuse(block: Block, found: _Found, user: Any) -> None:
    _check_undecided(block, found.now)
    end(found.seats, [block], now=found.now)
    block.approved_by = user
    block.save(update_fields=["approved_by"])
    mails.tell_of_answer(block, now=found.now)


def _check_undecided(block: Block, now: dt.datetime) -> None:
    if block.state != Block.State.ASKED:
        raise NotPossible(_("This was decided already."))
    if now >= block.deadline:
        raise NotPossible(_("The time for names is over."))


def _give_back(block: Block, found: _Found, user: Any) -> None:
    if block.returned_at:
        return
    unused = block.unused
    end(found.seats, [block], now=found.now)
    if unused and user != block.asked_by:
        mails.tell_of_return(block, unused=unused, now=found.now)
