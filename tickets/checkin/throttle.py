"""Somebody who tries codes: slowed down, and told to the organisers once.

A ticket's code is 128 random bits. Whoever tries ten million of them against 5,000 tickets finds one with a
probability of 10**7 * 5000 / 2**128, about 1.5 * 10**-28; so a known code is never refused, whoever scanned nonsense
before. What could be guessed is a reference (31**7, about 2.8 * 10**10), and only by somebody who is signed in at
the door: after `MAX_UNKNOWN` unknown ones within `SPAN` no reference is looked up for this person.
"""

import datetime as dt
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from registrations.booking.errors import RegistrationError
from tickets import alerts
from tickets.checkin.codes import Kind, Reading
from tickets.models import Alert, Scan

MAX_UNKNOWN = 60
"""Unknown codes of one person at the door within `SPAN`; an honest one with a bad camera has a handful."""
SPAN = dt.timedelta(minutes=10)
PUBLIC_RATE = {"unknown": "100/10m/ip"}
"""Unknown codes on public pages from one network address, which may be a whole school's."""
_APP = "tickets.checkin"


class TooMany(RegistrationError):
    """Too many unknown codes; nothing was looked up."""

    text = _("Too many unknown codes. Wait ten minutes, or scan the QR of a ticket.")


def refuse_who_guesses(user: Any, reading: Reading) -> None:
    """Raises `TooMany` where a reference is typed by somebody who has tried too many unknown ones."""
    if reading.kind == Kind.REFERENCE and _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))
        raise TooMany


def note(user: Any) -> None:
    """After an unknown code: an alert when there were too many. The scans themselves are the counter."""
    if _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))


def refuse_stranger(request: HttpRequest) -> None:
    """Counts an unknown code on a public page; answers 429 instead of the page where there were too many.

    Known codes are not counted and never refused, so nobody at a school's one address is kept from a ticket.
    """
    if ratelimit.consume(request, app=_APP, action="unknown", config=PUBLIC_RATE, key="", limit_get=True):
        return
    alerts.raise_alert(Alert.Kind.GUESSING, str(get_adapter(request).get_client_ip(request)))
    answer = ratelimit.respond_429(request)
    answer["Cache-Control"] = "no-store"
    raise ImmediateHttpResponse(answer)


def _unknown_of(user: Any) -> int:
    recent = Scan.objects.filter(user=user, verdict=Scan.Verdict.UNKNOWN, received_at__gt=Now() - SPAN)
    return recent.count()
