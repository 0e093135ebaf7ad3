"""Limits at the door: on unknown codes, against guessing, and on name searches.

A ticket's code has 128 random bits: ten million tries against 5,000 tickets find one with a probability of 10**7 *
5000 / 2**128, about 1.5 * 10**-28, so known codes are never refused. A reference (31**7, about 2.8 * 10**10) could be
guessed, though only by signed-in staff: after `MAX_UNKNOWN` unknown codes within `SPAN` no reference is looked up for
that user.

Name searches are counted per user and hour; the text is not stored. They are for dead phones and lost papers: even if
every ticket is missing, finding a person takes 15 seconds, four a minute. A user who reaches `MAX_A_MINUTE` or
`MAX_AN_HOUR` is reading out the list of names, so the owners get an alert. Scanning goes on meanwhile.
"""

import datetime as dt
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from registrations.teachers.accounts_library import ratelimit
from techfest.core.errors import UserFacingError
from tickets import alerts
from tickets.checkin.lookup import Kind, Reading
from tickets.models import Alert, Scan

MAX_UNKNOWN = 60
"""Unknown codes of one user within `SPAN`; honest scanning with a bad camera makes a handful."""
SPAN = dt.timedelta(minutes=10)
PUBLIC_RATE = {"unknown": "100/10m/ip"}
"""Unknown codes on public pages per network address, which may be that of a whole school."""
_APP = "tickets.checkin"


class TooManyUnknownCodes(UserFacingError):
    """Too many unknown codes; nothing was looked up."""

    text = _("Too many unknown codes. Wait ten minutes, or scan the QR of a ticket.")


def refuse_guessing(user: Any, reading: Reading) -> None:
    """Raises `TooManyUnknownCodes` if this user types a reference after too many unknown ones."""
    if reading.kind == Kind.REFERENCE and _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))
        raise TooManyUnknownCodes


def record_unknown(user: Any) -> None:
    """Raises an alert if this user has sent too many unknown codes. The scans themselves are the counter."""
    if _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))


def limit_unknown_codes(request: HttpRequest) -> None:
    """Counts an unknown code on a public page; answers 429 instead of the page after too many.

    Known codes are neither counted nor refused, so a school with one address never loses access to its tickets.
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
"""Searches per user, refused ones included. Minutes and hours are those of the clock, so both limits end with them."""

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


class TooManySearches(UserFacingError):
    """Too many name searches; nothing was looked up."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.text = text


def count_search(user: Any) -> None:
    """Counts one search by this user before it runs; beyond a limit raises `TooManySearches` and alerts the owners.

    A single statement counts, so that concurrent searches are all counted.
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
            _("You have searched for too many names. Scan tickets, or ask an organiser until the next hour.")
        )
    raise TooManySearches(_("You have searched for too many names. Wait a minute, or scan the ticket."))
