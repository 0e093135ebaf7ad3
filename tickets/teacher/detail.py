"""One student in detail: registrations with tickets, consents, the last mails, and a text to share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from registrations import links
from registrations.booking.conflicts import conflicts_of, sentence
from registrations.booking.waitlist import with_number
from registrations.models import Conflict, Consent, Registration, Student
from techfest.core.formatting import exact_time
from tickets.content import absolute
from tickets.models import Delivery, Ticket
from tickets.school_students import newest_state
from tickets.teacher.mail_status import MailState, mail_state
from tickets.teacher.messages import state_sentence

MAILS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One registration; `ticket_url` is empty if there is no live ticket."""

    registration: Registration
    word: str
    ticket_url: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: kind, recipient, state and time."""

    kind: str
    to: str
    state: MailState
    at: datetime


@dataclass(frozen=True, slots=True)
class StudentDetail:
    active: list[Entry]
    cancelled: list[Entry]
    consents: list[Consent]
    mails: list[Mail]
    mail: MailState


def student_detail_of(student: Student) -> StudentDetail:
    """Six queries, however many events."""
    tickets = Prefetch("tickets", Ticket.objects.live())
    rows = with_number(student.registrations.with_related()).prefetch_related(tickets)
    registrations = list(rows.order_by("event__starts_at", "pk"))
    conflicts = conflicts_of(row.pk for row in registrations)
    entries = [_entry(row, conflicts.get(row.pk, ())) for row in registrations]
    mails = student.deliveries.select_related("gathered_into").order_by("-queued_at", "-pk")
    return StudentDetail(
        active=[entry for entry in entries if entry.registration.is_active],
        cancelled=[entry for entry in entries if not entry.registration.is_active],
        consents=list(student.consents.select_related("user").order_by("at")),
        mails=[_mail(row) for row in mails[:MAILS]],
        mail=mail_state(student.email, newest_state(student)),
    )


def _entry(registration: Registration, conflicts: Iterable[Conflict]) -> Entry:
    ticket = next(iter(registration.tickets.all()), None)
    url = ticket.get_absolute_url() if ticket else ""
    words = tuple(sentence(conflict, registration.pk) for conflict in conflicts)
    return Entry(registration, state_sentence(registration), url, words)


def _mail(delivery: Delivery) -> Mail:
    sent_in = delivery.sent_in
    at = sent_in.sent_at or sent_in.queued_at
    return Mail(delivery.get_kind_display(), delivery.to, mail_state(delivery.to, sent_in.state), at)


def share_text(student: Student, registrations: Sequence[Registration]) -> str:
    """Name, events with times and venues, states, and the student's secret link, as text for a messenger.

    `registrations` are the active ones, with related rows and numbers loaded.
    """
    holds = [
        "\n".join(
            [
                f"• {row.event.name}: {state_sentence(row)}",
                f"  {_when(row)}",
                f"  {row.event.venue.name}",
            ]
        )
        for row in registrations
    ]
    heading = _("%(name)s at %(fest)s, %(place)s") % {
        "name": student.name,
        "fest": student.fest.name,
        "place": student.fest.place,
    }
    link = _("Tickets and changes, for you only: %(url)s") % {"url": absolute(links.my_path(student))}
    return "\n\n".join([heading, *holds, link])


def _when(registration: Registration) -> str:
    event = registration.event
    start = localtime(event.starts_at)
    return _("%(day)s, %(start)s to %(end)s") % {
        "day": date_format(start, "l j F Y"),
        "start": exact_time(start),
        "end": exact_time(event.ends_at),
    }
