"""Alarms: something odd that an organiser should look at, told once and counted on."""

from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from tickets.models import Alarm

SUBJECT = 100
"""Signs that say what it is about."""
_RING = """
    INSERT INTO tickets_alarm (kind, subject, filters, count, first_at, last_at)
    VALUES (%(kind)s, %(subject)s, %(filters)s, coalesce(%(count)s, 1), clock_timestamp(), clock_timestamp())
    ON CONFLICT (kind, subject) WHERE seen_at IS NULL
    DO UPDATE SET last_at = clock_timestamp(), filters = excluded.filters,
        count = CASE WHEN %(count)s IS NULL THEN tickets_alarm.count + 1
            ELSE greatest(tickets_alarm.count, excluded.count) END
"""


def ring(kind: str, subject: str, *, count: int | None = None, filters: str = "") -> None:
    """One row for one subject until an organiser has seen it.

    Without a `count` each ring counts one more; else the row keeps the highest. `filters` choose the registrations
    that it is about in their list at the desk.
    """
    given = {"kind": str(kind), "subject": subject[:SUBJECT], "filters": filters, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(_RING, given)


def path_of(alarm: Alarm) -> str:
    """Where an organiser acts on it: the registrations that it is about, else the alarms of its kind."""
    if alarm.filters:
        return f"{reverse('admin:registrations_registration_changelist')}?{alarm.filters}"
    return list_path(alarm.kind)


def list_path(kind: str) -> str:
    """The alarms of one kind that nobody has seen."""
    filters = urlencode({"kind__exact": kind, "seen_at__isempty": 1})
    return f"{reverse('admin:tickets_alarm_changelist')}?{filters}"
