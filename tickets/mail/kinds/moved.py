"""The mail about a move to another event: the new seat or number, and the registration that was given up."""

from typing import Any

from anymail.message import AnymailMessage

from registrations.models import Change, Registration
from tickets.mail.attachments import attach_withdrawal
from tickets.mail.kinds.base import TicketMail
from tickets.models import Delivery

State = Registration.State


class Moved(TicketMail):
    """Announced by the new registration; the old one has no mail of its own."""

    kind = Delivery.Kind.MOVED
    templates = "mail/moved"
    states = (State.CONFIRMED, State.WAITING)

    @classmethod
    def announces(cls, change: Change) -> bool:
        return change.cause == Change.Cause.MOVED and not change.from_state

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        reason = delivery.change.reason if delivery.change else ""
        return super().details(delivery, context) | {"reason": reason, "left": _left_for(delivery)}

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        super().attach(message, delivery, context)
        attach_withdrawal(message, context["left"])


def _left_for(delivery: Delivery) -> Registration | None:
    """The registration given up by this move: both changes have the same time."""
    left = Registration.objects.with_related().filter(
        student=delivery.student,
        changes__cause=Change.Cause.MOVED,
        changes__to_state=State.CANCELLED,
        changes__at=delivery.created_at,
    )
    return left.first()
