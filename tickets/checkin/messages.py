"""Words, colours and icons of verdicts, and the formatting of times and names in them."""

from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from techfest.core.formatting import clock_time, moment
from tickets.models import Scan

Verdict = Scan.Verdict


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


def when(event: Event) -> str:
    """The times of the event: Sat 5 Dec, 10:00am to 11:00am."""
    return _("%(start)s to %(end)s") % {"start": moment(event.starts_at), "end": clock_time(event.ends_at)}


def staff_name(user: object) -> str:
    """The full name of a member of staff, or the username."""
    full = getattr(user, "get_full_name", str)()
    return str(full or user)
