"""The students of a class list and the problems of its rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.spreadsheets.headers import Column
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import MAX_CHARACTERS, Row
from registrations.students.fields import StudentValues
from registrations.students.likeness import compared_label
from registrations.students.names import clean_text, name_key
from techfest.core.spreadsheet_cells import unguarded
from techfest.core.text import MAX_MARKS, has_mark_run


class Code(StrEnum):
    """The kind of a problem, for code that offers a way to fix it."""

    MISSING = "missing"
    TEXT = "text"
    NAME = "name"
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
    """A problem with one row or one of its cells. An error keeps the row from being registered, a warning does not."""

    row: int
    column: Meaning
    code: Code
    text: str
    is_error: bool = True
    value: str = ""
    """The faulty text as it was in the cell."""
    suggestion: str = ""
    """The text that was probably meant."""
    other_row: int = 0
    options: tuple[str, ...] = ()
    """Texts for the cell, of which the teacher may choose one."""
    question: str = ""
    """The column of answers that it concerns."""
    events: tuple[tuple[str, ...], ...] = ()
    """Slugs of the events that may replace an unknown name: of each choice, all that it stands for."""

    @property
    def offers(self) -> tuple[str, ...]:
        """The texts that may replace the cell with one press."""
        is_address = self.code == Code.EMAIL and bool(self.suggestion)
        return (self.suggestion,) if is_address else self.options


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStudent(StudentValues):
    """One cleaned row. What could not be read is empty (a grade is 0) and has an error in the list's problems.

    `section` and `roll_number` are normalised for comparison; `events` are slugs without duplicates, in order.
    """

    row: int
    events: tuple[str, ...] = ()
    answers: tuple[tuple[int, str], ...] = ()
    """Answers by the id of their question."""
    doubtful: frozenset[str] = frozenset()
    """Fields that may have been misread, so they never change a registered student."""

    @property
    def identity(self) -> tuple[int, str, str, str]:
        """Two rows of one school with the same identity are the same student."""
        return (
            self.grade,
            compared_label(self.section),
            self.name_key,
            compared_label(self.roll_number),
        )

    @property
    def name_key(self) -> str:
        """The key of the name, as of a stored student."""
        return name_key(self.name)

    @property
    def reliable(self) -> "ListedStudent":
        """The same row without the fields that may have been misread."""
        blank: dict[str, Any] = dict.fromkeys(self.doubtful, "")
        return replace(self, doubtful=frozenset(), **blank) if blank else self


@dataclass(frozen=True, slots=True)
class Listing:
    """The rows of a class list and their problems, in row order, errors before warnings."""

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


MAX_PROBLEMS_PER_ROW = 10
MAX_PROBLEMS_PER_LIST = 2_000
"""After this many problems, each further row reports only its first one and the number of the others."""
_EMPTY = (Code.MISSING, Code.NO_EVENT)


class RowProblems:
    """Collects the problems of one row up to a limit and counts the rest."""

    def __init__(self, number: int) -> None:
        self.number, self.count, self.has_error = number, 0, False
        self._first: list[Problem] = []
        self._unread = 0
        self._unreadable: set[Meaning] = set()

    @property
    def is_full(self) -> bool:
        """Whether further problems are only counted."""
        return self.count >= MAX_PROBLEMS_PER_ROW

    def add(self, problem: Problem) -> None:
        """Add a problem, unless it calls a cell empty that could not be read."""
        if problem.code in _EMPTY and problem.column in self._unreadable:
            return
        if problem.code == Code.TEXT:
            is_mark = problem.column == Meaning.EVENT_MARK
            self._unreadable.add(Meaning.EVENTS if is_mark else problem.column)
        if not self.is_full:
            self._first.append(problem)
        self.count += 1
        self.has_error = self.has_error or problem.is_error

    def concerns(self, column: Meaning) -> bool:
        """Whether a problem of this column was added."""
        return any(problem.column == column for problem in self._first)

    def extend(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.add(problem)

    def skip(self, cell: str) -> None:
        """Count a cell that is not read any more and may have a problem."""
        self._unread += bool(cell)

    def kept(self, *, is_short: bool) -> list[Problem]:
        """Return errors first, then a last problem that counts the rest; it is an error if the row has one."""
        kept = sorted(self._first, key=lambda problem: not problem.is_error)[
            : 1 if is_short else MAX_PROBLEMS_PER_ROW
        ]
        if more := self.count + self._unread - len(kept):
            kept.append(
                Problem(self.number, Meaning.NONE, Code.MORE, self._words(more), is_error=self.has_error)
            )
        return kept

    def _words(self, more: int) -> str:
        if self._unread:
            text = ngettext(
                "And up to %(count)d more problem in this row",
                "And up to %(count)d more problems in this row",
                more,
            )
        else:
            text = ngettext(
                "And %(count)d more problem in this row", "And %(count)d more problems in this row", more
            )
        return text % {"count": more}


def unreadable_reason(cell: str) -> str:
    """Return why a cell cannot be read at all, or an empty text."""
    if len(cell) > MAX_CHARACTERS:
        return _("Shorten the text to %(maximum)s characters or less") % {"maximum": f"{MAX_CHARACTERS:,}"}
    if has_mark_run(cell):
        return _("Remove the accents that are stacked on one letter: it can carry %(maximum)d at most") % {
            "maximum": MAX_MARKS
        }
    return ""


def unused_cells(rows: Sequence[Row], columns: Iterable[Column]) -> Iterator[Problem]:
    """Yield one problem for each untitled column, at its first filled cell."""
    for column in columns:
        if column.meaning != Meaning.NONE or column.title:
            continue
        filled = [(row.number, text) for row in rows if (text := unguarded(row.cell(column.position)))]
        if filled:
            yield _unused(column, *filled[0], more=len(filled) - 1)


def _unused(column: Column, row: int, text: str, *, more: int) -> Problem:
    words = {"column": column.letter, "text": clean_text(text)[:100], "more": more}
    if more:
        template = ngettext(
            "Column %(column)s has no title: “%(text)s” and %(more)d cell below it are not used.",
            "Column %(column)s has no title: “%(text)s” and %(more)d cells below it are not used.",
            more,
        )
    else:
        template = _("Column %(column)s has no title: “%(text)s” is not used.")
    return Problem(row, Meaning.NONE, Code.UNUSED, template % words, is_error=False, value=text)
