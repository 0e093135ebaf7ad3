"""The list of a school's delegation at a checkpoint, and checking in everyone present at once."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from registrations.models import Registration
from techfest.core.db.clock import database_now
from techfest.core.db.folding import in_dictionary_order
from techfest.core.db.locking import Deadline, in_transaction
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.checkin.entry import enter
from tickets.checkin.lookup import Found
from tickets.checkin.scan import insert_entered
from tickets.checkin.verdicts import decide
from tickets.models import CheckIn, Delegation, Scan, Ticket

Verdict = Scan.Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One ticket of the school, and its verdict now."""

    ticket: Ticket
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CheckInResult:
    """The result of one submission: checked in now, in before, ticked as absent."""

    entered: list[Ticket]
    already: list[Ticket]
    absent: list[Ticket]


def lines_of(delegation: Delegation, checkpoint: Checkpoint, now: dt.datetime) -> list[Line]:
    """The live tickets of the school at this checkpoint today, by event, grade and name."""
    tickets = Ticket.objects.live().filter(
        student__school=delegation.school,
        registration__event__fest=checkpoint.fest,
        registration__state=Registration.State.CONFIRMED,
    )
    if checkpoint.event_ids:
        tickets = tickets.filter(registration__event__in=checkpoint.event_ids)
    tickets = tickets.select_related("registration__event__venue", "student__school").order_by(
        "registration__event__starts_at",
        "registration__event",
        "student__grade",
        *in_dictionary_order("student__name"),
        "pk",
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
    """Checks in every student shown on the list and not ticked as absent, in one statement.

    Students who are in already stay as they are, so a second submission does nothing. Students added to the list
    since it was shown are not checked in.
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
