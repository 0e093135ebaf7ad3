"""Alarms: something odd that an organiser should look at, told once and counted on."""

from django.db import connection

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
