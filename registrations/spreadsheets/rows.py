"""Turn rows of text into students, and report all problems of all rows at once."""

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from registrations.fields import suggested_email
from registrations.spreadsheets.answers import AnswerCells
from registrations.spreadsheets.cell_faults import find_fault, remark_behind_grade
from registrations.spreadsheets.cells import is_given
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.duplicates import find_duplicates
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.event_cells import EventCells
from registrations.spreadsheets.full_name import full_name
from registrations.spreadsheets.headers import Header, cells_by_meaning
from registrations.spreadsheets.legacy_fonts import from_legacy_font, uses_legacy_font
from registrations.spreadsheets.listing import (
    MAX_PROBLEMS_PER_LIST,
    Code,
    ListedStudent,
    Listing,
    Problem,
    RowProblems,
    unreadable_reason,
    unused_cells,
)
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.name_warnings import legacy_font_warning, name_warning
from registrations.spreadsheets.sheet import MAX_ROWS, Row, Sheet
from registrations.students.classes import Placement, other_grade, read_grade, read_section
from registrations.students.fields import STUDENT_FIELDS, StudentFields
from registrations.students.names import clean_text, label_key
from techfest.core.spreadsheet_cells import unguarded
from techfest.core.text import has_visible

_SAMPLE = 200
"""Names that are looked at to tell whether the list is typed with a legacy font."""
_FLOAT = re.compile(r"(\d+)\.0+")


def read_listing(
    sheet: Sheet,
    header: Header,
    context: ListContext,
    *,
    events_for_all: Sequence[str] = (),
    compares_rows: bool = True,
) -> Listing:
    """Return every row below the header as a student, with its problems.

    `events_for_all` are the slugs for rows that name no event. A repeated title row is skipped. Raises `FileRefused`
    past 1,000 rows, or once the time is used up.
    """
    titles = tuple(column.title for column in header.columns)
    rows = [row for row in sheet.rows if row.number > header.row and _titles(row, len(titles)) != titles]
    if len(rows) > MAX_ROWS:
        raise FileRefused("rows", is_paste=sheet.encoding == "paste")
    at = next((column.position for column in header.columns if column.meaning == Meaning.NAME), None)
    names = [] if at is None else [name for row in rows[:_SAMPLE] if is_given(name := row.cell(at))]
    is_legacy_font = uses_legacy_font(names)
    reader = _RowReader(header, context, tuple(events_for_all), is_legacy_font=is_legacy_font)
    students = tuple(reader.read(row) for row in rows)
    problems = [*reader.problems, *unused_cells(rows, header.columns)]
    if compares_rows:
        problems += find_duplicates(students, context.budget)
    problems.sort(key=lambda problem: (problem.row, not problem.is_error))
    return Listing(students, tuple(problems))


def _titles(row: Row, width: int) -> tuple[str, ...]:
    return tuple(" ".join(row.cell(position).split()) for position in range(width))


