"""From text to rows: comma, semicolon or tab, quotes, and every kind of line end."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator

from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import MAX_BYTES, Row, excess, filled_rows, is_blank

DELIMITERS = (",", ";", "\t")
_SAMPLE = 100
_END = "\x00end"
"""A last record that no text can hold, since text with control characters is refused before."""
# The module's own limit of 131,072 characters would refuse the file; here the row of a long cell says so itself.
csv.field_size_limit(2 * MAX_BYTES)
_EXCEL_HINT = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n|$)", re.IGNORECASE)


def rows_of(text: str) -> tuple[Row, ...]:
    """The rows of a CSV file. Raises FileRefused for too many rows or columns and for an open quote."""
    hint = _EXCEL_HINT.match(text)
    if hint:
        # Excel hides this line from its user, so the rows are counted from the next one.
        text = text[hint.end() :]
    delimiter = hint[1] if hint else delimiter_of(text)
    return _checked(_records(text, delimiter))


def pasted_rows(text: str) -> tuple[Row, ...]:
    """The rows of what was copied from a spreadsheet, or of a CSV pasted as text.

    A tab settles the delimiter, since nobody types one into a cell. A spreadsheet quotes a copied cell only where
    it holds a line end; a lone quotation mark is part of a name.
    """
    delimiter = "\t" if "\t" in text else delimiter_of(text)
    try:
        return _checked(_records(text, delimiter))
    except FileRefused as refusal:
        if refusal.code != "quote":
            raise
        return _checked(_records(text, delimiter, has_quotes=False))


def delimiter_of(text: str) -> str:
    """The sign that cuts most rows into one same number of columns, more columns being better; else the comma.

    `csv.Sniffer` is no help: it takes a letter that happens to stand in every row.
    """
    return max(DELIMITERS, key=lambda delimiter: _consistency(text, delimiter))


def _consistency(text: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    for record in itertools.islice(_records(text, delimiter), _SAMPLE):
        if any(not is_blank(cell) for cell in record) and record != [_END]:
            widths[len(record)] += 1
    columns, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
    return (rows / widths.total(), columns) if columns > 1 else (0, 0)


def _records(text: str, delimiter: str, *, has_quotes: bool = True) -> Iterator[list[str]]:
    """One list of cells a record, then `_END`, which an open quote would swallow."""
    ending = "" if text.endswith(("\n", "\r")) else "\n"
    lines = io.StringIO(f"{text}{ending}{_END}", newline="")
    if has_quotes:
        reader = csv.reader(lines, delimiter=delimiter)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    yield from reader


def _checked(records: Iterator[list[str]]) -> tuple[Row, ...]:
    rows: list[Row] = []
    for number, record in enumerate(records, 1):
        if record == [_END]:
            break
        if record and record[-1].endswith(_END):
            raise FileRefused("quote", row=number)
        if any(record):
            filled = filled_rows([(number, record)])
            if too_much := excess(filled, before=len(rows)):
                raise FileRefused(too_much[0], row=too_much[1])
            rows += filled
    return tuple(rows)
