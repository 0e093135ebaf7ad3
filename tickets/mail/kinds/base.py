"""The base classes of the kinds of mail."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar

from anymail.message import AnymailMessage
from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from events.models import Event, Fest
from registrations import links
from registrations.booking.conflicts import sentence
from registrations.models import Change, Conflict, Registration
from registrations.students.names import email_key
from tickets.content import absolute
from tickets.documents import ticket_pdf
from tickets.mail import address_confirmation
from tickets.mail.attachments import attach_calendar, attach_tickets
from tickets.models import Delivery, Ticket

State = Registration.State
ANNOUNCED_OTHERWISE = (Change.Cause.MERGED, Change.Cause.MOVED)
"""Causes whose new state needs no mail: after a merge the student keeps the seat, and a move has its own mail."""


AS_SENT: ContextVar[bool] = ContextVar("as_sent", default=False)
"""Whether mails are composed for a preview: as they will be sent, once the PDFs are made."""


class MailKind:
    """One kind of mail. Each module of this package except `base` defines one, and `tickets.mail.kinds` lists them.

    Each composer has its own instances, so a kind may cache what it has read for the life of a composer.
    """

    kind: ClassVar[Delivery.Kind]
    templates: ClassVar[str]
    """The folder of subject.txt, body.txt and body.html."""
    comes_from_public_forms: ClassVar[bool] = False
    """Whether a public form can cause it, at once or later: then it counts against the hourly limit of a mailbox."""
    is_to_many: ClassVar[bool] = False
    """Whether thousands may be due at once; they are sent after mails that concern one person."""
    is_patient: ClassVar[bool] = True
    """Whether it may wait minutes for its PDF; otherwise it answers a click and the recipient expects it."""

    def __init__(self) -> None:
        self.conflicts: Mapping[int, Sequence[Conflict]] = {}
        """The open conflicts of the registrations that are shown, by the registration's id."""

    @classmethod
    def announces(cls, change: Change) -> bool:
        """Whether this change of a registration enqueues a mail of this kind."""
        return False

    @classmethod
    def waits_for_pdf(cls) -> Q | None:
        """Deliveries whose PDF is still to be made; `None` for a kind that brings none."""
        return None

    def fetch(self, deliveries: Sequence[Delivery]) -> None:
        """Reads what deliveries of this kind need, for all of them at once."""

    def parts(self, delivery: Delivery) -> list[Delivery]:
        """The deliveries that this one carries."""
        return []

    def mail_of(self, delivery: Delivery) -> Delivery:
        """The delivery whose mail is composed: this one, unless it stands for another."""
        return delivery

    def registrations(self, delivery: Delivery) -> list[Registration]:
        """The registrations that the mail shows; their conflicts are fetched for all deliveries at once."""
        return []

    def fest(self, delivery: Delivery) -> Fest | None:
        """The fest whose name and time zone the mail uses; `None` if the mail is dropped."""
        raise NotImplementedError

    def language(self, delivery: Delivery) -> str:
        return settings.LANGUAGE_CODE

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        """The current context of the templates; `None` if there is nothing left to say."""
        raise NotImplementedError

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        """Adds the attachments."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One registration as a mail shows it, with its live ticket and its open conflicts."""

    registration: Registration
    ticket: Ticket | None
    pdf: bytes = b""
    conflicts: tuple[str, ...] = ()

    @property
    def event(self) -> Event:
        return self.registration.event

    @property
    def is_confirmed(self) -> bool:
        return self.registration.state == State.CONFIRMED

    @property
    def number(self) -> int:
        """The rank in the waiting list; 0 if not waiting."""
        return getattr(self.registration, "number", 0)

    @property
    def ticket_url(self) -> str:
        return absolute(self.ticket.get_absolute_url()) if self.ticket else ""

    @property
    def has_pdf(self) -> bool:
        return bool(self.pdf) or AS_SENT.get()


class StudentMail(MailKind):
    """A mail to one student, in the student's language."""

    def fest(self, delivery: Delivery) -> Fest | None:
        return delivery.student.fest if delivery.student else None

    def language(self, delivery: Delivery) -> str:
        return delivery.student.language if delivery.student else settings.LANGUAGE_CODE

    def entries(self, delivery: Delivery) -> list[Entry]:
        """The registrations whose state still matches the mail."""
        return []

    def entry_of(self, registration: Registration) -> Entry:
        """The entry of a registration, which must be loaded with its live tickets."""
        ticket = next(iter(registration.tickets.all()), None)
        conflicts = self.conflicts.get(registration.pk, ())
        return Entry(
            registration,
            ticket,
            ticket_pdf.stored_pdf(ticket) if ticket else b"",
            tuple(sentence(conflict, registration.pk) for conflict in conflicts),
        )

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        student, entries = delivery.student, self.entries(delivery)
        is_address_on_record = student is not None and email_key(delivery.to) == student.email_key
        context: dict[str, Any] = {
            "fest": fest,
            "student": student,
            "entries": entries,
            "confirmed": [entry for entry in entries if entry.is_confirmed],
            "waiting": [entry for entry in entries if entry.registration.state == State.WAITING],
            # Only the address on record gets the link that can change and cancel.
            "my_url": absolute(links.my_path(student)) if student and is_address_on_record else "",
            "site_url": settings.SITE_URL,
            "find_link_url": absolute("/link/"),
        }
        context |= self.details(delivery, context)
        return context if self.is_true(context) else None

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        """What this kind adds to the context."""
        return {}

    def is_true(self, context: dict[str, Any]) -> bool:
        """Whether the mail still has something to say to the address on record."""
        return bool(context["entries"] and context["my_url"])


class RegistrationMail(StudentMail):
    """A mail to a student about the registration of its change."""

    states: ClassVar[tuple[str, ...]] = ()
    """The states of the registration in which the mail is still true."""

    def registrations(self, delivery: Delivery) -> list[Registration]:
        return [delivery.change.registration] if delivery.change else []

    def entries(self, delivery: Delivery) -> list[Entry]:
        return [self.entry_of(row) for row in self.registrations(delivery) if row.state in self.states]


class TicketMail(RegistrationMail):
    """A mail to a student that brings tickets: the PDFs, the calendar entries, and the link to confirm the address."""

    ticket_lookup: ClassVar[tuple[str, str]] = ("registration", "change__registration")
    """The tickets that it brings: a lookup of tickets, and the field of the delivery that it must equal."""

    @classmethod
    def waits_for_pdf(cls) -> Q:
        of_ticket, of_delivery = cls.ticket_lookup
        to_render = Ticket.objects.to_render().filter(**{of_ticket: OuterRef(of_delivery)})
        return Q(Exists(to_render), kind=cls.kind)

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        if not context["my_url"]:
            return {}
        students = [context["student"]]
        return {"to_confirm": address_confirmation.of_students(students, fest=context["fest"])}

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        attach_tickets(message, context["entries"])
        confirmed = [entry for entry in context["entries"] if entry.is_confirmed]
        attach_calendar(message, confirmed, method="PUBLISH")
