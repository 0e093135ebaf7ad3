"""What every mail has around its words: who sends it, to whom, and how the provider knows it again."""

import re
from email.utils import formataddr, parseaddr
from typing import Any

from anymail.message import AnymailMessage
from django.conf import settings
from django.template.loader import render_to_string

from tickets.models import Delivery


def build_message(delivery: Delivery, context: dict[str, Any]) -> AnymailMessage:
    """The message that the kind's templates make of the context, which must hold the `fest`."""
    folder = f"mail/{delivery.kind}"
    subject = " ".join(render_to_string(f"{folder}/subject.txt", context).split())
    headers = {"Message-ID": f"<{delivery.key.hex}@{settings.SITE_HOST}>"}
    if settings.EMAIL_PROVIDER == "brevo":
        # The one provider of ours that honours a key: a repeated hand-over is one mail.
        headers["idempotencyKey"] = str(delivery.key)
    message = AnymailMessage(
        subject=subject,
        body=_tidied(render_to_string(f"{folder}/body.txt", context)),
        from_email=sender(context["fest"].name),
        to=[delivery.to],
        reply_to=[context["fest"].contact_email],
        headers=headers,
    )
    message.attach_alternative(render_to_string(f"{folder}/body.html", context), "text/html")
    message.metadata = {"delivery": delivery.key.hex}
    return message


def _tidied(text: str) -> str:
    """One empty line at most between two others, and none at either end."""
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def sender(name: str) -> str:
    """The configured address under the fest's name; line breaks and quotes are the library's to fold."""
    return formataddr((" ".join(name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1]))
