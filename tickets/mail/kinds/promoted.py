"""The mail that a student gets when promoted from the waiting list: the seat, with its ticket."""

from typing import Any

from registrations.models import Change, Registration
from tickets.mail.kinds.base import ANNOUNCED_OTHERWISE, TicketMail
from tickets.models import Delivery

State = Registration.State


class Promoted(TicketMail):
    """A seat given at the door is announced in the same way."""

    kind = Delivery.Kind.PROMOTED
    templates = "mail/promoted"
    comes_from_public_forms = True
    states = (State.CONFIRMED,)

    @classmethod
    def announces(cls, change: Change) -> bool:
        return change.to_state == State.CONFIRMED and change.cause not in ANNOUNCED_OTHERWISE

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        reason = delivery.change.reason if delivery.change else ""
        return super().details(delivery, context) | {"reason": reason}
