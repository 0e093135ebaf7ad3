"""The models of registrations: people, bookings, questions, holds, class lists, results, privacy, accounts."""

from registrations.models.bookings import Change, Refusal, Registration, Submission
from registrations.models.class_lists import ClassList, ClassListEntry, ClassListJob, ClassListRow
from registrations.models.holds import Conflict, Hold
from registrations.models.people import (
    Invitation,
    MergedReference,
    School,
    SchoolAlias,
    Student,
    Teacher,
    random_code,
)
from registrations.models.privacy import Consent, ConsentText, DatabaseMarker, Erasure, Purge, PurgePlan
from registrations.models.questions import Answer, Question
from registrations.models.results import Result, ResultSheet
from registrations.models.security import AccountSession, SecurityEvent, TemporaryPassword

__all__ = [
    "AccountSession",
    "Answer",
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
    "Question",
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
