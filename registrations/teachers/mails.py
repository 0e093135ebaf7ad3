"""Mails to people with accounts; the tickets app sends them with everything else."""

from typing import Any

from registrations.signals import letter_pending
from registrations.teachers import messages
from techfest.core.db.clock import database_now


def enqueue(letter: messages.Words, *, to: str, user: Any = None) -> None:
    """Owes this letter, in the caller's transaction if there is one."""
    letter_pending.send(
        None,
        to=to,
        subject=letter.subject,
        text=letter.text,
        link=letter.link,
        link_label=letter.link_label,
        user=user,
        now=database_now(),
    )
