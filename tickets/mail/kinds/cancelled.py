"""The mail about a cancelled registration, which also takes the event out of the student's calendar."""

from collections.abc import Sequence
from typing import Any

from anymail.message import AnymailMessage

from registrations.models import Change, Registration
from tickets.mail.attachments import attach_calendar
from tickets.mail.kinds.base import ANNOUNCED_OTHERWISE, Entry, RegistrationMail
from tickets.mail.withdrawn import never_announced
from tickets.models import Delivery

State = Registration.State


class Cancelled(RegistrationMail):
    kind = Delivery.Kind.CANCELLED
    templates = "mail/cancelled"
    comes_from_public_forms = True
    states = (State.CANCELLED,)

    def __init__(self) -> None:
        super().__init__()
        self._never_announced: set[int] = set()

    @classmethod
    def announces(cls, change: Change) -> bool:
        return change.to_state == State.CANCELLED and change.cause not in ANNOUNCED_OTHERWISE

    def fetch(self, deliveries: Sequence[Delivery]) -> None:
        """A mail that was claimed before its class list was undone, and composed after, has announced nothing."""
        undone = [one.change for one in deliveries if one.change and one.change.cause == Change.Cause.UNDONE]
        self._never_announced = (
            never_announced([change.registration for change in undone]) if undone else set()
        )

    def entries(self, delivery: Delivery) -> list[Entry]:
        return [one for one in super().entries(delivery) if one.registration.pk not in self._never_announced]

    def details(self, delivery: Delivery, context: dict[str, Any]) -> dict[str, Any]:
        change = delivery.change
        if change is None:
            return {}
        return {
            "reason": change.reason,
            "is_event_cancelled": change.cause == Change.Cause.EVENT_CANCELLED,
            "is_undone": change.cause == Change.Cause.UNDONE,
            "is_unconfirmed": change.cause == Change.Cause.UNCONFIRMED,
        }

    def attach(self, message: AnymailMessage, delivery: Delivery, context: dict[str, Any]) -> None:
        attach_calendar(message, context["entries"], method="CANCEL")
