"""Check-ins written and revoked: the conditional update that admits, and everything that takes a check-in back."""

import datetime as dt
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from registrations.booking.errors import ActionRejected
from registrations.models import Change
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.models import CheckIn, Scan, Ticket

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
"""The registration is locked first, so that entry and cancellation of the same registration wait for each other."""


def enter(
    codes: Sequence[str],
    *,
    checkpoint: Checkpoint,
    user: Any,
    how: str,
    at: dt.datetime | None = None,
    reason: str = "",
) -> dict[int, dt.datetime]:
    """Checks in every ticket with one of these codes that is live, confirmed and not in yet.

    Returns the time of each check-in by ticket id. Under any concurrency a ticket is checked in once: the condition
    of the update decides, and a unique constraint on check-ins backs it. `at` is the time an offline device reports;
    without it the database clock counts. Runs in the caller's transaction.
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
    """Revokes the check-ins of these tickets, re-entries included; returns the ids of the tickets that were in.

    The rows stay, with the reason. Runs in the caller's transaction.
    """
    given = {"tickets": list(ticket_ids), "user": user.pk if user else None, "reason": reason, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_LEAVE, given)
        return [pk for (pk,) in cursor.fetchall()]


NO_REASON = "no reason given"
"""Stored as the reason of an undone check-in until someone gives one."""


class AlreadyUndone(ActionRejected):
    """The check-in was undone before; nothing was changed."""


def reported_by(scan: Scan) -> CheckIn | None:
    """The check-in in force when this scan was answered; for a green scan, its own."""
    if scan.ticket_id is None or scan.verdict not in (Scan.Verdict.IN, Scan.Verdict.ALREADY):
        return None
    rows = CheckIn.objects.filter(ticket=scan.ticket_id, is_reentry=False, recorded_at__lte=scan.received_at)
    stood = rows.filter(Q(undone_at=None) | Q(undone_at__gte=scan.received_at))
    return stood.select_related("user").order_by("recorded_at", "pk").first()


def undo(scan: Scan, *, user: Any, reason: str = "") -> None:
    """Revokes the check-in that this scan reported; the ticket may then be checked in again.

    The rows stay with user and reason, and the audit log of the ticket has an entry. Without a reason `NO_REASON` is
    stored. Raises `AlreadyUndone` if that check-in is no longer in force, so a second submission does nothing, not
    even to a later check-in.
    """
    in_transaction(lambda: _undo(scan, user, reason or NO_REASON), deadline=Deadline())
    forget()


def _undo(scan: Scan, user: Any, reason: str) -> None:
    ticket = _locked(scan)
    reported = reported_by(scan)
    now = database_now()
    if (
        reported is None
        or reported.undone_at
        or not take_back([ticket.pk], user=user, reason=reason, now=now)
    ):
        raise AlreadyUndone(_("This check-in is already undone."))
    record(ticket, what="check-in undone", now=now, user=user, reason=reason)


def give_reason(scan: Scan, *, user: Any, reason: str) -> None:
    """Adds the reason to a check-in that was undone without one; the audit log of the ticket has an entry.

    Raises `ActionRejected` if no reason is missing; the same reason again does nothing.
    """
    in_transaction(lambda: _give_reason(scan, user, reason), deadline=Deadline())


def _give_reason(scan: Scan, user: Any, reason: str) -> None:
    ticket = _locked(scan)
    reported = reported_by(scan)
    if reported is None or reported.undone_at is None:
        raise ActionRejected(_("This check-in is not undone."))
    undone = CheckIn.objects.filter(ticket=ticket, undone_at=reported.undone_at)
    if undone.filter(undo_reason=NO_REASON).update(undo_reason=reason):
        record(ticket, what="reason for undoing a check-in", now=database_now(), user=user, reason=reason)
    elif reported.undo_reason != reason:
        raise ActionRejected(_("A reason was given already: %(reason)s") % {"reason": reported.undo_reason})


def let_in_again(scan: Scan, *, checkpoint: Checkpoint, user: Any, reason: str) -> None:
    """Records that a person who is in has come in again; once per scan, however often it is submitted.

    Raises `ActionRejected` if the ticket is not in, or no longer valid.
    """
    in_transaction(lambda: _let_in_again(scan, checkpoint, user, reason), deadline=Deadline())


def _let_in_again(scan: Scan, checkpoint: Checkpoint, user: Any, reason: str) -> None:
    ticket = _locked(scan)
    if ticket.checked_in_at is None or not ticket.is_live:
        raise ActionRejected(_("This ticket is not checked in. Scan it again."))
    done = CheckIn.objects.filter(
        Q(recorded_at__gte=scan.received_at), ticket=ticket, is_reentry=True, user=user, undone_at=None
    )
    if not done.exists():
        CheckIn.objects.create(
            ticket=ticket,
            at=database_now(),
            gate=checkpoint.gate,
            where=checkpoint.name[:100],
            user=user,
            how=CheckIn.How.SCAN,
            is_reentry=True,
            reason=reason,
        )


def _locked(scan: Scan) -> Ticket:
    ticket = Ticket.objects.select_for_update(no_key=True).filter(scans=scan).first()
    if ticket is None:
        raise ActionRejected(_("This scan has no ticket."))
    return ticket


def give_up(changes: Sequence[Change], *, now: datetime) -> None:
    """Called while these registrations are being cancelled, before their tickets are voided.

    A void ticket must not keep a check-in. A cancellation by an organiser revokes it with that reason. Students and
    teachers cannot cancel a used ticket (`ActionRejected`), and a no-show cannot have come in (`ConcurrentUpdate`). A
    duplicate cancelled by a merge keeps its check-in, which moves to the remaining ticket (`tickets.merge`). Runs in
    the caller's transaction.
    """
    given_up = [change.registration_id for change in changes if change.cause != Change.Cause.MERGED]
    inside = Ticket.objects.live().filter(registration__in=given_up, checked_in_at__isnull=False)
    tickets = list(inside.values_list("pk", flat=True))
    if not tickets:
        return
    if any(change.cause == Change.Cause.NO_SHOW for change in changes):
        raise ConcurrentUpdate
    if any(change.actor in (Change.Actor.STUDENT, Change.Actor.TEACHER) for change in changes):
        raise ActionRejected(_("This ticket was used at the door, so it cannot be cancelled."))
    reason = _("The registration was cancelled.")
    take_back(tickets, user=changes[0].user, reason=reason, now=now)
