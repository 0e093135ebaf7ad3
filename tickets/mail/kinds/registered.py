"""The mail after a registration: for each event a seat with its ticket, or a number on the waiting list."""

from registrations.models import Change, Registration
from tickets.mail.kinds.base import Entry, TicketMail
from tickets.models import Delivery


class Registered(TicketMail):
    """One mail for all events of a submission."""

    kind = Delivery.Kind.REGISTERED
    templates = "mail/registered"
    comes_from_public_forms = True
    is_patient = False
    ticket_lookup = ("registration__submission", "submission")

    @classmethod
    def announces(cls, change: Change) -> bool:
        is_substitute = change.cause == Change.Cause.REPLACED and not change.from_state
        return change.cause == Change.Cause.SUBMITTED or is_substitute

    def registrations(self, delivery: Delivery) -> list[Registration]:
        return list(delivery.submission.registrations.all()) if delivery.submission else []

    def entries(self, delivery: Delivery) -> list[Entry]:
        rows = [row for row in self.registrations(delivery) if row.is_active]
        return [self.entry_of(row) for row in sorted(rows, key=lambda row: (row.event.starts_at, row.pk))]
