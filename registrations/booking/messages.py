"""The words for every outcome of a request; each reason of a refusal has its sentences here and nowhere else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.caps import number_of_events
from events.models import Event
from registrations.booking.policy import SeatResult
from registrations.models import Refusal, Registration
from techfest.core.formatting import exact_moment, exact_time, second_time

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Words = str | _StrPromise
Reason = Refusal.Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """One reason in words: for the student, about a student (`about`), and for a row of a list (`short`)."""

    heading: "Words"
    text: "Words"
    about: "Words"
    short: "Words"


REFUSALS: Mapping[str, Refused] = {
    Reason.FULL: Refused(
        heading=gettext_lazy("Full"),
        text=gettext_lazy("%(filled)s %(why_no_waiting)s"),
        about=gettext_lazy("%(event)s is full."),
        short=gettext_lazy("no seat left"),
    ),
    Reason.TOO_SOON: Refused(
        heading=gettext_lazy("Opens at %(exact)s"),
        text=gettext_lazy("Registration opens %(opens)s. Your answers are kept: send them again then."),
        about=gettext_lazy("Registration for %(event)s opens %(opens)s."),
        short=gettext_lazy("registration is not open yet"),
    ),
    Reason.PAUSED: Refused(
        heading=gettext_lazy("Registration is paused"),
        text=gettext_lazy("%(pause)s"),
        about=gettext_lazy("Registration for %(event)s is paused."),
        short=gettext_lazy("registration is paused"),
    ),
    Reason.INELIGIBLE: Refused(
        heading=gettext_lazy("Not for your grade"),
        text=gettext_lazy("%(event)s is for %(grades)s."),
        about=gettext_lazy("%(event)s is for %(grades)s."),
        short=gettext_lazy("only for %(grades)s"),
    ),
    Reason.CLASH: Refused(
        heading=gettext_lazy("At the same time as %(other)s"),
        text=gettext_lazy("%(event)s is %(when)s, and %(other)s, which you have, is %(other_when)s."),
        about=gettext_lazy("%(event)s is at the same time as %(other)s, which %(name)s has."),
        short=gettext_lazy("at the same time as %(other)s"),
    ),
    Reason.ALREADY: Refused(
        heading=gettext_lazy("Already registered"),
        text=gettext_lazy("You are already registered for this event, and that stays as it is."),
        about=gettext_lazy("%(name)s is already registered for %(event)s."),
        short=gettext_lazy("already registered"),
    ),
    Reason.EVENTS_CAP: Refused(
        heading=gettext_lazy("At most %(most_events)s for each student"),
        text=gettext_lazy(
            "At this fest a student may have at most %(most_events)s, and you have reached that. "
            "To take part in %(event)s, cancel another one first."
        ),
        about=gettext_lazy(
            "%(name)s has reached the limit of this fest: at most %(most_events)s for each student. "
            "To enter %(event)s, cancel another one first."
        ),
        short=gettext_lazy("at most %(most_events)s for each student"),
    ),
    Reason.UNKNOWN: Refused(
        heading=gettext_lazy("Registration is closed"),
        text=gettext_lazy("Registration for this event is closed."),
        about=gettext_lazy("%(event)s belongs to another fest."),
        short=gettext_lazy("registration is closed"),
    ),
    Reason.CLOSED: Refused(
        heading=gettext_lazy("Registration is closed"),
        text=gettext_lazy("Registration for this event is closed."),
        about=gettext_lazy("Registration for %(event)s is closed."),
        short=gettext_lazy("registration is closed"),
    ),
}


@dataclass(frozen=True, slots=True)
class ConfirmationEntry:
    """One event of a confirmation page, in words; `confirm_text` says until when the address must be confirmed."""

    event: Event
    result: str
    heading: str
    text: str
    ticket: Any = None
    cancel_url: str = ""
    confirm_text: str = ""
    conflicts: tuple[str, ...] = ()


def refusal_entry(event: Event, reason: str, other: Event | None = None) -> ConfirmationEntry:
    """A refusal on the student's page."""
    refused, words = _refused(reason), _Words(event, other)
    return ConfirmationEntry(
        event=event, result=reason, heading=refused.heading % words, text=refused.text % words
    )


