"""Tables with the same titles side by side on one sheet, read as one."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from registrations.spreadsheets.combined import Table, combined
from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.titles import without_trailing_number
from registrations.students.names import name_key


def side_by_side(sheet: Sheet, header: Header) -> Table:
    """Return tables with the same titles side by side as one; columns before and after them belong to each of them."""
    blocks = _blocks(header.columns)
    if not blocks:
        return Table(sheet, header)
    inside = {column.position for block in blocks for column in block}
    shared = tuple(column for column in header.columns if column.position not in inside and column.title)
    titles = tuple(replace(column, position=at) for at, column in enumerate((*shared, *blocks[0])))
    parts = [
        (
            f"{block[0].letter}–{block[-1].letter}",
            Table(_part(sheet, shared, block), Header(header.row, titles)),
        )
        for block in blocks
    ]
    names = tuple(name for name, _table in parts)
    found = combined(parts, title=_("Table"))
    return replace(found, sheet=replace(found.sheet, name=sheet.name), sheets=names, chosen=names)


def _part(sheet: Sheet, shared: Sequence[Column], block: Sequence[Column]) -> Sheet:
    """Return the rows that have something in this block, with the cells of the shared columns in front."""
    picked = [column.position for column in (*shared, *block)]
    rows = tuple(
        Row(row.number, tuple(row.cell(position) for position in picked))
        for row in sheet.rows
        if any(row.cell(column.position) for column in block)
    )
    struck = {(number, picked.index(position)) for number, position in sheet.struck if position in picked}
    return replace(sheet, rows=rows, struck=frozenset(struck), siblings=())


def _blocks(columns: Sequence[Column]) -> list[list[Column]]:
    """Return the columns of each table where tables with equal titles stand side by side; else nothing."""
    keys = [without_trailing_number(name_key(column.title)) for column in columns]
    repeated = [column for column in columns if column.is_repeated]
    if len(repeated) < 2 or not any(_is_name_again(column, columns) for column in columns):
        return []
    for key, column in zip(keys, columns, strict=True):
        places = [at for at, one in enumerate(keys) if key and one == key]
        if len(places) > 1 and column.meaning != Meaning.EVENTS:
            titled = [
                [one for one in columns[start:end] if one.title]
                for start, end in itertools.pairwise([*places, len(columns)])
            ]
            size = len(titled[0])
            is_same = all(len(one) == size for one in titled[:-1])
            found = [one[:size] for one in titled]
            wanted = [keys[one.position] for one in found[0]]
            is_same = is_same and all([keys[one.position] for one in block] == wanted for block in found)
            return found if is_same and _has_whole_names(found[0]) else []
    return []


def _has_whole_names(block: Sequence[Column]) -> bool:
    """Return whether a table of these columns names its students; "First name 1" and "First name 2" are one student."""
    meanings = {column.meaning for column in block}
    return bool(meanings & {Meaning.NAME, Meaning.LAST_FIRST}) or (
        Meaning.FAMILY_NAME in meanings and Meaning.GIVEN_NAME in meanings
    )


def _is_name_again(column: Column, columns: Sequence[Column]) -> bool:
    """Return whether a column repeats the title of the column of names."""
    titles = {
        without_trailing_number(name_key(one.title))
        for one in columns
        if one.meaning in (Meaning.NAME, Meaning.GIVEN_NAME, Meaning.LAST_FIRST)
    }
    return column.is_repeated and without_trailing_number(name_key(column.title)) in titles
