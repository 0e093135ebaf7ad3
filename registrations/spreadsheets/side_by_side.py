"""Tables with the same titles side by side on one sheet, read as one."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from registrations.spreadsheets.combined import Table, combined
from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.students.names import name_key


def side_by_side(sheet: Sheet, header: Header) -> Table:
    """Return tables with the same titles side by side as one; columns before them belong to each of them."""
    starts = _starts(header.columns)
    if not starts:
        return Table(sheet, header)
    columns = header.columns
    shared = columns[: starts[0]]
    blocks = [columns[a:b] for a, b in itertools.pairwise([*starts, len(columns)])]
    first = [column for column in blocks[0] if column.title]
    parts = []
    for block in blocks:
        titled = [column for column in block if column.title]
        picked = (*shared, *titled)
        rows = tuple(
            Row(row.number, cells)
            for row in sheet.rows
            if any(row.cell(column.position) for column in titled)
            and (cells := tuple(row.cell(column.position) for column in picked))
        )
        titles = tuple(replace(column, position=at) for at, column in enumerate((*shared, *first)))
        struck = {
            (number, at)
            for at, column in enumerate(picked)
            for number, position in sheet.struck
            if position == column.position
        }
        part = replace(sheet, rows=rows, struck=frozenset(struck), siblings=())
        parts.append((f"{block[0].letter}–{titled[-1].letter}", Table(part, Header(header.row, titles))))
    names = tuple(name for name, _table in parts)
    found = combined(parts, title=_("Table"))
    return replace(found, sheet=replace(found.sheet, name=sheet.name), sheets=names, chosen=names)


def _starts(columns: Sequence[Column]) -> list[int]:
    """Return where tables with equal titles begin; empty if there is one table only."""
    keys = [name_key(column.title) for column in columns]
    repeated = [column for column in columns if column.is_repeated]
    names = [column for column in columns if _is_name_again(column, columns)]
    if not names or len(repeated) < 2:
        return []
    for first, key in enumerate(keys):
        places = [at for at, one in enumerate(keys) if key and one == key]
        if len(places) > 1:
            blocks = [[one for one in keys[a:b] if one] for a, b in itertools.pairwise([*places, len(keys)])]
            is_same = all(block == blocks[0] for block in blocks) and first == places[0]
            return places if is_same else []
    return []


def _is_name_again(column: Column, columns: Sequence[Column]) -> bool:
    """Return whether a column repeats the title of the column of names."""
    titles = {
        name_key(one.title)
        for one in columns
        if one.meaning in (Meaning.NAME, Meaning.GIVEN_NAME, Meaning.LAST_FIRST)
    }
    return column.is_repeated and name_key(column.title) in titles
