"""Who stands in a class list, and what is wrong about it: the words that the rest of this package shares."""

from dataclasses import dataclass, field
from enum import StrEnum

from registrations.spreadsheets.headers import Meaning
from registrations.students.names import name_key


class Code(StrEnum):
    """What a problem is about, for those who offer a way out of it."""

    MISSING = "missing"
    TEXT = "text"
    GRADE = "grade"
    SECTION = "section"
    EMAIL = "email"
    EVENT = "event"
    MARK = "mark"
    NO_EVENT = "no_event"
    TWICE = "twice"
    DOUBT = "doubt"
    UNUSED = "unused"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about one row, or one cell of it. An error keeps the row back, a warning blocks nothing."""

    row: int
    column: Meaning
    code: Code
    text: str
    is_error: bool = True
    value: str = ""
    """The text at fault, as it stood in the cell."""
    suggestion: str = ""
    """What was probably meant, to be written in its place."""
    other_row: int = 0


@dataclass(frozen=True, slots=True)
class ListedStudent:
    """One row, cleaned. What could not be read is empty (a grade: 0) and has an error in the list's problems.

    `section` and `roll_number` are as they are stored and compared; `events` are slugs, each once, in order.
    """

    row: int
    name: str
    grade: int
    section: str = ""
    roll_number: str = ""
    email: str = ""
    events: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[int, str, str, str]:
        """What makes two rows of one school one student."""
        return self.grade, self.section, name_key(self.name), self.roll_number


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows of a class list, and all problems of all rows in the order of the rows, errors first."""

    students: tuple[ListedStudent, ...]
    problems: tuple[Problem, ...] = field(default=())

    @property
    def rows_with_errors(self) -> frozenset[int]:
        return frozenset(problem.row for problem in self.problems if problem.is_error)

    @property
    def ready(self) -> tuple[ListedStudent, ...]:
        """The students whose rows have no error."""
        bad = self.rows_with_errors
        return tuple(student for student in self.students if student.row not in bad)
