"""The desk's pages of events and of whoever comes to them."""

from registrations.admin import (
    accounts,
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
    restores,
    schools,
    security,
    students,
    teachers,
)

__all__ = [
    "accounts",
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
    "restores",
    "schools",
    "security",
    "students",
    "teachers",
]
