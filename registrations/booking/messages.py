"""From a posted form to a press, and the words in which its outcome is told."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from events.models import Event
from registrations.booking.allocate import SeatResult
from registrations.models import Refusal, Submission
from techfest.core.formatting import exact_moment, exact_time

Reason = Refusal.Reason


def read_key(data: QueryDict) -> uuid.UUID | None:
    """The key of the form; `None` where it is missing or was tampered with."""
    try:
        return uuid.UUID(hex=data.get("key", ""))
    except ValueError:
        return None


def new_key() -> str:
    return Submission.new_key().hex


def posted_fields(data: QueryDict, *, key: str | None = None) -> list[tuple[str, str]]:
    """What was typed, to be sent once more; with another key where one is given."""
    kept = [
        (name, value)
        for name, values in data.lists()
        if name not in ("edit", "csrfmiddlewaretoken")
        for value in values
    ]
    if key is None:
        return kept
    return [("key", key), *((name, value) for name, value in kept if name != "key")]


@dataclass(frozen=True, slots=True)
class ConfirmationEntry:
    """One event of an answer, in words; `confirm_text` says until when the address must be confirmed."""

    event: Event
    result: str
    heading: str
    text: str
    number: int = 0
    ticket: Any = None
    cancel_url: str = ""
    confirm_text: str = ""
    conflicts: tuple[str, ...] = ()


def refusal_entry(event: Event, reason: str, other: Event | None = None) -> ConfirmationEntry:
    heading, text = _refusal_words(event, reason, other)
    return ConfirmationEntry(event=event, result=reason, heading=heading, text=text)


def refused_entries(seat_results: list[SeatResult]) -> list[ConfirmationEntry]:
    """Events that the public does not know are left out: a draft is as unknown as a made-up number."""
    return [
        refusal_entry(outcome.event, outcome.decision.reason, outcome.decision.other)
        for outcome in seat_results
        if outcome.event
    ]


def _refusal_words(event: Event, reason: str, other: Event | None) -> tuple[str, str]:
    match reason:
        case Reason.FULL:
            return _("Full"), _filled(event.seats.filled_at) + " " + _no_place(event)
        case Reason.TOO_SOON:
            opens = event.registration_opens_at
            return (
                _("Opens at %(time)s") % {"time": _exact(opens)},
                _("Registration opens %(when)s. Your answers are kept: send them again then.")
                % {"when": exact_moment(opens)},
            )
        case Reason.PAUSED:
            text = event.pause_text or event.fest.pause_text
            return _("Registration is paused"), text or _("Come back a little later.")
        case Reason.INELIGIBLE:
            return (
                _("Not for your grade"),
                _("%(event)s is for %(grades)s.") % {"event": event.name, "grades": event.grades_text},
            )
        case Reason.CLASH if other:
            return _("At the same time as %(other)s") % {"other": other.name}, _clash(event, other)
        case Reason.ALREADY:
            return (
                _("Registered before"),
                _("You have a registration for this event already. Its link is in your mail."),
            )
    return _("Registration is closed"), _("Registration for this event is closed.")


def _no_place(event: Event) -> str:
    """Why a full event did not put somebody on its waiting list."""
    limit = event.waiting_limit
    if limit == 0:
        return _("It has no waiting list.")
    if timezone.now() >= event.promotion_ends_at:
        return _("Its waiting list no longer moves: free seats are given at the door.")
    if limit is not None and event.seats.waiting >= limit:
        return _("Its waiting list is full, too.")
    return _("You did not want to wait. Tick the box to be put on its waiting list.")


def waiting_text(number: int, filled_at: datetime | None) -> str:
    return " ".join(
        [
            _filled(filled_at),
            _("You are number %(number)d on the waiting list.") % {"number": number},
            _("When a seat becomes free it is yours at once, in the order of this list."),
        ]
    )


def _filled(filled_at: datetime | None) -> str:
    if filled_at is None:
        return _("This event is full.")
    return _("This event filled at %(time)s.") % {"time": _exact(filled_at)}


def _clash(event: Event, other: Event) -> str:
    return _("%(event)s is %(when)s, and %(other)s, which you have, is %(other_when)s.") % {
        "event": event.name,
        "when": _span(event),
        "other": other.name,
        "other_when": _span(other),
    }


def _span(event: Event) -> str:
    return _("%(start)s to %(end)s") % {
        "start": exact_moment(event.starts_at),
        "end": exact_time(event.ends_at),
    }


def _exact(when: datetime) -> str:
    return date_format(timezone.localtime(when), "H:i:s")