class _RowReader:
    """Reads row after row and collects their problems up to a limit."""

    def __init__(
        self, header: Header, context: ListContext, events_for_all: tuple[str, ...], *, is_legacy_font: bool
    ) -> None:
        self.columns = header.columns
        self.grades, self.budget = context.grades, context.budget
        self.events = EventCells(header.columns, context.events, events_for_all)
        self.answers = AnswerCells(context.questions)
        self.is_legacy_font = is_legacy_font
        self.problems: list[Problem] = []
        self._of_row = RowProblems(0)
        self._doubtful: set[str] = set()

    def read(self, row: Row) -> ListedStudent:
        self.budget.check()
        self._of_row = RowProblems(row.number)
        self._doubtful = set()
        # In a table downloaded here, an apostrophe guards what looks like a formula.
        row = self._limited(Row(row.number, tuple(unguarded(cell) for cell in row.cells)))
        row = self._without_faults(row)
        student = self._student(row)
        self.problems += self._of_row.kept(is_short=len(self.problems) >= MAX_PROBLEMS_PER_LIST)
        return student

    def _student(self, row: Row) -> ListedStudent:
        grade, section = self._grade_and_section(row)
        values: dict[str, Any] = {
            "name": self._name(row),
            "grade": grade,
            "section": section,
            "roll_number": label_key(self._optional(row, Meaning.ROLL_NUMBER)),
            "email": self._email(row),
        }
        for name in set(STUDENT_FIELDS) - set(values):
            values[name] = self._optional(row, Meaning(name))
        values["events"] = self.events.read(row, self._of_row)
        values["answers"] = self._answers(row)
        return ListedStudent(row=row.number, doubtful=frozenset(self._doubtful), **values)

    def _answers(self, row: Row) -> tuple[tuple[int, str], ...]:
        """Return what the row answers; a cell that is no answer is an error."""
        found: dict[int, str] = {}
        for column in self.columns:
            question = self.answers.questions.get(column.event) if column.meaning == Meaning.ANSWER else None
            if question is None or found.get(question.pk):
                continue
            text = row.cell(column.position)
            try:
                found[question.pk] = self.answers.read(column.event, text)
            except ValidationError as error:
                words = {"question": question.text, "problem": " ".join(error.messages)}
                told = _("%(question)s: %(problem)s") % words
                self._of_row.add(
                    Problem(row.number, Meaning.ANSWER, Code.TEXT, told, value=text, question=column.event)
                )
        return tuple(sorted((pk, value) for pk, value in found.items() if value))

    def _limited(self, row: Row) -> Row:
        """Blank the cells that are too long or have stacked accents; in a used column each of them is an error."""
        faults = {at: fault for at, cell in enumerate(row.cells) if (fault := unreadable_reason(cell))}
        if not faults:
            return row
        for column in self.columns:
            if column.position in faults and not column.is_extra:
                words = {"column": column.letter, "problem": faults[column.position]}
                text = _("Column %(column)s: %(problem)s") % words
                self._error(row, column.meaning, Code.TEXT, text, row.cells[column.position])
        return Row(row.number, tuple("" if at in faults else cell for at, cell in enumerate(row.cells)))

    def _without_faults(self, row: Row) -> Row:
        """Blank the cells that do not hold what was typed; a text that is only doubtful is read."""
        cells = list(row.cells)
        found = ((column, find_fault(column.meaning, row.cell(column.position))) for column in self.columns)
        for column, fault in ((column, fault) for column, fault in found if fault):
            self._of_row.add(fault.at(row.number, column.meaning, self._cell(row, column.meaning)))
            if not fault.is_read:
                cells[column.position] = ""
            elif column.meaning in (Meaning.SECTION, Meaning.ROLL_NUMBER):
                self._doubtful.add(str(column.meaning))
        return Row(row.number, tuple(cells))

    def _cell(self, row: Row, meaning: Meaning) -> str:
        """Return the first filled cell of this meaning; a teacher may give one meaning to several columns."""
        texts = (row.cell(column.position) for column in self.columns if column.meaning == meaning)
        return next((text for text in texts if text), "")

    def _name(self, row: Row) -> str:
        text = full_name(cells_by_meaning(row, self.columns))
        if not has_visible(text) or not clean_text(text).strip("-–—. "):
            # Only dashes count as empty here: Na and Nil are names.
            self._error(row, Meaning.NAME, Code.MISSING, _("Enter the student's full name"), text)
            return ""
        name = self._cleaned(row, Meaning.NAME, text)
        if self.is_legacy_font and (meant := from_legacy_font(name)):
            doubt = legacy_font_warning(name, meant)
            self._of_row.add(
                Problem(row.number, Meaning.NAME, Code.NAME, doubt, False, name, options=(meant,))
            )
        if name and not self._of_row.concerns(Meaning.NAME) and (doubt := name_warning(text)):
            self._warn(row, Meaning.NAME, Code.DOUBT, doubt, text)
        return name

    def _optional(self, row: Row, meaning: Meaning) -> str:
        text = self._cell(row, meaning)
        if not is_given(text):
            return ""
        if whole := _FLOAT.fullmatch(text.strip()):
            text = whole[1]
        return self._cleaned(row, meaning, text)

    def _grade_and_section(self, row: Row) -> tuple[int, str]:
        text, typed = self._cell(row, Meaning.GRADE), self._optional(row, Meaning.SECTION)
        if not is_given(text):
            self._error(row, Meaning.GRADE, Code.MISSING, _("Enter the grade"), text)
            return 0, read_section(typed)
        found = read_grade(text)
        if not found or found.grade not in self.grades:
            words = {"low": self.grades[0], "high": self.grades[-1]}
            problem = _("Grade must be a number from %(low)s to %(high)s, like 9 or 9 A") % words
            self._error(row, Meaning.GRADE, Code.GRADE, problem, text)
            return 0, read_section(typed)
        section = read_section(typed, found.grade)
        if other := other_grade(typed, found.grade):
            problem = _("The section says grade %(other)s, the grade says %(grade)s.")
            words = {"other": other, "grade": found.grade}
            self._warn(row, Meaning.SECTION, Code.SECTION, problem % words, typed)
            self._doubtful.add("section")
        return found.grade, self._section_of(row, found, section)

    def _section_of(self, row: Row, found: Placement, section: str) -> str:
        """Return the section of the row; what stands behind the grade may be one, or a remark."""
        within = read_section(self._cleaned(row, Meaning.SECTION, found.section), found.grade)
        if not within or within == section:
            return section
        if section and found.is_certain:
            problem = _("The grade says section %(one)s, the section says %(other)s. Keep one of them.")
            sections = {"one": within, "other": section}
            self._error(row, Meaning.SECTION, Code.SECTION, problem % sections, section)
        elif not found.is_certain:
            cell = self._cell(row, Meaning.GRADE)
            self._warn(row, Meaning.GRADE, Code.SECTION, remark_behind_grade(within, section), cell)
            if not section:
                self._doubtful.add("section")
        return section or within

    def _email(self, row: Row) -> str:
        text = self._cell(row, Meaning.EMAIL)
        email = self._cleaned(row, Meaning.EMAIL, text) if is_given(text) else ""
        if meant := suggested_email(email):
            problem = _("Did you mean %(email)s?") % {"email": meant}
            self._warn(row, Meaning.EMAIL, Code.EMAIL, problem, email, meant)
        return email

    def _cleaned(self, row: Row, meaning: Meaning, text: str) -> str:
        """Clean the text with the field of the forms, and report its error messages."""
        try:
            return str(StudentFields.base_fields[meaning.value].clean(text))
        except ValidationError as error:
            code = Code.EMAIL if meaning == Meaning.EMAIL else Code.TEXT
            self._error(row, meaning, code, " ".join(error.messages), text)
            return ""

    def _error(self, row: Row, column: Meaning, code: Code, text: str, value: str = "") -> None:
        self._of_row.add(Problem(row.number, column, code, text, value=value))

    def _warn(
        self, row: Row, column: Meaning, code: Code, text: str, value: str, suggestion: str = ""
    ) -> None:
        self._of_row.add(
            Problem(row.number, column, code, text, is_error=False, value=value, suggestion=suggestion)
        )
