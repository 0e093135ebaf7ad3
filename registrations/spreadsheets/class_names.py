"""Grade and section that stand outside the columns: in the name of a sheet, or in a line above the students."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from registrations.spreadsheets.combined import Table
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.headers import Column, Header, looks_like_titles
from registrations.spreadsheets.meanings import NAME_MEANINGS, Meaning
from registrations.spreadsheets.sheet import Row
from registrations.spreadsheets.titles import LONGEST_TITLE, meaning_of
from registrations.students.class_words import GRADE, WORDS, folded
from registrations.students.classes import read_grade
from registrations.students.names import name_key
from techfest.core.text import has_mark_run

_LONGEST_SECTION = len("COMMERCE")
_LONGEST_LETTERS = 2
"""Characters of a section that is found inside a text."""
_LONGEST_LINE, _MAX_WORDS = 120, 12
_BETWEEN = re.compile(r"\s*[|;·]\s*|\s{2,}")
"""What separates the statements of one line: "CLASS : IX - B | Class Teacher: Ms Rao"."""


def with_class(table: Table, context: ListContext) -> Table:
    """Return the table with the class of a line above the students, or of its sheet's name, where no column says it."""
    meanings, grades = {column.meaning for column in table.header.columns}, context.grades
    if meanings.isdisjoint(NAME_MEANINGS):
        return table
    if Meaning.GRADE not in meanings and (lines := _classes_by_row(table, context)):
        return _with_column(table, _("Class"), Meaning.GRADE, lines)
    named = class_of(table.sheet.name, grades)
    if not named:
        return table
    grade, section = named
    numbers = [row.number for row in table.sheet.rows if row.number > table.header.row]
    if Meaning.GRADE not in meanings:
        text = f"{grade} {section}".strip()
        return _with_column(table, _("Class"), Meaning.GRADE, dict.fromkeys(numbers, text))
    if section and Meaning.SECTION not in meanings and _all_of_grade(table, grade):
        return _with_column(table, _("Section"), Meaning.SECTION, dict.fromkeys(numbers, section))
    return table


def class_of(text: str, grades: range) -> tuple[int, str] | None:
    """Return grade and section of the class of the fest that a text names: "9A", "Class IX B", "list 9-A (final)".

    Inside a text, a bare number is no class.
    """
    if found := _whole_class(text, grades):
        return found
    words = name_key(text[:LONGEST_TITLE]).split()[:_MAX_WORDS]
    for length in (3, 2, 1):
        for at in range(len(words) - length + 1):
            piece = words[at : at + length]
            has_word = WORDS.get(folded(piece[0])) == GRADE and length > 1
            has_both = any(map(str.isdigit, "".join(piece))) and any(map(str.isalpha, "".join(piece)))
            found = _whole_class(" ".join(piece), grades) if has_word or has_both else None
            if found and len(found[1]) <= _LONGEST_LETTERS:
                return found
    return None


def _whole_class(text: str, grades: range) -> tuple[int, str] | None:
    found = read_grade(text)
    is_class = found is not None and found.grade in grades and len(found.section) <= _LONGEST_SECTION
    return (found.grade, found.section) if found and is_class else None


def _classes_by_row(table: Table, context: ListContext) -> dict[int, str]:
    """Return the class of each row: that of the last line above it which says one, like "Class: IX-A"."""
    found: dict[int, str] = {}
    current = ""
    for row in table.sheet.rows:
        context.budget.check()
        line = _class_in_line(row, context.grades) if row.number != table.header.row else ""
        current = line or current
        if row.number > table.header.row and current and not line and not looks_like_titles(row):
            found[row.number] = current
    return found


def _class_in_line(row: Row, grades: range) -> str:
    """Return the class in a row that says little else: "Class IX-A" in one cell, or "Class" and "9A" in two."""
    cells = [cell for cell in row.cells if cell]
    if len(cells) > 6 or any(len(cell) > _LONGEST_LINE or has_mark_run(cell) for cell in cells):
        return ""
    for label, cell in itertools.pairwise(["", *cells]):
        has_label = bool(label) and meaning_of(label.rstrip(": ")) == Meaning.GRADE
        is_alone = len(cells) == 1 and not cell.isdecimal()
        for text in _statements(cell):
            has_word = text[0].isalpha() and (" " in text or ":" in text)
            if (has_label or has_word or is_alone) and _whole_class(text, grades):
                return text
    return ""


def _statements(cell: str) -> list[str]:
    """Return the cell, and if it says several things, each two of them together and each one."""
    parts = [part for part in _BETWEEN.split(cell.strip()) if part]
    return [cell, *(f"{one} {other}" for one, other in itertools.pairwise(parts)), *parts]


def _all_of_grade(table: Table, grade: int) -> bool:
    """Return whether each row is of this grade and names no section of its own."""
    position = next(column.position for column in table.header.columns if column.meaning == Meaning.GRADE)
    texts = (row.cell(position) for row in table.sheet.rows if row.number > table.header.row)
    return all(read_grade(text) == (grade, "", True) for text in texts if text)


def _with_column(table: Table, title: str, meaning: Meaning, texts: Mapping[int, str]) -> Table:
    """Return the table with one more column that holds these texts, by row number."""
    position = table.sheet.width
    rows = tuple(
        replace(row, cells=(*_padded(row.cells, position), texts[row.number])) if row.number in texts else row
        for row in table.sheet.rows
    )
    columns = (*table.header.columns, Column(position, title, meaning))
    return replace(table, sheet=replace(table.sheet, rows=rows), header=Header(table.header.row, columns))


def _padded(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return cells + ("",) * (width - len(cells))
