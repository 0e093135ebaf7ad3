"""Name searches at the door are counted for each person and hour, limited, and never kept with what was searched for.

Most people show a ticket; names are for dead phones and lost papers. Even where every ticket is missing, finding a
person takes 15 seconds, four a minute. A user who reaches `MAX_A_MINUTE` or `MAX_AN_HOUR` is reading out the list of
names, so the owners get an alert. Scanning goes on meanwhile.
"""

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from registrations.booking.errors import RegistrationError
from tickets import alerts
from tickets.models import Alert

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
