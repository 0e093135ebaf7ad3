"""Composing mails from the rows as they are when the mail is sent, not as they were when it was enqueued."""

import logging
import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.template.loader import render_to_string
from django.utils import timezone, translation

from registrations.booking.conflicts import conflicts_of
from registrations.booking.waitlist import with_number
from registrations.models import Registration
from tickets.mail.kinds import new_kinds
from tickets.mail.kinds.base import MailKind
from tickets.mail.queue import POISON_ATTEMPTS, Result, later
from tickets.models import Delivery, Ticket

logger = logging.getLogger(__name__)

MAX_SENDER_NAME = 70
"""Characters of a sender's name; Brevo rejects a longer one."""
_SPECIALS = re.compile(r'[()<>@,:;."\\\[\]]+')
"""Characters that a name must quote (RFC 5322)."""


class Composer:
    """Turns claimed deliveries into messages, or into results if there is nothing to send."""

    def __init__(self) -> None:
        self._results: list[Result] = []
        self._kinds = new_kinds()

    def compose(self, claimed: Sequence[Delivery]) -> list[tuple[Delivery, AnymailMessage]]:
        """Composes a message for each delivery that is still true. Related rows are fetched for all of them at once."""
        _fetch_related(claimed, self._kinds)
        composed = []
        for delivery in claimed:
            try:
                message = compose(delivery, self._kinds)
            except Exception as error:
                logger.exception("Delivery %s could not be composed", delivery.pk)
                self._results.append(_failed(delivery, error))
                continue
            if message is None:
                self._results.append(Result(delivery, Delivery.State.DROPPED))
            else:
                composed.append((delivery, message))
        return composed

    def take_results(self) -> list[Result]:
        """Returns and clears the results of deliveries without a message."""
        results, self._results = self._results, []
        return results


def compose(delivery: Delivery, kinds: Mapping[str, MailKind] | None = None) -> AnymailMessage | None:
    """Composes the mail in the recipient's language and the fest's time zone; returns `None` if it is dropped."""
    kinds = kinds or new_kinds()
    delivery = kinds[delivery.kind].mail_of(delivery)
    kind = kinds[delivery.kind]
    fest = kind.fest(delivery)
    if fest is None:
        return None
    with translation.override(kind.language(delivery)), timezone.override(fest.zone):
        context = kind.context(delivery, fest)
        if context is None:
            return None
        context["fest"] = fest
        message = build_message(delivery, kind.templates, context)
        kind.attach(message, delivery, context)
    return message


def _fetch_related(claimed: Sequence[Delivery], kinds: Mapping[str, MailKind]) -> None:
    deliveries = [*claimed, *(part for one in claimed for part in kinds[one.kind].parts(one))]
    tickets = Prefetch("tickets", Ticket.objects.live())
    registrations = with_number(Registration.objects.with_related()).prefetch_related(tickets)
    prefetch_related_objects(
        deliveries,
        Prefetch("submission__registrations", registrations),
        Prefetch("change__registration", registrations),
        Prefetch("ticket__registration", registrations),
        "message__fest",
    )
    shown = [row for one in deliveries for row in kinds[one.kind].registrations(one)]
    conflicts = conflicts_of(row.pk for row in shown)
    by_kind = defaultdict(list)
    for one in deliveries:
        by_kind[one.kind].append(one)
    for name, kind in kinds.items():
        kind.conflicts = conflicts
        kind.fetch(by_kind[name])


def _failed(delivery: Delivery, error: Exception) -> Result:
    """The result of a mail that cannot be composed: it is tried a few times, then left for an organiser to see."""
    words = f"{type(error).__name__}: {error}"
    if delivery.attempts >= POISON_ATTEMPTS:
        return Result(delivery, Delivery.State.FAILED, error=words)
    return later(delivery, words)


def build_message(delivery: Delivery, templates: str, context: dict[str, Any]) -> AnymailMessage:
    """Renders the templates of this folder; the context must hold the `fest`."""
    subject = " ".join(render_to_string(f"{templates}/subject.txt", context).split())
    headers = {
        "Message-ID": f"<{delivery.key.hex}@{settings.SITE_HOST}>",
        # No mail program answers it by itself, such as with a note of absence (RFC 3834).
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if settings.EMAIL_PROVIDER == "brevo":
        # The one supported provider that honours an idempotency key.
        headers["idempotencyKey"] = str(delivery.key)
    message = AnymailMessage(
        subject=subject,
        body=_tidied(render_to_string(f"{templates}/body.txt", context)),
        from_email=sender(context["fest"].name),
        to=[delivery.to],
        reply_to=[context["fest"].contact_email],
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"{templates}/body.html", context), "text/html")
    message.metadata = {"delivery": delivery.key.hex}
    if settings.EMAIL_PROVIDER == "mailgun":
        # Brevo has no such switch for a single mail; it is a setting of the account.
        message.track_clicks = message.track_opens = False
    return message


def _tidied(text: str) -> str:
    """At most one empty line between two others, and none at either end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def sender(name: str) -> str:
    """The configured sender address with the fest's name in plain Unicode; the mail library encodes it as needed.

    A name with other than ASCII letters is written without punctuation: Brevo drops it, and the library's remedy makes
    it longer than Brevo accepts.
    """
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    if not name.isascii():
        name = _SPECIALS.sub(" ", name)
    return str(Address(display_name=_shortened(name, MAX_SENDER_NAME), addr_spec=address))


def _shortened(name: str, limit: int) -> str:
    """`name` on one line with at most `limit` characters, cut between words or at least between letters."""
    text = " ".join(name.split())
    if len(text) <= limit:
        return text
    end = limit
    while (
        end > 1 and unicodedata.category(text[end])[0] in "MC"
    ):  # a mark or a joiner belongs to the letter before it
        end -= 1
    start = text[:end]
    return (start if text[end] == " " else start.rpartition(" ")[0]) or start
