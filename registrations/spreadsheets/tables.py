"""Find the table of students in a file: the sheet with titles, or several of them together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from registrations.spreadsheets.class_names import class_of, with_class
from registrations.spreadsheets.combined import Table, combined
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.headers import Header, find_header
from registrations.spreadsheets.meanings import NAME_MEANINGS, STUDENT_MEANINGS, Meaning
from registrations.spreadsheets.refined import refined
from registrations.spreadsheets.sheet import MAX_COLUMNS, MAX_ROWS, Sheet
from registrations.spreadsheets.side_by_side import side_by_side
from registrations.students.names import name_key


def find_table(sheet: Sheet, context: ListContext) -> Table:
    """Return the table of the sheet with titles, of all such sheets, or of the sheet that was open if none has titles.

    Sheets named like classes ("9A") are read together. Otherwise the one that was open is read, else the first, and
    the others can be chosen. Raises `FileRefused` once the time is used up.
    """
    tables = [_one_table(one, context) for one in sorted((sheet, *sheet.siblings), key=lambda one: one.at)]
    complete = [one for one in tables if not one.header.problem and one.header.row]
    titled = complete or [one for one in tables if _is_titled(one.header)]
    if not titled:
        return next(one for one in tables if one.sheet.name == sheet.name and one.sheet.at == sheet.at)
    opened = next((one for one in titled if one.sheet.is_open), titled[0])
    kept = titled if _fit_together(titled) else [opened]
    others = [one for one in tables if one not in kept]
    names = tuple(name for name in (one.sheet.name for one in others) if name) + _unread(sheet, tables)
    if len(kept) == 1:
        return replace(kept[0], sheet=replace(kept[0].sheet, other_names=names, siblings=()))
    kept = [_without_blocks(one) for one in kept]
    are_classes = all(class_of(one.sheet.name, context.grades) for one in kept)
    chosen = kept if are_classes else [opened]
    found = combined([(one.sheet.name, one) for one in kept], title=_("Sheet"))
    return replace(
        found,
        sheet=replace(found.sheet, other_names=names),
        sheets=tuple(one.sheet.name for one in kept),
        chosen=tuple(one.sheet.name for one in chosen),
    )


def _fit_together(tables: Sequence[Table]) -> bool:
    """Return whether the tables have few enough rows and columns to be read as one."""
    rows = sum(len(one.sheet.rows) for one in tables)
    titles = {name_key(column.title) for one in tables for column in one.header.columns}
    return rows <= MAX_ROWS and len(titles) <= MAX_COLUMNS


def _without_blocks(table: Table) -> Table:
    """Return the table without the column that tells the tables of its sheet apart."""
    columns = [
        replace(column, meaning=Meaning.IGNORED) if column.meaning == Meaning.SHEET else column
        for column in table.header.columns
    ]
    return replace(table, header=Header(table.header.row, tuple(columns)))


def _unread(sheet: Sheet, tables: Sequence[Table]) -> tuple[str, ...]:
    """Return the names of the sheets that were too long to be read."""
    read = Counter(one.sheet.name for one in tables)
    return tuple(name for name in sheet.other_names if name not in read)


def _is_titled(header: Header) -> bool:
    """Return whether names and something else are titled."""
    meanings = [column.meaning for column in header.columns if column.meaning in STUDENT_MEANINGS]
    return len(meanings) > 1 and any(meaning in NAME_MEANINGS for meaning in meanings)


def _one_table(sheet: Sheet, context: ListContext) -> Table:
    header = find_header(sheet, context.events.index, context.budget)
    table = side_by_side(sheet, header)
    header = table.header
    if any(column.meaning in STUDENT_MEANINGS for column in header.columns):
        header = refined(table.sheet, header, context)
    return with_class(replace(table, header=header), context)
