"""The desk's pages of this room."""

from tickets.admin import columns, entrance, fests, files, mails, messages, registrations, tickets

__all__ = ["columns", "entrance", "fests", "files", "mails", "messages", "registrations", "tickets"]
