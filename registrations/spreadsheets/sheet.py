"""Rows of text as they stood in somebody's spreadsheet, and how much of it is read."""

from collections.abc import Iterable
from dataclasses import dataclass

from techfest.core.text import shortened

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 1_000
"""Students in one list (DECISIONS 22)."""
MAX_LINES = 10_000
"""Rows of a workbook with blank ones between and below; what is filled of them is limited by `MAX_ROWS`."""
MAX_COLUMNS = 100
MAX_CHARACTERS = 5_000
"""In one cell. Of a longer one so much is kept that its row can say so."""
MAX_TOTAL_CHARACTERS = 4 * 1024 * 1024
"""A file of two megabytes holds no more, but a workbook can point a thousand cells at one long text."""
MAX_HEADING_ROWS = 10
"""Titles, dates and the header itself, on top of the students."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not blank; `number` is what the spreadsheet shows at its left edge."""

    number: int
    cells: tuple[str, ...]

    def cell(self, column: int) -> str:
        """Its text, empty where the row is shorter than others."""
        return self.cells[column] if column < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """All rows that are not blank, in order; no cell holds only white space, no row ends with empty cells.

    `is_guess` says that `encoding` was guessed: somebody has to look at the names before they are used.
    """

    rows: tuple[Row, ...]
    encoding: str = ""
    is_guess: bool = False
    name: str = ""
    other_names: tuple[str, ...] = ()
    """Further sheets of the workbook that hold something and were not read."""

    @property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)


def filled_rows(numbered: Iterable[tuple[int, Iterable[str]]]) -> tuple[Row, ...]:
    """The rows that hold something, cut after their last filled cell; no cell is longer than has to be told."""
    rows = ((number, trimmed(cells)) for number, cells in numbered)
    return tuple(Row(number, cells) for number, cells in rows if cells)


def trimmed(cells: Iterable[str]) -> tuple[str, ...]:
    texts = [shortened(cell, MAX_CHARACTERS) if not is_blank(cell) else "" for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    return tuple(texts)


def is_blank(text: str) -> bool:
    """Nothing that somebody could see; a pasted cell may hold a byte order mark or a no-break space."""
    return not text.strip(" \t\r\n\f\v\u00a0\u200b\u2060\ufeff") or text.isspace()


def excess(rows: Iterable[Row], before: int = 0) -> tuple[str, int] | None:
    """What is too much about these rows, coming after `before` others: a code of `refusals.TEXTS` and the row."""
    count, characters = before, 0
    for row in rows:
        count += 1
        characters += sum(map(len, row.cells))
        if count > MAX_ROWS + MAX_HEADING_ROWS or characters > MAX_TOTAL_CHARACTERS:
            return "rows", 0
        if len(row.cells) > MAX_COLUMNS:
            return "columns", 0
    return None
