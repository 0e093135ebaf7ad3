"""Re-issuing: a new ticket in place of one that was lost or passed on. The old code stops working at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from registrations.models import Registration
from techfest.core.audit_log import record
from techfest.core.db.bulk import insert
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from tickets.mail.outbox import enqueue_reissued
from tickets.models import CheckIn, Ticket
from tickets.wakeup import notify_workers


def reissue(
    ticket_ids: Iterable[int], *, user: Any, reason: str, deadline: Deadline, notify: bool = True
) -> list[Ticket]:
    """Voids these live tickets and issues each registration a new one, with its own code and PDF.

    One transaction, including the mail and the audit log. The time of entry and the check-ins move to the new ticket;
    scans stay with the code that was read. Tickets that are no longer live are skipped, so a repeated call does no
    harm. Locks the registrations, then the tickets: a concurrent check-in either finishes first or finds the code
    void. Raises `LockTimeout` after 3 s.
    """
    ids = sorted(ticket_ids)
    return in_transaction(lambda: _reissue(ids, user, reason, deadline, notify), deadline=deadline)


def _reissue(ids: list[int], user: Any, reason: str, deadline: Deadline, notify: bool) -> list[Ticket]:
    deadline.limit_locks()
    rows = Registration.objects.filter(tickets__in=ids).order_by("pk")
    list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
    old = list(Ticket.objects.live().filter(pk__in=ids).order_by("pk").select_for_update(of=("self",)))
    now = database_now()
    new = [_successor(ticket, now) for ticket in old]
    Ticket.objects.filter(pk__in=[ticket.pk for ticket in old]).update(voided_at=now)
    insert(new)
    for before, after in zip(old, new, strict=True):
        _hand_over(before, after, user, reason, now)
    enqueue_reissued(new, now=now, notify=notify)
    transaction.on_commit(notify_workers, robust=True)
    return new


def _successor(ticket: Ticket, now: datetime) -> Ticket:
    return Ticket(
        registration_id=ticket.registration_id,
        student_id=ticket.student_id,
        created_at=now,
        checked_in_at=ticket.checked_in_at,
    )


def _hand_over(old: Ticket, new: Ticket, user: Any, reason: str, now: datetime) -> None:
    """Moves the check-ins and writes an audit entry for both tickets; no entry contains a code."""
    CheckIn.objects.filter(ticket=old).update(ticket=new)
    record(old, what="re-issued", now=now, user=user, after={"ticket": new.pk}, reason=reason)
    record(new, what="issued instead", now=now, user=user, before={"ticket": old.pk}, reason=reason)
