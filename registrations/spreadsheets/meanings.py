"""What a column of a class list can hold, and the names of these kinds on the pages."""

from enum import StrEnum

from django.utils.translation import gettext_lazy

from registrations.students.fields import LIST_COLUMNS


class Meaning(StrEnum):
    """What a column holds; NONE is an unknown column, which is reported, and IGNORED one that a teacher set aside."""

    NAME = "name"
    GIVEN_NAME = "given_name"
    MIDDLE_NAME = "middle_name"
    FAMILY_NAME = "family_name"
    SECOND_FAMILY_NAME = "second_family"
    LAST_FIRST = "last_first"
    GRADE = "grade"
    SECTION = "section"
    ROLL_NUMBER = "roll_number"
    EMAIL = "email"
    EVENTS = "events"
    EVENT_MARK = "event_mark"
    ANSWER = "answer"
    NUMBER = "number"
    PROBLEM = "problem"
    SHEET = "sheet"
    TIMESTAMP = "timestamp"
    ROLE = "role"
    STATUS = "status"
    ENABLED = "enabled"
    IGNORED = "ignored"
    NONE = ""


STUDENT_COLUMNS = {Meaning(name): column for name, column in LIST_COLUMNS.items()}
"""The columns of a student's own fields, in the order of the form. A list has at most one of each."""
NAME_PARTS = {
    Meaning.GIVEN_NAME: gettext_lazy("First name"),
    Meaning.MIDDLE_NAME: gettext_lazy("Middle name"),
    Meaning.FAMILY_NAME: gettext_lazy("Last name"),
    Meaning.SECOND_FAMILY_NAME: gettext_lazy("Second last name"),
    Meaning.LAST_FIRST: gettext_lazy("Name, written “Last, First”"),
}
"""Columns that hold a part of the name, or the name in another order."""
NAME_MEANINGS = (Meaning.NAME, *NAME_PARTS)
ROW_MARKS = {
    Meaning.TIMESTAMP: gettext_lazy("Time of the answer"),
    Meaning.ROLE: gettext_lazy("Role, like student or teacher"),
    Meaning.STATUS: gettext_lazy("Status, like active or left"),
    Meaning.ENABLED: gettext_lazy("Active, yes or no"),
}
"""Columns that say which rows are students of today."""
SINGLE = frozenset([*STUDENT_COLUMNS, *NAME_PARTS, *ROW_MARKS])
"""A list has at most one column of each of these."""
LABELS = {
    **{meaning: column.heading for meaning, column in STUDENT_COLUMNS.items()},
    Meaning.EVENTS: gettext_lazy("Events"),
}
STUDENT_MEANINGS = frozenset([*STUDENT_COLUMNS, *NAME_PARTS, Meaning.EVENTS])
"""A row of titles has at least one of these: names of events may as well be a student's cells."""
