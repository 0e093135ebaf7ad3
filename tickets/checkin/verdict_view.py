"""The answer to a scan as shown and sent: read from its rows, the same whenever it is requested."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Event
from registrations.booking.waitlist import with_number
from registrations.models import Change, Registration
from techfest.core.formatting import clock_time, long_day, moment, time_or_moment
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.verdicts import VERDICT_STYLES, VerdictStyle, staff_name, when
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
        if self.scan.ticket_id is None or self.scan.verdict not in (Verdict.IN, Verdict.ALREADY):
            return None
        received = self.scan.received_at
        rows = CheckIn.objects.filter(ticket=self.scan.ticket_id, is_reentry=False)
        stood = rows.filter(Q(undone_at=None) | Q(undone_at__gte=received), recorded_at__lte=received)
        return stood.select_related("user").order_by("recorded_at", "pk").first()

    @cached_property
    def is_inside(self) -> bool:
        """Whether the ticket is in now; undoing the check-in ends that."""
        return Ticket.objects.filter(scans=self.scan, checked_in_at__isnull=False).exists()

    @property
    def may_undo(self) -> bool:
        """Whether the check-in that this answer reports is still in force."""
        return self.first is not None and self.is_inside

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
        return _SENTENCES[Verdict(self.scan.verdict)](self)

    def as_json(self) -> dict[str, Any]:
        """What the script of the scanner needs; `first` is the first check-in of a ticket already in."""
        row, event = self.registration, self.event
        first = self.first if self.scan.verdict == Verdict.ALREADY else None
        return {
            "verdict": self.scan.verdict,
            "tone": self.style.tone,
            "word": str(self.style.word),
            "sentence": self.sentence,
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


def _in(display: VerdictDisplay) -> str:
    return _("Welcome to %(event)s.") % {"event": display.event}


def _already(display: VerdictDisplay) -> str:
    first = display.first
    if first is None:
        return _("This ticket was used before.")
    words = {
        "at": time_or_moment(first.at, display.scan.at),
        "by": staff_name(first.user),
        "where": first.where,
    }
    return _("First at %(at)s by %(by)s: %(where)s.") % words


def _other_event(display: VerdictDisplay) -> str:
    event = _event(display)
    words = {"event": event.name, "hall": event.venue.name, "when": when(event)}
    return _("This ticket is for %(event)s: go to %(hall)s, %(when)s.") % words


def _other_day(display: VerdictDisplay) -> str:
    event = _event(display)
    words = {"event": event.name, "day": long_day(event.starts_at), "at": clock_time(event.starts_at)}
    if display.scan.at > event.ends_at:
        return _("%(event)s was on %(day)s at %(at)s.") % words
    return _("Come on %(day)s: %(event)s begins at %(at)s.") % words


def _too_soon(display: VerdictDisplay) -> str:
    event = _event(display)
    words = {"event": event.name, "from": clock_time(event.entry_opens_at), "hall": event.venue.name}
    return _("The doors of %(event)s open at %(from)s: %(hall)s.") % words


def _waiting(display: VerdictDisplay) -> str:
    event = _event(display)
    row = with_number(Registration.objects.filter(scans=display.scan)).get()
    words = {"event": event.name, "number": row.number, "from": moment(event.promotion_ends_at)}
    if row.state != State.WAITING:
        return _("There was no seat in %(event)s yet.") % words
    if display.scan.at < event.promotion_ends_at:
        return (
            _(
                "Number %(number)d on the waiting list of %(event)s. Free seats are given at the door from %(from)s."
            )
            % words
        )
    return (
        _("Number %(number)d on the waiting list of %(event)s. Free seats are given at the door now.") % words
    )


def _cancelled(display: VerdictDisplay) -> str:
    event = _event(display)
    row = display.registration
    if row is None or row.state != State.CANCELLED:
        return _("%(event)s does not take place.") % {"event": event.name}
    change = Change.objects.filter(registration=row, to_state=State.CANCELLED).order_by("-pk").first()
    if change is None:
        return _("This registration was cancelled.")
    words = {
        "at": moment(change.at),
        "who": change.get_actor_display(),
        "why": change.get_cause_display(),
    }
    held = _held_instead(row)
    if held:
        words |= {"event": held.event.name, "hall": held.event.venue.name, "when": when(held.event)}
        return _("Given up on %(at)s (%(why)s). The seat is in %(event)s: go to %(hall)s, %(when)s.") % words
    if change.cause in (Change.Cause.CANCELLED, Change.Cause.REPLACED, Change.Cause.UNDONE):
        return _("Cancelled on %(at)s by the %(who)s.") % words
    return _("Cancelled on %(at)s: %(why)s.") % words


def _held_instead(row: Registration) -> Registration | None:
    """The next event in which this student has a seat, after a transfer or a change of mind."""
    rows = Registration.objects.filter(student=row.student_id, state=State.CONFIRMED)
    return rows.select_related("event__venue").order_by("event__starts_at").first()


def _reissued(display: VerdictDisplay) -> str:
    ticket = display.scan.ticket
    if ticket is None or ticket.voided_at is None:
        return _("Show the newer ticket.")
    return _("Replaced on %(at)s. Show the newer ticket.") % {"at": moment(ticket.voided_at)}


def _unknown(_display: VerdictDisplay) -> str:
    return _("No ticket of this fest has this code. Search by name.")


def _unreadable(_display: VerdictDisplay) -> str:
    return _("This is not a ticket. Hold it closer, or type the reference under the code.")


def _event(display: VerdictDisplay) -> Event:
    if display.event is None:
        raise LookupError(display.scan.pk)
    return display.event


_SENTENCES = {
    Verdict.IN: _in,
    Verdict.ALREADY: _already,
    Verdict.OTHER_EVENT: _other_event,
    Verdict.OTHER_DAY: _other_day,
    Verdict.TOO_SOON: _too_soon,
    Verdict.WAITING: _waiting,
    Verdict.CANCELLED: _cancelled,
    Verdict.REISSUED: _reissued,
    Verdict.UNKNOWN: _unknown,
    Verdict.UNREADABLE: _unreadable,
}
