"""The desk's pages of this room."""

from tickets.admin import entrance, files, mails, registrations, tickets

__all__ = ["entrance", "files", "mails", "registrations", "tickets"]
from tickets.admin import entrance, fests, files, mails, tickets

__all__ = ["entrance", "fests", "files", "mails", "tickets"]
