"""Writing the mails: from the rows as they stand when the mail is sent, not when it was owed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone, translation

from registrations import links
from registrations.booking.conflicts import conflicts_of, sentence
from registrations.booking.waitlist import with_number
from registrations.models import Change, Registration, Student
from registrations.students.identity import with_email
from registrations.students.names import email_key
from tickets.content import absolute
from tickets.documents import ticket_pdf
from tickets.mail.attachments import attach_calendar, attach_tickets, attach_withdrawal
from tickets.mail.headers import build_message
from tickets.mail.kinds import broadcast as messages
from tickets.mail.kinds import class_tickets, confirmation, notice
from tickets.mail.kinds import digest as digest_module
from tickets.mail.kinds.broadcast import Audiences
from tickets.mail.kinds.event_changed import News, news_of
from tickets.mail.kinds.reminder import registrations_of
from tickets.mail.outbox import POISON_ATTEMPTS, Result, later
from tickets.models import Delivery, Ticket

logger = logging.getLogger(__name__)

Kind = Delivery.Kind
State = Registration.State

WITH_TICKETS = (Kind.REGISTERED, Kind.PROMOTED, Kind.CHANGED, Kind.MOVED, Kind.REISSUED)
"""The mails that bring tickets along."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One registration as a mail shows it."""

    registration: Registration
    ticket: Ticket | None
    pdf: bytes = b""
    conflicts: tuple[str, ...] = ()

    @property
    def event(self) -> Any:
        return self.registration.event

    @property
    def is_confirmed(self) -> bool:
        return self.registration.state == State.CONFIRMED

    @property
    def number(self) -> int:
        return getattr(self.registration, "number", 0)

    @property
    def ticket_url(self) -> str:
        return absolute(self.ticket.get_absolute_url()) if self.ticket else ""

    @property
    def has_pdf(self) -> bool:
        return bool(self.pdf)


class Composer:
    """Turns claimed deliveries into messages; what cannot be one becomes a result of its own."""

    def __init__(self) -> None:
        self._results: list[Result] = []
        self._audiences = Audiences()

    def compose(self, claimed: Sequence[Delivery]) -> list[tuple[Delivery, AnymailMessage]]:
        """A message for each delivery that is still true. Facts are fetched for all of them at once."""
        _fetch_related([*claimed, *digest_module.fetch_parts(claimed)])
        written = []
        for delivery in claimed:
            try:
                message = compose(delivery, self._audiences)
            except Exception as error:
                logger.exception("Delivery %s could not be written", delivery.pk)
                self._results.append(_unwritten(delivery, error))
                continue
            if message is None:
                self._results.append(Result(delivery, Delivery.State.DROPPED))
            else:
                written.append((delivery, message))
        return written

    def take_results(self) -> list[Result]:
        """The deliveries that came to an end without a message, since the last call."""
        results, self._results = self._results, []
        return results


def compose(delivery: Delivery, audiences: Audiences | None = None) -> AnymailMessage | None:
    """The mail as it is true now, in the student's language and the fest's time; `None` if it no longer is."""
    if delivery.kind == Kind.NOTICE:
        return notice.compose(delivery)
    if delivery.kind == Kind.CLASS:
        return class_tickets.compose(delivery)
    if delivery.kind == Kind.MESSAGE:
        return messages.compose(delivery, audiences or Audiences())
    if delivery.kind == Kind.DIGEST:
        return _compose_digest(delivery)
    student = delivery.student
    if student is None:
        return None
    with translation.override(student.language), timezone.override(student.fest.zone):
        context = _context(delivery, student)
        if not _is_true(delivery, context):
            return None
        entries = context["entries"]
        message = build_message(delivery, context)
        if delivery.kind in WITH_TICKETS:
            attach_tickets(message, entries)
        if delivery.kind in (*WITH_TICKETS, Kind.CANCELLED):
            attach_calendar(message, delivery, entries)
        if delivery.kind == Kind.MOVED:
            attach_withdrawal(message, context["left"])
    return message


def _compose_digest(digest: Delivery) -> AnymailMessage | None:
    """What was held for one mailbox in one mail; one mail alone goes as it would have gone by itself."""
    parts, left_out = digest_module.parts_of(digest)
    if len(parts) == 1 and not left_out:
        return compose(digest_module.in_place_of(digest, parts[0]))
    shown = [(part, _context(part, part.student)) for part in parts if part.student]
    return digest_module.compose(digest, [one for one in shown if _is_true(*one)], left_out)


def _is_true(delivery: Delivery, context: dict[str, Any]) -> bool:
    """Whether there is still something to say, and the address is still the one to say it to."""
    match delivery.kind:
        case Kind.CORRECTED:
            return True
        case Kind.LINK:
            return bool(context["family"])
        case Kind.ATTEMPT:
            return bool(context["my_url"])
        case Kind.CHANGED:
            return bool(context["entries"] and context["my_url"] and context["news"].is_new)
        case _:
            return bool(context["entries"] and context["my_url"])


