"""The models of registrations: people, bookings, class lists, results, accounts."""

from registrations.models.bookings import Change, Conflict, Hold, Refusal, Registration, Submission
from registrations.models.class_lists import ClassList, ClassListEntry, ClassListJob, ClassListRow
from registrations.models.people import (
    Consent,
    ConsentText,
    Erasure,
    Invitation,
    MergedReference,
    Purge,
    PurgePlan,
    School,
    SchoolAlias,
    Student,
    Teacher,
    random_code,
)
from registrations.models.restores import DatabaseMarker
from registrations.models.results import Result, ResultSheet
from registrations.models.security import AccountSession, SecurityEvent, TemporaryPassword

__all__ = [
    "AccountSession",
    "Change",
    "ClassList",
    "ClassListEntry",
    "ClassListJob",
    "ClassListRow",
    "Conflict",
    "Consent",
    "ConsentText",
    "DatabaseMarker",
    "Erasure",
    "Hold",
    "Invitation",
    "MergedReference",
    "Purge",
    "PurgePlan",
    "Refusal",
    "Registration",
    "Result",
    "ResultSheet",
    "School",
    "SchoolAlias",
    "SecurityEvent",
    "Student",
    "Submission",
    "Teacher",
    "TemporaryPassword",
    "random_code",
]
