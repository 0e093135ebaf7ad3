"""The admin's pages of events and of whoever comes to them."""

from registrations.admin import (
    accounts,
    audit_records,
    class_lists,
    conflicts,
    consents,
    events,
    holds,
    privacy,
    purges,
    registrations,
    restores,
    results,
    schools,
    security,
    students,
    teachers,
)

__all__ = [
    "accounts",
    "audit_records",
    "class_lists",
    "conflicts",
    "consents",
    "events",
    "holds",
    "privacy",
    "purges",
    "registrations",
    "restores",
    "results",
    "schools",
    "security",
    "students",
    "teachers",
]
