"""The admin's pages of this room."""

from tickets.admin import (
    attendance,
    broadcasts,
    checkin,
    columns,
    documents,
    fests,
    gates,
    mail,
    registrations,
    tickets,
)

__all__ = [
    "attendance",
    "broadcasts",
    "checkin",
    "columns",
    "documents",
    "fests",
    "gates",
    "mail",
    "registrations",
    "tickets",
]
