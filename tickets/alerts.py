"""Alerts: something unusual that an organiser should look at; repeats are counted on the same row."""

from urllib.parse import urlencode

from django.db import connection
from django.urls import reverse

from tickets.models import Alert

SUBJECT = 100
"""Characters of a subject that are stored."""
_RAISE = """
    INSERT INTO tickets_alert (kind, subject, filters, count, first_at, last_at)
    VALUES (%(kind)s, %(subject)s, %(filters)s, coalesce(%(count)s, 1), clock_timestamp(), clock_timestamp())
    ON CONFLICT (kind, subject) WHERE seen_at IS NULL
    DO UPDATE SET last_at = clock_timestamp(), filters = excluded.filters,
        count = CASE WHEN %(count)s IS NULL THEN tickets_alert.count + 1
            ELSE greatest(tickets_alert.count, excluded.count) END
"""


def raise_alert(kind: str, subject: str, *, count: int | None = None, filters: str = "") -> None:
    """Writes one row per kind and subject until an organiser has seen it.

    Without a `count`, each call adds one; otherwise the row keeps the highest. `filters` select the registrations
    concerned in the admin's list.
    """
    given = {"kind": str(kind), "subject": subject[:SUBJECT], "filters": filters, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(_RAISE, given)


def alert_path(alert: Alert) -> str:
    """The page where an organiser acts on the alert: the list of its registrations, or of the alerts of its kind."""
    if alert.filters:
        return f"{reverse('admin:registrations_registration_changelist')}?{alert.filters}"
    return alert_list_path(alert.kind)


def alert_list_path(kind: str) -> str:
    """The list of unseen alerts of one kind."""
    filters = urlencode({"kind__exact": kind, "seen_at__isempty": 1})
    return f"{reverse('admin:tickets_alert_changelist')}?{filters}"
