"""The desk's pages of this room."""

from tickets.admin import (
    attendance,
    columns,
    entrance,
    fests,
    files,
    gates,
    mails,
    messages,
    registrations,
    tickets,
)

__all__ = [
    "attendance",
    "columns",
    "entrance",
    "fests",
    "files",
    "gates",
    "mails",
    "messages",
    "registrations",
    "tickets",
]
