"""The rules that decide about one claim. No queries: everything judged was read under the lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from events.models import Event
from registrations.models import Hold, Refusal, Registration

if TYPE_CHECKING:
    from registrations.booking.allocate import SeatCounter, SeatRequest

Reason = Refusal.Reason
State = Registration.State


@dataclass(frozen=True, slots=True)
class Decision:
    """Either the state that is given, or the reason why none is; `other` is the event in the way.

    A seat that was held for the school comes from its `block`.
    """

    state: str = ""
    reason: str = ""
    other: Event | None = None
    hold: Hold | None = None


def decide(
    seat_request: "SeatRequest",
    event: Event | None,
    seat_counter: "SeatCounter | None",
    held: Sequence[Registration],
    now: datetime | None,
) -> Decision:
    """What one claim comes to. Unknown and draft events get the same answer."""
    if event is None or seat_counter is None or now is None or event.fest_id != seat_request.student.fest_id:
        return Decision(reason=Reason.UNKNOWN)
    if any(registration.event_id == event.pk for registration in held):
        return Decision(reason=Reason.ALREADY)
    if reason := _closed(event, now):
        return Decision(reason=reason)
    return decide_seat(seat_request, event, seat_counter, held, now)


def decide_seat(
    seat_request: "SeatRequest",
    event: Event,
    seat_counter: "SeatCounter",
    held: Sequence[Registration],
    now: datetime,
) -> Decision:
    """The rules that also bind organisers, whom the opening hours do not."""
    if not event.has_room_for_grade(seat_request.student.grade):
        return Decision(reason=Reason.INELIGIBLE)
    for registration in held:
        if event.overlaps(registration.event):
            return Decision(reason=Reason.CLASH, other=registration.event)
    if hold := seat_counter.hold_for(seat_request):
        return Decision(state=State.CONFIRMED, hold=hold)
    if seat_counter.free and not seat_counter.waiting:
        return Decision(state=State.CONFIRMED)
    if seat_request.wants_waiting and has_place_to_wait(event, seat_counter.waiting, now):
        return Decision(state=State.WAITING)
    return Decision(reason=Reason.FULL)


def has_place_to_wait(event: Event, waiting: int, now: datetime) -> bool:
    """Whether there is a line to stand in: it ends where seats are given at the door."""
    if now >= event.promotion_ends_at:
        return False
    return event.waiting_limit is None or waiting < event.waiting_limit


def _closed(event: Event, now: datetime) -> str:
    """Why registration is not open at this moment of the database's clock, or nothing."""
    if event.state == Event.State.CANCELLED or now >= event.registration_accepted_until:
        return Reason.CLOSED
    if now < event.registration_opens_at:
        return Reason.TOO_SOON
    if event.is_paused or event.fest.is_paused:
        return Reason.PAUSED
    return ""
