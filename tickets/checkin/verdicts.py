"""The check-in rules, without queries: the verdict on a registration at a checkpoint at a given time.

Also the word, colour and icon of each verdict, and how times and names are written in them.
"""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from registrations.models import Registration
from techfest.core.formatting import clock_time, moment
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.lookup import Found
from tickets.models import Scan

State = Registration.State
Verdict = Scan.Verdict
OPEN = (Verdict.IN, Verdict.ALREADY)
"""Verdicts on a ticket that is valid here and now, used or not."""
_BEST_FIRST = (
    Verdict.IN,
    Verdict.ALREADY,
    Verdict.TOO_SOON,
    Verdict.WAITING,
    Verdict.OTHER_DAY,
    Verdict.OTHER_EVENT,
    Verdict.REISSUED,
    Verdict.CANCELLED,
)


def decide(found: Found, checkpoint: Checkpoint, now: dt.datetime) -> Verdict:
    """The verdict on one registration; `IN` means that the conditional update may now try to check it in."""
    registration, ticket = found.registration, found.ticket
    event = registration.event
    if registration.state == State.CANCELLED or event.state == Event.State.CANCELLED:
        return Verdict.CANCELLED
    if registration.state != State.CONFIRMED or ticket is None:
        return Verdict.WAITING
    if not ticket.is_live:
        return Verdict.REISSUED
    if not checkpoint.covers(event):
        return Verdict.OTHER_EVENT
    if not is_on_day(event, checkpoint, now):
        return Verdict.OTHER_DAY
    if now < event.entry_opens_at:
        return Verdict.TOO_SOON
    return Verdict.IN if ticket.checked_in_at is None else Verdict.ALREADY


def is_on_day(event: Event, checkpoint: Checkpoint, now: dt.datetime) -> bool:
    """Whether the event takes place today in the time zone of the fest; its doors may open the evening before."""
    first, last, today = (
        timezone.localtime(at, checkpoint.fest.zone).date()
        for at in (min(event.entry_opens_at, event.starts_at), event.ends_at, now)
    )
    return first <= today <= last


def candidates(all_found: Sequence[Found], checkpoint: Checkpoint, now: dt.datetime) -> list[Found]:
    """The matches of a reference here: several if a person must choose, otherwise the best one.

    What takes place now comes before what is over, and what is next before what is later.
    """
    decided = [(decide(found, checkpoint, now), found) for found in all_found]
    open_now = [found for verdict, found in decided if verdict in OPEN]
    if open_now:
        return [found for found in open_now if not is_over(found, now)] or open_now
    decided.sort(
        key=lambda one: (
            not checkpoint.covers(one[1].registration.event),
            _BEST_FIRST.index(one[0]),
            is_over(one[1], now),
        )
    )
    return [found for _verdict, found in decided[:1]]


def is_over(found: Found, now: dt.datetime) -> bool:
    return found.registration.event.ends_at <= now


def held_now(shown: Found, others: Sequence[Found], checkpoint: Checkpoint, now: dt.datetime) -> list[Found]:
    """The tickets of the same person that are valid here and now, if the one that was shown is for elsewhere or later.

    A ticket shown too soon leads only to one that was not used yet: the person may be coming back for nothing else.
    """
    verdict = decide(shown, checkpoint, now)
    wanted = {Verdict.TOO_SOON: (Verdict.IN,)}.get(verdict, OPEN)
    return [one for one in others if decide(one, checkpoint, now) in wanted and not is_over(one, now)]


ELSEWHERE = (Verdict.OTHER_EVENT, Verdict.OTHER_DAY, Verdict.TOO_SOON)
"""Verdicts on a live ticket of another time or venue."""


class VerdictStyle(NamedTuple):
    """How a verdict looks: its colour, icon and word."""

    tone: str
    icon: str
    word: object


VERDICT_STYLES = {
    Verdict.IN: VerdictStyle("green", "ok", gettext_lazy("In")),
    Verdict.ALREADY: VerdictStyle("amber", "clock", gettext_lazy("Already in")),
    Verdict.OTHER_EVENT: VerdictStyle("red", "pin", gettext_lazy("Wrong event")),
    Verdict.OTHER_DAY: VerdictStyle("red", "calendar", gettext_lazy("Wrong day")),
    Verdict.TOO_SOON: VerdictStyle("red", "paused", gettext_lazy("Not yet open")),
    Verdict.WAITING: VerdictStyle("red", "wait", gettext_lazy("No seat")),
    Verdict.CANCELLED: VerdictStyle("red", "stop", gettext_lazy("Cancelled")),
    Verdict.REISSUED: VerdictStyle("red", "again", gettext_lazy("Replaced")),
    Verdict.UNKNOWN: VerdictStyle("red", "unknown", gettext_lazy("Unknown")),
    Verdict.UNREADABLE: VerdictStyle("red", "unreadable", gettext_lazy("Not readable")),
}


UNDONE_STYLE = VerdictStyle("undone", "again", gettext_lazy("Undone"))
"""How a green verdict looks once its check-in was undone."""


def when(event: Event) -> str:
    """The times of the event: Sat 5 Dec, 10:00am to 11:00am."""
    return _("%(start)s to %(end)s") % {"start": moment(event.starts_at), "end": clock_time(event.ends_at)}


def staff_name(user: object) -> str:
    """The full name of a member of staff, or the username."""
    full = getattr(user, "get_full_name", str)()
    return str(full or user)
