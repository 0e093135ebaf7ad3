"""The message around the text: sender, recipient, and the idempotency key for the provider."""

import re
from email.utils import formataddr, parseaddr
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import render_to_string

from tickets.models import Delivery


def build_message(delivery: Delivery, templates: str, context: dict[str, Any]) -> AnymailMessage:
    """Renders the templates of this folder; the context must hold the `fest`."""
    subject = " ".join(render_to_string(f"{templates}/subject.txt", context).split())
    headers = {"Message-ID": f"<{delivery.key.hex}@{settings.SITE_HOST}>"}
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
    return message


def _tidied(text: str) -> str:
    """At most one empty line between two others, and none at either end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def sender(name: str) -> str:
    """The configured sender address with the fest's name; the mail library folds and quotes it."""
    return formataddr((" ".join(name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
