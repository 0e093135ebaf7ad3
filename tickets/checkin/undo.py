"""What a person at the door does on purpose: let somebody in again, or take a check-in back; both with a reason."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from events.audit_log import record
from registrations.booking.errors import ActionRejected
from registrations.locking import Deadline, in_transaction
from techfest.core.db.clock import database_now
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.checkin.entry import take_back
from tickets.models import CheckIn, Scan, Ticket


def undo(scan: Scan, *, user: Any, reason: str) -> None:
    """Takes the check-in of this scan's ticket back: the ticket is as if nobody had come, and can be green again.

    The rows stay, with who undid it and why, and the trail of the ticket has it. Raises `ActionRejected` where
    nobody is in; so a second press does nothing.
    """
    in_transaction(lambda: _undo(scan, user, reason), deadline=Deadline())
    forget()


def _undo(scan: Scan, user: Any, reason: str) -> None:
    ticket = _locked(scan)
    now = database_now()
    if not take_back([ticket.pk], user=user, reason=reason, now=now):
        raise ActionRejected(_("This check-in was undone already."))
    record(ticket, what="check-in undone", now=now, user=user, reason=reason)


def let_in_again(scan: Scan, *, checkpoint: Checkpoint, user: Any, reason: str) -> None:
    """Notes that somebody who is in comes in again; once for one scan, however often it is pressed.

    Raises `ActionRejected` where the ticket is not in, or is no longer good.
    """
    in_transaction(lambda: _let_in_again(scan, checkpoint, user, reason), deadline=Deadline())


def _let_in_again(scan: Scan, checkpoint: Checkpoint, user: Any, reason: str) -> None:
    ticket = _locked(scan)
    if ticket.checked_in_at is None or not ticket.is_live:
        raise ActionRejected(_("This ticket is not in. Scan it again."))
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
        raise ActionRejected(_("There is no ticket to this scan."))
    return ticket
