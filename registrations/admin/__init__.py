"""The desk's pages of events and of whoever comes to them."""

from registrations.admin import (
    blocks,
    classlists,
    consents,
    events,
    records,
    registrations,
    schools,
    students,
    teachers,
)

__all__ = [
    "blocks",
    "classlists",
    "consents",
    "events",
    "records",
    "registrations",
    "schools",
    "students",
    "teachers",
]
