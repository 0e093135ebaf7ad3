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
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from registrations.booking.errors import RegistrationError
from tickets import alerts
from tickets.checkin.lookup import Kind, Reading
from tickets.models import Alert, Scan

MAX_UNKNOWN = 60
"""Unknown codes of one person at the door within `SPAN`; an honest one with a bad camera has a handful."""
SPAN = dt.timedelta(minutes=10)
PUBLIC_RATE = {"unknown": "100/10m/ip"}
"""Unknown codes on public pages from one network address, which may be a whole school's."""
_APP = "tickets.checkin"


class TooManyUnknownCodes(RegistrationError):
    """Too many unknown codes; nothing was looked up."""

    text = _("Too many unknown codes. Wait ten minutes, or scan the QR of a ticket.")


def refuse_guessing(user: Any, reading: Reading) -> None:
    """Raises `TooMany` where a reference is typed by somebody who has tried too many unknown ones."""
    if reading.kind == Kind.REFERENCE and _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))
        raise TooManyUnknownCodes


def record_unknown(user: Any) -> None:
    """After an unknown code: an alert when there were too many. The scans themselves are the counter."""
    if _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))


def limit_unknown_codes(request: HttpRequest) -> None:
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


MAX_A_MINUTE = 20
MAX_AN_HOUR = 300
"""Searches of one person, refused ones included; minutes and hours are the clock's, so both limits end with them."""

_COUNT = """
    INSERT INTO tickets_searchcount AS counted (user_id, hour, minute, in_minute, searches, refused)
    SELECT %(user)s, date_trunc('hour', now, 'UTC'), date_part('minute', now), 1, 1, 0
    FROM (SELECT clock_timestamp() AS now) AS clock
    ON CONFLICT (user_id, hour) DO UPDATE SET
        minute = excluded.minute,
        in_minute = CASE WHEN counted.minute = excluded.minute THEN counted.in_minute + 1 ELSE 1 END,
        searches = counted.searches + 1
    RETURNING id, in_minute, searches
"""
_REFUSE = "UPDATE tickets_searchcount SET refused = refused + 1 WHERE id = %(id)s"


class TooManySearches(RegistrationError):
    """Too many names were searched for; nothing was looked up."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.text = text


def count_search(user: Any) -> None:
    """Counts one search of this person before it is made; raises `TooManySearches` and tells the owners past a limit.

    One statement counts, so that searches at the same moment are all counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"user": user.pk})
        row_id, in_minute, in_hour = cursor.fetchone()
        if in_minute <= MAX_A_MINUTE and in_hour <= MAX_AN_HOUR:
            return
        cursor.execute(_REFUSE, {"id": row_id})
    alerts.raise_alert(Alert.Kind.SEARCHING, str(user))
    if in_hour > MAX_AN_HOUR:
        raise TooManySearches(
            _("You have searched for very many names. Scan tickets, or ask an organiser until the next hour.")
        )
    raise TooManySearches(_("You have searched for very many names. Wait a minute, or scan the ticket."))
