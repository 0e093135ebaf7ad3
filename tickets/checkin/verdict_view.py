"""The answer to a scan as shown and sent: read from its rows, the same whenever it is requested."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q

from events.cache import cached_fest
from events.models import Event
from registrations.models import Registration
from registrations.questions.asked import cached_questions
from registrations.questions.views import ShownAnswer, shown_answers
from techfest.core.formatting import time_or_moment
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.entry import NO_REASON, reported_by
from tickets.checkin.sentences import ADVICE, SENTENCES
from tickets.checkin.verdicts import UNDONE_STYLE, VERDICT_STYLES, VerdictStyle, staff_name, when
from tickets.models import CheckIn, Scan, Ticket

Verdict = Scan.Verdict
State = Registration.State


@dataclass(frozen=True)
class VerdictDisplay:
    """A scan in words: name, grade, school and event of the person, nothing else, and what to do."""

    scan: Scan
    checkpoint: Checkpoint

    @property
    def style(self) -> VerdictStyle:
        return VERDICT_STYLES[Verdict(self.scan.verdict)]

    @property
    def registration(self) -> Registration | None:
        return self.scan.registration

    @property
    def event(self) -> Event | None:
        return self.registration.event if self.registration else None

    @cached_property
    def first(self) -> CheckIn | None:
        """The check-in in force when this scan was answered; for a green scan, its own."""
        return reported_by(self.scan)

    @cached_property
    def is_inside(self) -> bool:
        """Whether the ticket is in now; undoing the check-in ends that."""
        return Ticket.objects.filter(scans=self.scan, checked_in_at__isnull=False).exists()

    @property
    def may_undo(self) -> bool:
        """Whether the check-in that this answer reports is still in force."""
        return self.first is not None and self.first.undone_at is None and self.is_inside

    @property
    def may_undo_at_once(self) -> bool:
        """Whether the reason may follow: this scan itself let the person in."""
        return self.may_undo and self.scan.verdict == Verdict.IN

    @property
    def lacks_reason(self) -> bool:
        """Whether the check-in that this answer reports was undone, and no one said why yet."""
        return self.first is not None and self.first.undo_reason == NO_REASON

    @property
    def shown_style(self) -> VerdictStyle:
        """The style of the page; no page stays green after the check-in was undone."""
        is_undone = self.scan.verdict == Verdict.IN and self.first is not None and self.first.undone_at
        return UNDONE_STYLE if is_undone else self.style

    @cached_property
    def undone(self) -> CheckIn | None:
        """The last check-in of this ticket if it was undone after this scan."""
        if self.scan.ticket_id is None or self.is_inside:
            return None
        rows = CheckIn.objects.filter(ticket=self.scan.ticket_id, undone_at__gte=self.scan.received_at)
        return rows.select_related("undone_by").order_by("-undone_at").first()

    @cached_property
    def reentries(self) -> list[CheckIn]:
        """Re-entries recorded since this scan, with their reasons."""
        rows = CheckIn.objects.filter(
            ticket=self.scan.ticket_id, is_reentry=True, recorded_at__gte=self.scan.received_at
        )
        return list(rows.select_related("user").order_by("pk")) if self.scan.ticket_id else []

    @cached_property
    def answers(self) -> list[ShownAnswer]:
        """What the door may read of the person's answers. They are shown on the page only: no phone stores them."""
        row = self.registration
        if row is None or not any(one.at_door for one in cached_questions(cached_fest())):
            return []
        concerned = Q(question__event=None) | Q(question__event=row.event_id)
        return shown_answers(row.student, concerned, Q(question__at_door=True))

    @property
    def may_walk_in(self) -> bool:
        """Whether a seat can be given here: the student still waits for an event of this checkpoint."""
        row = self.registration
        return bool(
            self.scan.verdict == Verdict.WAITING
            and row
            and row.state == State.WAITING
            and self.checkpoint.covers(row.event)
        )

    @cached_property
    def sentence(self) -> str:
        return SENTENCES[Verdict(self.scan.verdict)](self)

    @property
    def advice(self) -> str:
        """What to do with a person who is not let in, where the sentence does not say it."""
        return str(ADVICE.get(Verdict(self.scan.verdict), ""))

    def as_json(self) -> dict[str, Any]:
        """What the script of the scanner needs; `first` is the first check-in of a ticket already in."""
        row, event = self.registration, self.event
        first = self.first if self.scan.verdict == Verdict.ALREADY else None
        return {
            "verdict": self.scan.verdict,
            "tone": self.style.tone,
            "word": str(self.style.word),
            "sentence": f"{self.sentence} {self.advice}".strip(),
            "name": row.student.name if row else "",
            "grade": str(row.student.grade) if row else "",
            "school": row.student.school.name if row else "",
            "event": event.name if event else "",
            "hall": event.venue.name if event else "",
            "when": when(event) if event else "",
            "first": first
            and {
                "by": staff_name(first.user),
                "where": first.where,
                "at": time_or_moment(first.at, self.scan.at),
            },
            "choices": [],
            "url": self.checkpoint.url("verdict", self.scan.link_id),
        }


def display_of(link_id: uuid.UUID, checkpoint: Checkpoint) -> VerdictDisplay | None:
    """The answer given at this checkpoint to this scan."""
    rows = Scan.objects.filter(link_id=link_id, gate=checkpoint.gate).select_related(
        "registration__event__venue", "registration__student__school", "ticket", "user"
    )
    scan = rows.first()
    return VerdictDisplay(scan, checkpoint) if scan else None
