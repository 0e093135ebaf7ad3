"""The mail with a new ticket, after an organiser has replaced the old one."""

from registrations.models import Registration
from tickets.mail.kinds.base import Entry, TicketMail
from tickets.models import Delivery


class Reissued(TicketMail):
    kind = Delivery.Kind.REISSUED
    templates = "mail/reissued"
    is_patient = False
    ticket_lookup = ("pk", "ticket")

    def registrations(self, delivery: Delivery) -> list[Registration]:
        return [delivery.ticket.registration] if delivery.ticket else []

    def entries(self, delivery: Delivery) -> list[Entry]:
        is_live = delivery.ticket is not None and delivery.ticket.is_live
        return [self.entry_of(row) for row in self.registrations(delivery)] if is_live else []