def _fetch_related(claimed: Sequence[Delivery]) -> None:
    tickets = Prefetch("tickets", Ticket.objects.live())
    registrations = with_number(Registration.objects.with_related()).prefetch_related(tickets)
    prefetch_related_objects(
        list(claimed),
        Prefetch("submission__registrations", registrations),
        Prefetch("change__registration", registrations),
        Prefetch("ticket__registration", registrations),
        "message__fest",
    )
    rows = [row for delivery in claimed for row in _registrations_of(delivery)]
    conflicts, news = conflicts_of(row.pk for row in rows), news_of(claimed)
    for row in rows:
        vars(row)["shown_conflicts"] = conflicts.get(row.pk, [])
    for delivery in claimed:
        vars(delivery)["news"] = news.get(delivery.pk, News())


def _registrations_of(delivery: Delivery) -> list[Registration]:
    if delivery.kind == Kind.REGISTERED and delivery.submission:
        return list(delivery.submission.registrations.all())
    if delivery.kind == Kind.REISSUED and delivery.ticket:
        return [delivery.ticket.registration]
    return [delivery.change.registration] if delivery.change else []


def _entries(delivery: Delivery) -> list[Entry]:
    if delivery.kind == Kind.REGISTERED and delivery.submission:
        rows = [row for row in delivery.submission.registrations.all() if row.is_active]
        return [_entry(row) for row in sorted(rows, key=lambda row: (row.event.starts_at, row.pk))]
    if delivery.kind == Kind.REISSUED and delivery.ticket:
        return [_entry(delivery.ticket.registration)] if delivery.ticket.is_live else []
    if delivery.kind == Kind.REMINDER:
        return [_entry(row) for row in registrations_of(delivery)]
    if delivery.change is None:
        return []
    registration = delivery.change.registration
    return [_entry(registration)] if registration.state in _TRUE_IN.get(delivery.kind, ()) else []


_TRUE_IN: dict[str, tuple[str, ...]] = {
    Kind.PROMOTED: (State.CONFIRMED,),
    Kind.CANCELLED: (State.CANCELLED,),
    Kind.MOVED: (State.CONFIRMED, State.WAITING),
    Kind.CHANGED: (State.CONFIRMED, State.WAITING),
}
"""The states of its registration in which a mail about a change is still true."""


def _entry(registration: Registration) -> Entry:
    ticket = next(iter(registration.tickets.all()), None)
    shown = vars(registration).get("shown_conflicts", ())
    conflicts = tuple(sentence(conflict, registration.pk) for conflict in shown)
    return Entry(registration, ticket, ticket_pdf.stored_pdf(ticket) if ticket else b"", conflicts)


def _context(delivery: Delivery, student: Student) -> dict[str, Any]:
    fest, entries = student.fest, _entries(delivery)
    context: dict[str, Any] = {
        "fest": fest,
        "student": student,
        "entries": entries,
        "confirmed": [entry for entry in entries if entry.is_confirmed],
        "waiting": [entry for entry in entries if entry.registration.state == State.WAITING],
        "my_url": "",
        "site_url": settings.SITE_URL,
        "find_link_url": absolute("/link/"),
    }
    if delivery.change and delivery.kind in (Kind.CANCELLED, Kind.MOVED, Kind.PROMOTED):
        context["reason"] = delivery.change.reason
    context["is_reminder"] = delivery.kind == Kind.REMINDER
    if delivery.kind == Kind.MOVED:
        context["left"] = _left_for(delivery)
    if email_key(delivery.to) == student.email_key:
        context["my_url"] = absolute(links.my_path(student))
    if delivery.kind == Kind.CHANGED:
        known = vars(delivery).get("news")
        context["news"] = known or news_of([delivery]).get(delivery.pk, News())
    if delivery.kind == Kind.CANCELLED and delivery.change:
        context["is_event_cancelled"] = delivery.change.cause == Change.Cause.EVENT_CANCELLED
        context["is_unconfirmed"] = delivery.change.cause == Change.Cause.UNCONFIRMED
    if delivery.kind == Kind.LINK:
        family = with_email(delivery.to, fest_id=fest.pk)
        context["family"] = [(row, absolute(links.my_path(row))) for row in family]
        context["to_confirm"] = confirmation.of_students(family, fest=fest)
    elif context["my_url"] and delivery.kind in WITH_TICKETS:
        context["to_confirm"] = confirmation.of_students([student], fest=fest)
    return context


def _left_for(delivery: Delivery) -> Registration | None:
    """What the student left for the registration that this mail tells of: both changes are of one moment."""
    left = Registration.objects.with_related().filter(
        student=delivery.student,
        changes__cause=Change.Cause.MOVED,
        changes__to_state=State.CANCELLED,
        changes__at=delivery.created_at,
    )
    return left.first()


def _unwritten(delivery: Delivery, error: Exception) -> Result:
    """A mail that cannot be written is tried a few times, then left for an organiser to see."""
    words = f"{type(error).__name__}: {error}"
    if delivery.attempts >= POISON_ATTEMPTS:
        return Result(delivery, Delivery.State.FAILED, error=words)
    return later(delivery, words)
