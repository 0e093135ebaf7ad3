"""The desk's pages of this room."""

from tickets.admin import entrance, files, mails, tickets

__all__ = ["entrance", "files", "mails", "tickets"]
