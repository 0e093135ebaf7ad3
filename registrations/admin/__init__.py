"""The desk's pages of events and of whoever comes to them."""

from registrations.admin import (
    aftermath,
    blocks,
    classlists,
    consents,
    events,
    flags,
    minors,
    purges,
    records,
    registrations,
    schools,
    students,
    teachers,
)

__all__ = [
    "aftermath",
    "blocks",
    "classlists",
    "consents",
    "events",
    "flags",
    "minors",
    "purges",
    "records",
    "registrations",
    "schools",
    "students",
    "teachers",
]
