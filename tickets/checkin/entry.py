"""The one statement that lets people in, and the one that takes it back."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection

from tickets.checkin.checkpoints import Checkpoint

_ENTER = """
    WITH seat AS (
        SELECT r.id FROM registrations_registration r
        WHERE r.id = ANY(ARRAY(SELECT registration_id FROM tickets_ticket WHERE code = ANY(%(codes)s)))
            AND r.state = 'confirmed'
        ORDER BY r.id FOR SHARE
    ), entered AS (
        UPDATE tickets_ticket t SET checked_in_at = coalesce(%(at)s::timestamptz, clock_timestamp())
        FROM seat
        WHERE t.registration_id = seat.id AND t.code = ANY(%(codes)s)
            AND t.voided_at IS NULL AND t.checked_in_at IS NULL
        RETURNING t.id, t.checked_in_at
    )
    INSERT INTO tickets_checkin
        (ticket_id, at, gate_id, "where", user_id, how, is_reentry, reason, undo_reason)
    SELECT id, checked_in_at, %(gate)s::bigint, %(where)s, %(user)s::integer, %(how)s, false, %(reason)s, ''
    FROM entered
    RETURNING ticket_id, at
"""
"""The registration is locked first: a cancellation that has begun is waited for, one that begins now waits."""


def enter(
    codes: Sequence[str],
    *,
    checkpoint: Checkpoint,
    user: Any,
    how: str,
    at: dt.datetime | None = None,
    reason: str = "",
) -> dict[int, dt.datetime]:
    """Lets in every ticket of these codes that is live, of a confirmed registration, and not in yet.

    Returns when each came in, by the ticket's number. Whatever else runs, a ticket is in it once: the
    condition decides, and the unique constraint on check-ins stands behind it. `at` is the moment that a
    device without a network says; else the database's clock. Part of the caller's transaction.
    """
    given = {
        "codes": list(codes),
        "at": at,
        "gate": checkpoint.gate.pk if checkpoint.gate else None,
        "where": checkpoint.name[:100],
        "user": user.pk,
        "how": how,
        "reason": reason,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, given)
        return dict(cursor.fetchall())


_LEAVE = """
    WITH undone AS (
        UPDATE tickets_checkin SET undone_at = %(now)s, undone_by_id = %(user)s::integer, undo_reason = %(reason)s
        WHERE ticket_id = ANY(%(tickets)s) AND undone_at IS NULL
        RETURNING ticket_id
    )
    UPDATE tickets_ticket SET checked_in_at = NULL WHERE id IN (SELECT ticket_id FROM undone)
    RETURNING id
"""


def take_back(ticket_ids: Sequence[int], *, user: Any, reason: str, now: dt.datetime) -> list[int]:
    """Undoes the check-ins of these tickets, re-entries included; the numbers of those that were in.

    The rows stay, with the reason. Part of the caller's transaction.
    """
    given = {"tickets": list(ticket_ids), "user": user.pk if user else None, "reason": reason, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, given)
        return [pk for (pk,) in cursor.fetchall()]
