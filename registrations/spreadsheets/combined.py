"""One table of what a file holds: its sheet, its columns, and several such tables below each other.

Rows of a further sheet or table keep their number, with hundreds in front: row 3 of the second sheet is 103.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.meanings import SINGLE, Meaning
from registrations.spreadsheets.sheet import Row, Sheet, trimmed
from registrations.students.names import name_key


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet with its columns. `sheets` are the names of the sheets in it, `chosen` those that are read.

    A sheet that is not chosen can be read later, because its rows are here, too. Tables side by side on one sheet are
    named by the letters of their columns.
    """

    sheet: Sheet
    header: Header
    sheets: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()


def combined(parts: Sequence[tuple[str, Table]], *, title: str) -> Table:
    """Return the rows of several tables below each other, with a column that names the sheet of each."""
    columns, places = _union([table.header.columns for _name, table in parts])
    step = _step(row.number for _name, table in parts for row in table.sheet.rows)
    width = len(columns)
    columns.append(Column(width, title, Meaning.SHEET))
    rows: list[Row] = []
    hidden: set[int] = set()
    struck: set[tuple[int, int]] = set()
    for at, (name, table) in enumerate(parts):
        own, offset = places[at], at * step
        for row in table.sheet.rows:
            is_title = row.number <= table.header.row
            if is_title and (at or row.number < table.header.row):
                continue
            cells = [""] * width
            for position, cell in enumerate(row.cells):
                cells[own[position]] = cell
            rows.append(Row(row.number + offset, trimmed(cells) if is_title else (*cells, name)))
        hidden |= {number + offset for number in table.sheet.hidden if number > table.header.row}
        struck |= {
            (number + offset, own[position]) for number, position in table.sheet.struck if position in own
        }
    first = parts[0][1]
    sheet = replace(
        first.sheet,
        rows=tuple(rows),
        hidden=frozenset(hidden),
        struck=frozenset(struck),
        siblings=(),
        name=", ".join(name for name, _table in parts),
    )
    return Table(sheet, Header(first.header.row, tuple(columns)))


def _union(tables: Iterable[Sequence[Column]]) -> tuple[list[Column], list[dict[int, int]]]:
    """Return the columns of all tables, each kind once, and for each table where its columns went."""
    found: dict[tuple[str, str, int], Column] = {}
    places: list[dict[int, int]] = []
    for columns in tables:
        seen: Counter[tuple[str, str]] = Counter()
        own: dict[int, int] = {}
        for column in columns:
            kind = _kind(column)
            seen[kind] += 1
            key = (*kind, seen[kind])
            if key not in found:
                found[key] = replace(column, position=len(found))
            own[column.position] = found[key].position
        places.append(own)
    return list(found.values()), places


def _kind(column: Column) -> tuple[str, str]:
    if column.meaning in SINGLE:
        return str(column.meaning), ""
    return str(column.meaning), column.event or name_key(column.title)


def _step(numbers: Iterator[int]) -> int:
    """Return the smallest of 100, 1000, 10000 … that is greater than each row number."""
    most = max(numbers, default=0)
    digits = len(str(most))
    return max(100, int(10**digits))
