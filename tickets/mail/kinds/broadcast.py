"""The mail of a message from the organisers: its text as typed, to the mailboxes still in its audience."""

from typing import Any

from django.conf import settings

from events.models import Fest
from techfest.core.ttl_cache import CachedValues
from tickets.content import absolute
from tickets.mail.broadcast.audience import mailboxes_of
from tickets.mail.kinds.base import MailKind
from tickets.models import Delivery, Message

KEPT_SECONDS = 10.0
"""How long an audience that was read is used again."""


class Broadcast(MailKind):
    """The text never becomes markup. A trial is always sent to its writer."""

    kind = Delivery.Kind.MESSAGE
    templates = "mail/broadcast"
    is_to_many = True

    def __init__(self) -> None:
        super().__init__()
        self._audiences = CachedValues[frozenset[str]](lifetime=KEPT_SECONDS)

    def fest(self, delivery: Delivery) -> Fest | None:
        return delivery.message.fest if delivery.message else None

    def language(self, delivery: Delivery) -> str:
        return delivery.student.language if delivery.student else settings.LANGUAGE_CODE

    def context(self, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        is_trial = delivery.user_id is not None
        if not is_trial and delivery.mailbox not in self._audience(delivery.message_id):
            return None
        return {
            "message": delivery.message,
            "student": delivery.student,
            "is_trial": is_trial,
            "find_link_url": absolute("/link/"),
        }

    def _audience(self, message_id: int | None) -> frozenset[str]:
        """The mailboxes still in the audience; none once the message was stopped."""
        if message_id is None:
            return frozenset()
        return self._audiences.get_or_read(message_id, lambda: _read_audience(message_id))


def _read_audience(message_id: int) -> frozenset[str]:
    message = Message.objects.get(pk=message_id)
    if message.stopped_at is not None:
        return frozenset()
    return mailboxes_of(
        message.audience.get("registrations", ()),
        fest_id=message.fest_id,
        is_of_active=bool(message.audience.get("is_of_active", True)),
    )
