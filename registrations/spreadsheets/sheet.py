"""Rows of text as they are in a spreadsheet, and the limits for reading them.

This module runs in the process that reads workbooks and must not import Django.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from techfest.core.text import is_blank, shortened

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 1_000
"""Students in one list."""
MAX_LINES = 10_000
"""Rows of a workbook including blank ones; `MAX_ROWS` limits the filled ones."""
MAX_COLUMNS = 100
MAX_CHARACTERS = 5_000
"""Characters in one cell. A longer cell is cut just above the limit, so that its row still reports it."""
MAX_TOTAL_CHARACTERS = 4 * 1024 * 1024
"""Two megabytes of text hold less, but a thousand cells of a workbook can share one long text."""
MAX_HEADING_ROWS = 100
"""Letterhead, titles, totals and signatures, in addition to the students."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank; `number` is the row number in the spreadsheet."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """Return the text of a column; empty if the row is shorter."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows that are not blank, in order. A cell never holds only white space, a row never ends with empty cells.

    `is_guess` says that `encoding` was guessed: a person must check the names before they are used.
    """

    rows: tuple[Row, ...]
    encoding: str = ""
    is_guess: bool = False
    name: str = ""
    other_names: tuple[str, ...] = ()
    """Further non-empty sheets of the workbook, which were not read."""
    siblings: tuple["Sheet", ...] = field(default=(), repr=False)
    """The further sheets that are not too long to be read."""
    at: int = 0
    """The position among the sheets of the workbook."""
    is_open: bool = False
    """Whether the workbook was saved with this sheet in view."""
    hidden: frozenset[int] = frozenset()
    """The numbers of the rows that the spreadsheet hides."""
    struck: frozenset[tuple[int, int]] = frozenset()
    """Row number and position of each cell that is struck out."""

    @property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)


def filled_rows(numbered: Iterable[tuple[int, Iterable[str]]]) -> tuple[Row, ...]:
    """Return the rows that hold something, each cut after its last filled cell."""
    rows = ((number, trimmed(cells)) for number, cells in numbered)
    return tuple(Row(number, cells) for number, cells in rows if cells)


def trimmed(cells: Iterable[str]) -> tuple[str, ...]:
    texts = [shortened(cell, MAX_CHARACTERS) if cell and not is_blank(cell) else "" for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def excess(rows: Iterable[Row], before: int = 0) -> tuple[str, int] | None:
    """Return what exceeds the limits, a key of `errors.TEXTS` and the row, or None; `before` rows came earlier."""
    count, characters = before, 0
    for row in rows:
        count += 1
        characters += sum(map(len, row.cells))
        if count > MAX_ROWS + MAX_HEADING_ROWS or characters > MAX_TOTAL_CHARACTERS:
            return "rows", 0
        if len(row.cells) > MAX_COLUMNS:
            return "columns", 0
    return None
