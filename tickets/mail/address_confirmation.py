"""The time to confirm an address: what the mails say about it, when it begins, and when it is extended.

The seat transaction sets the deadline before the time of sending is known. So the time runs from the hand-over of the
mail about the registration: a mail that waits for the provider, for an owner's decision after a restore, or in a
digest does not use it up.
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
"""From the first hand-over: the longest time to which requesting the link again can extend it.

A mail that is held for its mailbox is sent within an hour, and repeated requests must not keep a seat unconfirmed.
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
"""The time also begins after a mail that failed for good; otherwise an undeliverable address would keep its seat."""


def of_students(students: Sequence[Student], *, fest: Fest) -> list[tuple[Student, str, dt.datetime | None]]:
    """The students with an address to confirm, the link for it, and the deadline. One query, or none.

    The deadline is `None` if the time has not begun: it begins with the mail that is being composed.
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
    """Begins the time for mails that were sent since the last call, and extends it where a link is still held."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [CONFIRMATION_TIME.total_seconds()])
    _extend_for_links()


def _extend_for_links() -> None:
    """Gives students who requested the link again the whole time from its mail on, up to `LONGEST`."""
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
