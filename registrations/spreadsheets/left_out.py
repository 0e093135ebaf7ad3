"""Which rows below the titles are no students to register, and why."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from registrations.spreadsheets.answer_times import latest
from registrations.spreadsheets.cells import is_given, read_mark
from registrations.spreadsheets.contents import GONE, OTHER_ROLES, is_address
from registrations.spreadsheets.errors import Budget
from registrations.spreadsheets.headers import Column, Header, cells_by_meaning, looks_like_titles
from registrations.spreadsheets.listing import ListedStudent
from registrations.spreadsheets.meanings import NAME_MEANINGS, STUDENT_MEANINGS, Meaning
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.titles import LONGEST_TITLE
from registrations.students.classes import read_grade
from registrations.students.names import email_key, name_key
from techfest.core.text import has_mark_run


class Reason(StrEnum):
    """Why a row is left out; the teacher can put it back."""

    HIDDEN = "hidden"
    STRUCK = "struck"
    ROLE = "role"
    STATUS = "status"
    EARLIER = "earlier"
    SHEET = "sheet"
    SUMMARY = "summary"
    NOTHING = "nothing"
    TITLES = "titles"
    ABOVE = "above"


NO_STUDENT = frozenset([Reason.SUMMARY, Reason.NOTHING, Reason.TITLES, Reason.ABOVE])
"""Rows that a teacher need not look at."""
_SUMMARY = re.compile(
    r"(?:grand |sub )?total\b.*|(?:no|number|count) of (?:students|pupils|boys|girls|participants)\b.*|(?:boys|girls)"
    r"(?: \d+)?|strength\b.*|(?:class average|average|sum|count|points|points possible|max points|date|place|note|notes"
    r"|remark|remarks|prepared by|checked by|verified by|approved by|submitted by|signed)(?: .*)?|sd|seal"
    r"|(?:.* )?(?:signature|sign)(?: of)?\b.*|(?:class |subject )?teacher\b.*|(?:vice )?principal\b.*"
    r"|head ?(?:master|mistress)\b.*|coordinator|incharge|in charge"
    r"|(?:printed|generated|exported|downloaded|created) (?:on|by|at|from)\b.*|end of (?:list|report)"
    r"|page \d+(?: of \d+)?"
    r"|कुल\b.*|योग\b.*|हस्ताक्षर.*|प्रधानाचार्य.*|दिनांक.*|summe\b.*|unterschrift.*|firma\b.*|итого\b.*|подпись.*"
)


_STATEMENT = re.compile(r"[^\W\d][^:|@]{0,40}:\s*[^\s/\\]")
"""A label, a colon and its value."""
_MAX_STATEMENTS = 4
_TOTAL = re.compile(
    r"(?:grand |sub )?total(?: (?:no of |number of )?(?:students|boys|girls|pupils|strength))?(?: \d+)?"
    r"|(?:no|number|count) of (?:students|boys|girls|pupils)(?: \d+)?|boys|girls|strength|कुल|योग|summe|итого"
)


def rows_left_out(sheet: Sheet, header: Header, budget: Budget) -> dict[int, Reason]:
    """Return the rows below the titles that are left out, by number. Raises `FileRefused` once the time is used up."""
    sorter = _Sorter(sheet, header)
    found: dict[int, Reason] = {}
    for row in sheet.rows:
        budget.check()
        if row.number > header.row and (reason := sorter.reason(row)):
            found[row.number] = reason
    return found


def earlier_answers(sheet: Sheet, header: Header, students: Iterable[ListedStudent]) -> dict[int, int]:
    """Return the rows that a later answer of the same student replaces, with the number of that row.

    Only where a form noted the time of each answer, and it is clear which one is the latest.
    """
    timed = [column for column in header.columns if column.meaning == Meaning.TIMESTAMP]
    if not timed:
        return {}
    times = {row.number: row.cell(timed[0].position) for row in sheet.rows}
    groups: dict[tuple[int, str, str, str], list[ListedStudent]] = {}
    for student in students:
        if student.name and student.grade:
            groups.setdefault(student.identity, []).append(student)
    replaced: dict[int, int] = {}
    for answers in groups.values():
        addresses = {email_key(answer.email) for answer in answers if answer.email}
        last = latest({answer.row: times[answer.row] for answer in answers}) if len(answers) > 1 else 0
        if last and len(addresses) < 2:
            replaced |= {answer.row: last for answer in answers if answer.row != last}
    return replaced


class _Sorter:
    """Tells the rows of one sheet apart."""

    def __init__(self, sheet: Sheet, header: Header) -> None:
        self.sheet, self.columns = sheet, header.columns
        self.used = [column for column in header.columns if _is_used(column)]
        self.titles = [name_key(column.title) for column in header.columns]

    def reason(self, row: Row) -> Reason | None:
        cells = cells_by_meaning(row, self.columns)
        if not any(row.cell(column.position) for column in self.used):
            return Reason.NOTHING
        if self._repeats_titles(row):
            return Reason.TITLES
        if self._is_note(row) or self._is_summary(row, cells):
            return Reason.SUMMARY
        if row.number in self.sheet.hidden:
            return Reason.HIDDEN
        if any((row.number, column.position) in self.sheet.struck for column in self._filled(row)):
            return Reason.STRUCK
        return _reason_in(cells)

    def _filled(self, row: Row) -> Iterator[Column]:
        return (column for column in self.used if row.cell(column.position))

    def _repeats_titles(self, row: Row) -> bool:
        cells = [cell for cell in row.cells if cell]
        if any(len(cell) > LONGEST_TITLE or has_mark_run(cell) for cell in cells):
            return False
        keys = [name_key(cell) for cell in cells]
        is_same = len(keys) > 1 and all(key in self.titles for key in keys)
        return is_same or looks_like_titles(row)

    def _is_note(self, row: Row) -> bool:
        """Return whether a row only says something about a class, like "Class : IX-B | Class Teacher: Ms Rao"."""
        grades = {column.position for column in self.columns if column.meaning == Meaning.GRADE}
        said = [cell for at, cell in enumerate(row.cells) if cell and at not in grades]
        if not 0 < len(said) <= _MAX_STATEMENTS:
            return False
        is_alone = len(said) == 1 and not any(row.cell(at) for at in grades)
        if not is_alone and not all(map(_STATEMENT.match, said)):
            return False
        if any(len(cell) > LONGEST_TITLE or has_mark_run(cell) or is_address(cell) for cell in said):
            return False
        names_class = is_alone and _has_letters(said[0]) and read_grade(said[0]) is not None
        return names_class or all(map(_STATEMENT.match, said))

    def _is_summary(self, row: Row, cells: Mapping[Meaning, str]) -> bool:
        """Return whether a row is a total, a signature and the like: it begins so and has neither grade nor address.

        A number beside "Total" is no grade.
        """
        first = next((cell for cell in row.cells if cell), "")[:LONGEST_TITLE]
        if has_mark_run(first) or any(map(is_address, row.cells)):
            return False
        is_total = _TOTAL.fullmatch(name_key(first)) and cells.get(Meaning.EVENTS, "") in ("", first)
        if not is_total and read_grade(cells.get(Meaning.GRADE, "")):
            return False
        named = [
            text
            for meaning, text in cells.items()
            if meaning in (*NAME_MEANINGS, Meaning.EVENTS) and is_given(text)
        ]
        return bool(_SUMMARY.fullmatch(name_key(first))) and all(
            not _has_letters(text) or _SUMMARY.fullmatch(name_key(text[:LONGEST_TITLE])) for text in named
        )


def _reason_in(cells: Mapping[Meaning, str]) -> Reason | None:
    """Return why the row's own words say that it is no student of today."""
    if name_key(cells.get(Meaning.ROLE, "")) in OTHER_ROLES:
        return Reason.ROLE
    says_no = is_given(cells.get(Meaning.ENABLED, "")) and read_mark(cells[Meaning.ENABLED]) is False
    return Reason.STATUS if says_no or name_key(cells.get(Meaning.STATUS, "")) in GONE else None


def _is_used(column: Column) -> bool:
    return column.meaning in STUDENT_MEANINGS or column.meaning == Meaning.EVENT_MARK


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def row_text(cells: Sequence[str]) -> str:
    """Return the filled cells in one line."""
    return " · ".join(text for cell in cells if (text := " ".join(cell.split())))[:120]
