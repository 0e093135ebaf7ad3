"""A school's delegation at a place: who of it has a ticket here, and letting in all who came, at once."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from registrations.locking import Deadline, in_transaction
from registrations.models import Registration
from techfest.core.db.clock import database_now
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.checkin.entry import enter
from tickets.checkin.lookup import Found
from tickets.checkin.policy import decide
from tickets.checkin.scan import insert_entered
from tickets.models import CheckIn, Delegation, Scan, Ticket

Verdict = Scan.Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket of the school, and what the door says of it now."""

    ticket: Ticket
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """What one press came to: who is in now, who was in before, who was ticked as absent."""

    entered: list[Ticket]
    already: list[Ticket]
    absent: list[Ticket]


def lines_of(delegation: Delegation, checkpoint: Checkpoint, now: dt.datetime) -> list[Line]:
    """The live tickets of the school for this place whose doors are open now, by event, grade and name."""
    tickets = Ticket.objects.live().filter(
        student__school=delegation.school,
        registration__event__fest=checkpoint.fest,
        registration__state=Registration.State.CONFIRMED,
    )
    if checkpoint.event_ids:
        tickets = tickets.filter(registration__event__in=checkpoint.event_ids)
    tickets = tickets.select_related("registration__event__venue", "student__school").order_by(
        "registration__event__starts_at", "registration__event", "student__grade", "student__name_key", "pk"
    )
    decided = (
        Line(ticket, decide(Found(ticket.registration, ticket), checkpoint, now)) for ticket in tickets
    )
    return [line for line in decided if line.verdict in (Verdict.IN, Verdict.ALREADY, Verdict.TOO_SOON)]


def check_in_class(
    delegation: Delegation,
    *,
    checkpoint: Checkpoint,
    absent: Collection[int],
    shown: Collection[int],
    user: Any,
) -> CheckInResult:
    """Lets in everybody of the list who was shown and not ticked as absent, in one statement.

    Whoever is in already stays as they were, so a second press does nothing; whoever came onto the list since it
    was shown is not let in unseen.
    """
    result = in_transaction(
        lambda: _check_in(delegation, checkpoint, frozenset(absent), frozenset(shown), user),
        deadline=Deadline(),
    )
    forget()
    return result


def _check_in(
    delegation: Delegation, checkpoint: Checkpoint, absent: frozenset[int], shown: frozenset[int], user: Any
) -> CheckInResult:
    lines = [line for line in lines_of(delegation, checkpoint, database_now()) if line.ticket.pk in shown]
    here = [line for line in lines if line.ticket.pk not in absent]
    open_now = [line.ticket for line in here if line.verdict == Verdict.IN]
    codes = [ticket.code for ticket in open_now]
    entered = enter(codes, checkpoint=checkpoint, user=user, how=CheckIn.How.CLASS) if codes else {}
    insert_entered(
        [(t.pk, t.registration, entered[t.pk]) for t in open_now if t.pk in entered],
        checkpoint=checkpoint,
        user=user,
    )
    return CheckInResult(
        entered=[ticket for ticket in open_now if ticket.pk in entered],
        already=[line.ticket for line in here if line.ticket.pk not in entered and line.verdict in _INSIDE],
        absent=[line.ticket for line in lines if line.ticket.pk in absent and line.verdict == Verdict.IN],
    )


_INSIDE = (Verdict.IN, Verdict.ALREADY)
