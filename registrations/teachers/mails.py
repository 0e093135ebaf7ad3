"""Mails to people with accounts; the tickets app sends them with everything else."""

from typing import Any

from registrations.signals import notice_pending
from registrations.teachers import messages
from techfest.core.db.clock import database_now


def enqueue(notice: messages.Words, *, to: str, user: Any = None) -> None:
    """Owes this letter, in the caller's transaction if there is one."""
    notice_pending.send(
        None,
        to=to,
        subject=notice.subject,
        text=notice.text,
        link=notice.link,
        link_label=notice.link_label,
        user=user,
        now=database_now(),
    )
