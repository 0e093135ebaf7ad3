"""Who comes: schools, students, teachers, and their claims on events."""

from registrations.models.claims import Block, Change, Refusal, Registration, Submission
from registrations.models.classlists import ClassList, ClassListEntry, ClassListJob, ClassListRow
from registrations.models.people import (
    Consent,
    ConsentText,
    Invitation,
    School,
    SchoolAlias,
    Student,
    Teacher,
    random_code,
)

__all__ = [
    "Block",
    "Change",
    "ClassList",
    "ClassListEntry",
    "ClassListJob",
    "ClassListRow",
    "Consent",
    "ConsentText",
    "Invitation",
    "Refusal",
    "Registration",
    "School",
    "SchoolAlias",
    "Student",
    "Submission",
    "Teacher",
    "random_code",
]
