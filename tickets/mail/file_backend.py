"""An e-mail backend without a provider: one .eml file per message, for trying out a fest on a laptop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from tickets.documents.ticket_pdf import store


class EmlBackend(BaseEmailBackend):
    """Writes each message completely or not at all. The same message replaces its own file."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            content = message.message()
            name = str(content["Message-ID"]).strip("<>").partition("@")[0]
            store(self.folder / f"{name}.eml", content.as_bytes(linesep="\r\n"))
        return len(email_messages)