def refused_entries(seat_results: list[SeatResult]) -> list[ConfirmationEntry]:
    """The same for each known event. Unknown ones and drafts are left out, so that both look alike."""
    return [
        refusal_entry(result.event, result.decision.reason, result.decision.other)
        for result in seat_results
        if result.event
    ]


def already_has(seat_results: list[SeatResult]) -> str:
    """What the student has of all these events, as a heading; empty if another event was refused."""
    if not seat_results or any(result.before is None for result in seat_results):
        return ""
    if len(seat_results) > 1:
        return _("You are already registered for these events")
    event, before = seat_results[0].event, seat_results[0].before
    words = _("You already have a seat in %(event)s")
    if before and before.state == Registration.State.WAITING:
        words = _("You are already on the waiting list of %(event)s")
    return words % {"event": event.name if event else ""}


def refusal_about(event: Event, reason: str, other: Event | None, name: str) -> str:
    """A refusal as a sentence to a teacher or an organiser, about the student of this name."""
    return _refused(reason).about % _Words(event, other, name)


def refusal_short(event: Event | None, reason: str, other: Event | None = None) -> str:
    """A refusal in a few words, for a row of a list."""
    return _refused(reason).short % _Words(event, other)


def _refused(reason: str) -> Refused:
    return REFUSALS.get(reason, REFUSALS[Reason.CLOSED])


class _Words(dict[str, str]):
    """What the sentences name. Each word is made when a sentence needs it, since some need the event's rows."""

    def __init__(self, event: Event | None, other: Event | None, name: str = "") -> None:
        super().__init__(name=name, event=event.name if event else "", other=other.name if other else "")
        self._event, self._other = event, other

    def __missing__(self, key: str) -> str:
        return _WORDS[key](self._event, self._other)


_WORDS: dict[str, Callable[[Any, Any], str]] = {
    "grades": lambda event, _other: event.grades_text.lower(),
    "opens": lambda event, _other: exact_moment(event.registration_opens_at),
    "exact": lambda event, _other: second_time(event.registration_opens_at),
    "pause": lambda event, _other: (
        event.pause_text or event.fest.pause_text or _("Come back a little later.")
    ),
    "most_events": lambda event, _other: number_of_events(event.fest.events_per_student or 0),
    "when": lambda event, _other: _span(event),
    "other_when": lambda _event, other: _span(other),
    "filled": lambda event, _other: _filled(event.seats.filled_at),
    "why_no_waiting": lambda event, _other: _why_no_waiting(event),
}


def _why_no_waiting(event: Event) -> str:
    """Why a full event did not put the student on its waiting list."""
    limit = event.waiting_limit
    if limit == 0:
        return _("It has no waiting list.")
    if timezone.now() >= event.promotion_ends_at:
        return _("Its waiting list has closed: free seats are given at the door.")
    if limit is not None and event.seats.waiting >= limit:
        return _("Its waiting list is full, too.")
    return _("To join its waiting list, tick the box.")


def waiting_text(number: int, filled_at: datetime | None) -> str:
    return " ".join(
        [
            _filled(filled_at),
            _("Your rank on the waiting list is %(number)d.") % {"number": number},
            _("A seat that becomes free goes to the next on the list at once."),
        ]
    )


def why_event_is_off(event: Event, now: datetime) -> str:
    """Why nobody can get a seat of this event any more; empty while it takes place or is still to come."""
    if event.state != Event.State.PUBLISHED:
        return _("%(event)s does not take place.") % {"event": event.name}
    if now >= event.ends_at:
        return _("%(event)s is over.") % {"event": event.name}
    return ""


def why_wrong_grade(event: Event) -> str:
    return REFUSALS[Reason.INELIGIBLE].about % _Words(event, None)


def _filled(filled_at: datetime | None) -> str:
    if filled_at is None:
        return _("This event is full.")
    return _("This event filled at %(time)s.") % {"time": second_time(filled_at)}


def _span(event: Event) -> str:
    return _("%(start)s to %(end)s") % {
        "start": exact_moment(event.starts_at),
        "end": exact_time(event.ends_at),
    }
