"""Grade and section that stand outside the columns: in the name of a sheet, or in a line above the students."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

from django.utils.translation import gettext as _

from registrations.spreadsheets.combined import Table
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.headers import Column, Header, looks_like_titles
from registrations.spreadsheets.meanings import NAME_MEANINGS, Meaning
from registrations.spreadsheets.sheet import Row
from registrations.spreadsheets.titles import meaning_of
from registrations.students.classes import read_grade
from techfest.core.text import has_mark_run

_LONGEST_SECTION = len("COMMERCE")
_LONGEST_LINE = 60


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


def class_of(name: str, grades: range) -> tuple[int, str] | None:
    """Return grade and section if a text is the name of a class of the fest: "9A", "Class IX B"."""
    found = read_grade(name)
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
        has_word = cell[0].isalpha() and (" " in cell or ":" in cell)
        is_alone = len(cells) == 1 and not cell.isdecimal()
        if (has_label or has_word or is_alone) and class_of(cell, grades):
            return cell
    return ""


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
