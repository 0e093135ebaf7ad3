"""The mail of a message: the text as it was typed, never markup, to whoever it is still meant for."""

import time

from anymail.message import AnymailMessage
from django.conf import settings
from django.utils import timezone, translation

from tickets.content import absolute
from tickets.mail.broadcast.audience import mailboxes_of
from tickets.mail.headers import build_message
from tickets.models import Delivery, Message

KEPT = 10.0
"""Seconds for which a sender believes what it has read of an audience."""


class Audiences:
    """Who messages are still meant for, read again every few seconds and not for every mail."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, bool, frozenset[str]]] = {}

    def includes(self, delivery: Delivery) -> bool:
        """Whether the message was not stopped, and its mailbox is one of somebody it is still meant for."""
        if delivery.message_id is None:
            return False
        until, is_stopped, mailboxes = self._known.get(delivery.message_id, (0.0, True, frozenset()))
        if time.monotonic() > until:
            message = Message.objects.get(pk=delivery.message_id)
            is_stopped, mailboxes = message.stopped_at is not None, _mailboxes(message)
            self._known[message.pk] = time.monotonic() + KEPT, is_stopped, mailboxes
        return not is_stopped and delivery.mailbox in mailboxes


def _mailboxes(message: Message) -> frozenset[str]:
    audience = message.audience
    return mailboxes_of(
        audience.get("registrations", ()),
        fest_id=message.fest_id,
        is_of_active=bool(audience.get("is_of_active", True)),
    )


def compose(delivery: Delivery, audiences: Audiences) -> AnymailMessage | None:
    """The mail, or `None` where it is not meant for this mailbox any more; a trial goes to its writer in any case."""
    message, student = delivery.message, delivery.student
    if message is None or not (delivery.user_id or audiences.includes(delivery)):
        return None
    language = student.language if student else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(message.fest.zone):
        context = {
            "fest": message.fest,
            "message": message,
            "student": student,
            "is_trial": delivery.user_id is not None,
            "find_link_url": absolute("/link/"),
        }
        return build_message(delivery, context)
