"""Addresses that are still to be confirmed: what the mails say, and when the time to confirm begins.

The seat transaction gives a registration its time before anybody knows when the mail goes. So the time runs from the
hand-over of the mail that answers the registration: what waits for the provider, for an owner's decision after a
restore, or to be told together with others, is not late.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Least

from events.models import Fest
from registrations import links
from registrations.booking.confirmation_deadline import time_left_of
from registrations.booking.policy import CONFIRMATION_TIME
from registrations.models import Registration, Student
from registrations.students.names import email_key
from techfest.core.db.clock import database_now
from tickets.content import absolute
from tickets.models import Delivery

LONGEST = dt.timedelta(hours=2)
"""From the first hand-over: a link that is asked for again and held back extends the time up to this, and no further.

What is held for a mailbox goes within an hour; asking again and again must not keep a seat without confirming it.
"""
_BEGIN = """
    WITH begun AS (
        SELECT r.id, coalesce(m.sent_at, clock_timestamp()) AS at FROM registrations_registration r
        LEFT JOIN LATERAL (
            SELECT coalesce(g.state, d.state) AS state, coalesce(g.sent_at, d.sent_at) AS sent_at
            FROM tickets_delivery d LEFT JOIN tickets_delivery g ON g.id = d.gathered_into_id
            WHERE d.submission_id = r.submission_id AND d.kind = 'registered'
        ) m ON true
        WHERE r.confirm_by IS NOT NULL AND r.state <> 'cancelled' AND r.confirm_mailed_at IS NULL
            AND (m.state IS NULL OR m.state NOT IN ('queued', 'sending'))
        ORDER BY r.id FOR NO KEY UPDATE OF r SKIP LOCKED
    )
    UPDATE registrations_registration r
    SET confirm_mailed_at = begun.at, confirm_by = begun.at + %s * interval '1 second'
    FROM begun WHERE r.id = begun.id
"""
"""A mail that failed for good counts as well, or an address that cannot get mails would keep its seat for ever."""


def of_students(students: Sequence[Student], *, fest: Fest) -> list[tuple[Student, str, dt.datetime | None]]:
    """Those who have something to confirm, with the link that does it and until when; one query, or none.

    No time where it does not run yet: it begins with this very mail.
    """
    if not fest.confirms_addresses:
        return []
    pending: dict[int, list[Registration]] = {}
    for row in Registration.objects.active().filter(student__in=students, confirm_by__isnull=False):
        pending.setdefault(row.student_id, []).append(row)
    return [
        (one, absolute(links.confirm_address_path(one)), time_left_of(pending[one.pk]))
        for one in students
        if one.pk in pending
    ]


def keep_time() -> None:
    """Begins the time to confirm of what was mailed since the last call, and extends it where a link is held back."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [CONFIRMATION_TIME.total_seconds()])
    _extend_for_links()


def _extend_for_links() -> None:
    """Whoever asked for the link again has the whole time from its mail on, within bounds."""
    pending = Delivery.objects.pending() | Delivery.objects.filter(
        gathered_into__state__in=("queued", "sending")
    )
    emails = {email_key(to) for to in pending.filter(kind=Delivery.Kind.LINK).values_list("to", flat=True)}
    if not emails:
        return
    until = database_now() + CONFIRMATION_TIME
    rows = Registration.objects.active().filter(
        student__email_key__in=emails, confirm_mailed_at__isnull=False, confirm_by__lt=until
    )
    with transaction.atomic():
        locked = rows.order_by("pk").select_for_update(no_key=True, skip_locked=True, of=("self",))
        ids = list(locked.values_list("pk", flat=True))
        longest = Least(until, F("confirm_mailed_at") + LONGEST)
        Registration.objects.filter(pk__in=ids).update(confirm_by=longest)
