"""Tell the columns of a list without titles by their contents."""

import itertools
from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from registrations.spreadsheets.cells import is_given
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import Sheet
from registrations.students.classes import read_grade
from registrations.students.names import clean_text

_LOOKED_AT = 50
"""The number of rows that are examined."""
_ENOUGH = 0.8


def infer_header(sheet: Sheet, header: Header, context: ListContext) -> Header:
    """Infer the columns from their contents if the titles are missing or unknown.

    Returns the given header unless names and grades are found. If the first row has a grade where the others have
    one, it is a student, and the columns are named by their letters.
    """
    is_top = bool(sheet.rows) and header.row == sheet.rows[0].number
    if not is_top or any(
        column.meaning not in (Meaning.NONE, Meaning.EVENT_MARK) for column in header.columns
    ):
        return header
    meanings = _meanings(sheet, context)
    if not {Meaning.NAME, Meaning.GRADE} <= set(meanings.values()):
        return header
    at = next(position for position, meaning in meanings.items() if meaning == Meaning.GRADE)
    is_student = read_grade(sheet.rows[0].cell(at)) is not None
    columns = (
        _column(column, meanings.get(column.position, Meaning.NONE), is_student) for column in header.columns
    )
    return Header(0 if is_student else header.row, tuple(columns))


def is_untitled(header: Header) -> bool:
    """Return whether the columns were inferred because there are no titles."""
    return header.row == 0 and bool(header.columns)


def _meanings(sheet: Sheet, context: ListContext) -> dict[int, Meaning]:
    """Return position to meaning. Each meaning but events is given once; names come last, as any text may be one."""
    tests: dict[Meaning, Callable[[str], bool]] = {
        Meaning.EMAIL: lambda text: "@" in text,
        Meaning.EVENTS: context.events.names_any,
        Meaning.GRADE: lambda text: (found := read_grade(text)) is not None and found[0] in context.grades,
        Meaning.SECTION: lambda text: len(text) <= 2 and text.isalpha(),
        Meaning.NAME: lambda text: len(text) > 2 and not any(character.isdigit() for character in text),
    }
    found: dict[int, Meaning] = {}
    for meaning, is_one in tests.items():
        context.budget.check()
        for position in range(sheet.width):
            texts = _texts(sheet, position)
            is_free = position not in found and (meaning == Meaning.EVENTS or meaning not in found.values())
            if is_free and texts and not _counts(texts) and sum(map(is_one, texts)) >= _ENOUGH * len(texts):
                found[position] = meaning
    return found


def _texts(sheet: Sheet, position: int) -> list[str]:
    """Return the filled cells below the first row, which may be a title."""
    cells = (clean_text(row.cell(position)) for row in sheet.rows[1 : _LOOKED_AT + 1])
    return [text for text in cells if is_given(text)]


def _counts(texts: Sequence[str]) -> bool:
    """Return whether the texts count 1, 2, 3; such a column holds no grades. The first row was skipped."""
    numbers = [int(text) for text in texts if text.isdecimal()]
    is_long = len(numbers) == len(texts) > 2 and numbers[0] <= 2
    return is_long and all(after - before == 1 for before, after in itertools.pairwise(numbers))


def _column(column: Column, meaning: Meaning, is_student: bool) -> Column:
    title = _("Column %(letter)s") % {"letter": column.letter} if is_student else column.title
    return Column(column.position, title, meaning)
