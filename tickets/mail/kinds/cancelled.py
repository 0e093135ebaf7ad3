"""The mail about a cancelled registration, which also takes the event out of the student's calendar."""

from typing import Any

from anymail.message import AnymailMessage

from registrations.models import Change, Registration
from tickets.mail.attachments import attach_calendar
from tickets.mail.kinds.base import ANNOUNCED_OTHERWISE, RegistrationMail
from tickets.models import Delivery

State = Registration.State


class Cancelled(RegistrationMail):
    kind = Delivery.Kind.CANCELLED
    templates = "mail/cancelled"
    comes_from_public_forms = True
    states = (State.CANCELLED,)

    @classmethod
    def announces(cls, change: Change) -> bool:
        return change.to_state == State.CANCELLED and change.cause not in ANNOUNCED_OTHERWISE

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        change = delivery.change
        if change is None:
            return {}
        return {
            "reason": change.reason,
            "is_event_cancelled": change.cause == Change.Cause.EVENT_CANCELLED,
            "is_unconfirmed": change.cause == Change.Cause.UNCONFIRMED,
        }

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        attach_calendar(message, context["entries"], method="CANCEL")
