"""What each verdict says: one sentence, and what to do where that does not follow from it."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from registrations.booking.waitlist import with_number
from registrations.models import Change, Registration
from techfest.core.formatting import clock_time, long_day, moment, time_or_moment
from tickets.checkin.verdicts import staff_name, when
from tickets.models import Scan

if TYPE_CHECKING:
    from tickets.checkin.verdict_view import VerdictDisplay

Verdict = Scan.Verdict
State = Registration.State


def _in(display: "VerdictDisplay") -> str:
    return _("Welcome to %(event)s.") % {"event": display.event}


def _already(display: "VerdictDisplay") -> str:
    first = display.first
    if first is None:
        return _("This ticket was used before.")
    words = {
        "at": time_or_moment(first.at, display.scan.at),
        "by": staff_name(first.user),
        "where": first.where,
    }
    return _("First at %(at)s by %(by)s: %(where)s.") % words


def _other_event(display: "VerdictDisplay") -> str:
    event = _event(display)
    words = {"event": event.name, "hall": event.venue.name, "when": when(event)}
    return _("This ticket is for %(event)s: go to %(hall)s, %(when)s.") % words


def _other_day(display: "VerdictDisplay") -> str:
    event = _event(display)
    words = {"event": event.name, "day": long_day(event.starts_at), "at": clock_time(event.starts_at)}
    if display.scan.at > event.ends_at:
        return _("%(event)s was on %(day)s at %(at)s.") % words
    return _("Come on %(day)s: %(event)s begins at %(at)s.") % words


def _too_soon(display: "VerdictDisplay") -> str:
    event = _event(display)
    words = {"event": event.name, "from": clock_time(event.entry_opens_at), "hall": event.venue.name}
    return _("The doors of %(event)s open at %(from)s: %(hall)s.") % words


def _waiting(display: "VerdictDisplay") -> str:
    event = _event(display)
    row = with_number(Registration.objects.filter(scans=display.scan)).get()
    words = {"event": event.name, "number": row.number, "from": moment(event.promotion_ends_at)}
    if row.state != State.WAITING:
        return _("There was no seat in %(event)s yet.") % words
    if display.scan.at < event.promotion_ends_at:
        return (
            _(
                "Rank %(number)d on the waiting list of %(event)s. Free seats are given at the door from %(from)s."
            )
            % words
        )
    return (
        _("Rank %(number)d on the waiting list of %(event)s. Free seats are given at the door now.") % words
    )


def _cancelled(display: "VerdictDisplay") -> str:
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
        return (
            _("Cancelled on %(at)s (%(why)s). This student has a seat in %(event)s: %(hall)s, %(when)s.")
            % words
        )
    if change.cause in (Change.Cause.CANCELLED, Change.Cause.REPLACED, Change.Cause.UNDONE):
        return _("Cancelled on %(at)s by the %(who)s.") % words
    return _("Cancelled on %(at)s: %(why)s.") % words


def _held_instead(row: Registration) -> Registration | None:
    """The next event in which this student has a seat, after a transfer or a change of mind."""
    rows = Registration.objects.filter(student=row.student_id, state=State.CONFIRMED)
    return rows.select_related("event__venue").order_by("event__starts_at").first()


def _reissued(display: "VerdictDisplay") -> str:
    ticket = display.scan.ticket
    if ticket is None or ticket.voided_at is None:
        return _("Show the newer ticket.")
    return _("Replaced on %(at)s. Show the newer ticket.") % {"at": moment(ticket.voided_at)}


def _unknown(_display: "VerdictDisplay") -> str:
    return _("No ticket of this fest has this code. Type the name instead.")


def _unreadable(_display: "VerdictDisplay") -> str:
    return _("This is not a ticket. Hold it closer, or type the reference under the code.")


def _event(display: "VerdictDisplay") -> Event:
    if display.event is None:
        raise LookupError(display.scan.pk)
    return display.event


SENTENCES = {
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

ADVICE = {
    Verdict.CANCELLED: gettext_lazy(
        "Do not let in. If this is a mistake, send them to an organiser; a free seat is given under “Without a"
        " registration”."
    ),
}
