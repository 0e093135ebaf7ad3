"""What a volunteer did last at a checkpoint: the last scans of this login, and undone check-ins without a reason."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.http import HttpRequest

from registrations.teachers.sessions import SIGNED_IN
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.entry import NO_REASON
from tickets.checkin.verdicts import UNDONE_STYLE, VERDICT_STYLES, VerdictStyle
from tickets.models import Scan

SHOWN = 5
ASKED_FOR = dt.timedelta(days=2)
"""How long a missing reason is asked for."""


@dataclass(frozen=True, slots=True)
class Recent:
    """One of the last scans; the name is the one that its verdict showed."""

    scan: Scan
    url: str

    @property
    def style(self) -> VerdictStyle:
        return UNDONE_STYLE if self._is_undone else VERDICT_STYLES[Scan.Verdict(self.scan.verdict)]

    @property
    def name(self) -> str:
        return str(self.scan.registration.student.name) if self.scan.registration else ""

    @property
    def _is_undone(self) -> bool:
        ticket = self.scan.ticket
        return (
            self.scan.verdict == Scan.Verdict.IN
            and ticket is not None
            and ticket.checked_in_at != self.scan.at
        )


def last_scans(request: HttpRequest, checkpoint: Checkpoint) -> list[Recent]:
    """The last scans of this login at this checkpoint, the latest first, in one query."""
    began = request.session.get(SIGNED_IN, {}).get("at", 0)
    user: Any = request.user
    rows = Scan.objects.filter(user=user, **_at(checkpoint))
    rows = rows.filter(received_at__gte=dt.datetime.fromtimestamp(began, dt.UTC))
    rows = rows.select_related("ticket", "registration__student").order_by("-received_at", "-pk")
    return [_recent(scan, checkpoint) for scan in rows[:SHOWN]]


def without_reason(user: Any, checkpoint: Checkpoint, now: dt.datetime) -> list[Recent]:
    """Scans whose check-in this user undid without saying why, the latest first, in one query."""
    rows = Scan.objects.filter(
        verdict=Scan.Verdict.IN,
        ticket__check_ins__undone_by=user,
        ticket__check_ins__undo_reason=NO_REASON,
        ticket__check_ins__undone_at__gt=now - ASKED_FOR,
        ticket__check_ins__is_reentry=False,
        ticket__check_ins__at=F("at"),
        **_at(checkpoint),
    )
    rows = rows.select_related("ticket", "registration__student").order_by("-received_at", "-pk")
    return [_recent(scan, checkpoint) for scan in rows[:SHOWN]]


def _at(checkpoint: Checkpoint) -> dict[str, Any]:
    return {"gate": checkpoint.gate} if checkpoint.gate else {"gate": None, "where": checkpoint.name[:100]}


def _recent(scan: Scan, checkpoint: Checkpoint) -> Recent:
    return Recent(scan, checkpoint.url("verdict", scan.link_id))
