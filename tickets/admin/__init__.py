"""The desk's pages of this room."""

from tickets.admin import entrance, fests, files, mails, messages, registrations, tickets

__all__ = ["entrance", "fests", "files", "mails", "messages", "registrations", "tickets"]
