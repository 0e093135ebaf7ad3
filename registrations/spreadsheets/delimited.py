"""Rows of cells from text: CSV files in every dialect, and pasted rows."""

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import MAX_BYTES, MAX_COLUMNS, Row, excess, filled_rows
from techfest.core.text import is_blank

DELIMITERS = (",", ";", "\t", "|", "^", "~", "，", "；")
_SAMPLE = 100
_END = "\x00end"
"""A sentinel record; control characters were replaced or refused before, so no file can contain it."""

# The csv module would refuse a file with a cell above 131,072 characters; here the row of the cell reports it.
csv.field_size_limit(2 * MAX_BYTES)

_EXCEL_HINT = re.compile(r'"?sep=([^\w\s"]|\t)"?(?:\r\n|\r|\n|$)', re.IGNORECASE)
_TEXT_FORMULA = re.compile(r'="((?:[^"]|"")*+)"\s*')
_LEADING = re.compile(" *")
_DRAWN = "-+:=| \t\r\n"
"""What the line below the titles of a table drawn with bars has, and at least one hyphen."""


def rows_of(text: str) -> tuple[Row, ...]:
    """Return the rows of a CSV file. Raises `FileRefused` for too many rows or columns, long cells, an open quote."""
    text = text.replace("\r\r\n", "\r\n")
    hint = _EXCEL_HINT.match(text)
    if hint:
        # Excel does not show this line, so row numbers start at the next one.
        text = text[hint.end() :]
    delimiter = hint[1] if hint else delimiter_of(text)
    quote = "'" if _has_quoting_apostrophes(text, delimiter) else '"'
    return _limited_rows(_records(text, delimiter, quote=quote))


def pasted_rows(text: str) -> tuple[Row, ...]:
    """Return the rows copied from a spreadsheet, or of pasted CSV text.

    With a tab in the text, tabs separate the cells: a browser does not let people type one. A spreadsheet only
    quotes copied cells with line ends, so a single quotation mark is part of a name.
    """
    delimiter = "\t" if "\t" in text else delimiter_of(text)
    try:
        return _limited_rows(_records(text, delimiter))
    except FileRefused as refusal:
        if refusal.code != "quote":
            raise
        return _limited_rows(_records(text, delimiter, quote=""))


def delimiter_of(text: str) -> str:
    """Return the delimiter that splits most rows into an equal number of columns, the more the better; else the comma.

    `csv.Sniffer` does not help: it may choose a letter that occurs in every row.
    """
    best = max(DELIMITERS, key=lambda delimiter: _consistency(text, delimiter))
    if _consistency(text, best)[0] or '"' not in text:
        return best
    # Each line may be one quoted cell that holds a whole row.
    lines = "\n".join(record[0] for record in _sample(text, best) if len(record) == 1)
    return max(DELIMITERS, key=lambda delimiter: _consistency(lines, delimiter))


def _consistency(text: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    for record in _sample(text, delimiter):
        if any(cell and not is_blank(cell) for cell in record) and record != [_END]:
            widths[len(record)] += 1
    columns, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
    return (rows / widths.total(), columns) if columns > 1 else (0, 0)


def _sample(text: str, delimiter: str) -> Iterator[list[str]]:
    return itertools.islice(csv.reader(_lines(text), delimiter=delimiter, skipinitialspace=True), _SAMPLE)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of the text, then the sentinel."""
    ending = "" if text.endswith(("\n", "\r")) else "\n"
    yield from io.StringIO(f"{text}{ending}{_END}", newline="")


def _has_quoting_apostrophes(text: str, delimiter: str) -> bool:
    """Return whether apostrophes are used in place of quotation marks, as in 'Name','Grade'."""
    first = next((record for record in _sample(text, delimiter) if any(record)), [])
    return len(first) > 1 and all(len(cell) > 1 and cell[0] == cell[-1] == "'" for cell in first)


def _is_spaced(text: str, delimiter: str) -> bool:
    """Return whether white space follows nearly every delimiter: programs write none, people do in a list of words."""
    return len(re.findall(rf"{re.escape(delimiter)}(?=\s)", text)) > 0.9 * text.count(delimiter)


def _records(text: str, delimiter: str, *, quote: str = '"') -> Iterator[list[str]]:
    """Yield each record as a list of cells, then `_END`, unless an open quote has swallowed it.

    Raises `FileRefused` for quotation marks that may have merged several rows into one.
    """
    taken: list[str] = []
    lines = (taken.append(line) or line for line in _lines(text))  # type: ignore[func-returns-value]
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        skipinitialspace=True,
    )
    dialect = _Dialect(delimiter, quote, is_spaced=_is_spaced(text, delimiter))
    width = _consistency(text, delimiter)[1]
    for number, cells in enumerate(reader, 1):
        record, source = cells, "".join(taken)
        taken.clear()
        has_quote = quote and quote in source and _END not in source
        if has_quote and len(cells) <= MAX_COLUMNS and "".join(cells).strip():
            record = _checked(cells, source, dialect, number=number, width=width)
        yield [] if delimiter == "|" and "-" in source and not source.strip(_DRAWN) else record
        width = max(width, len(record))


class _Dialect:
    """How a file separates and quotes its cells."""

    def __init__(self, delimiter: str, quote: str, *, is_spaced: bool) -> None:
        self.delimiter, self.quote = delimiter, quote
        self.is_spaced = is_spaced
        behind = rf"(?= *(?:{re.escape(delimiter)}|[\r\n]|$))"
        self._closing_mark = re.compile(rf"{quote}{behind}")
        self._spaces = re.compile(rf"{quote} ++{behind}")

    def is_valid(self, source: str) -> bool:
        """Return whether every quotation mark that opens a cell is closed at the end of the cell."""
        try:
            # Spaces may follow the closing mark.
            list(self._reader(self._spaces.sub(self.quote, source), strict=True))
        except csv.Error:
            return False
        return True

    def cells_of(self, text: str) -> list[str]:
        return next(self._reader(text), [])

    def _reader(self, text: str, *, strict: bool = False) -> Iterator[list[str]]:
        return csv.reader(
            io.StringIO(text, newline=""),
            delimiter=self.delimiter,
            quotechar=self.quote,
            skipinitialspace=True,
            strict=strict,
        )

    def repaired_cells(self, line: str) -> list[str]:
        """Return the cells of a line with quotation marks inside quoted cells that are not doubled.

        A mark closes a cell only if the delimiter or the end of the line follows; one that is not closed on its line
        is part of the text.
        """
        line, cells, at, is_closed = line.rstrip("\r\n"), list[str](), 0, True
        while at <= len(line):
            start = _LEADING.match(line, at).end()  # type: ignore[union-attr]  # matches everywhere
            is_quoted = line.startswith(self.quote, start)
            # Behind a mark that is not closed none is: the rest of the line is looked through once.
            end = self._closing(line, start + 1) if is_quoted and is_closed else -1
            is_closed = is_closed and not (is_quoted and end < 0)
            at = self._next(line, max(start, end))
            if end < 0:
                cells.append(line[start : at - 1])
            else:
                inner = line[start + 1 : end].replace(self.quote * 2, self.quote)
                cells.append(inner.replace(f"\\{self.quote}", self.quote))
        return cells

    def _closing(self, line: str, at: int) -> int:
        for found in self._closing_mark.finditer(line, at):
            if line[found.start() - 1] != "\\":
                return found.start()
        return -1

    def _next(self, line: str, at: int) -> int:
        """Return where the cell behind the next delimiter begins."""
        end = line.find(self.delimiter, at)
        return (end if end >= 0 else len(line)) + 1


def _checked(cells: list[str], source: str, dialect: _Dialect, *, number: int, width: int) -> list[str]:
    """Return the cells of a record with quotation marks, repaired if they are not doubled inside a cell."""
    has_lines = "\n" in source.rstrip("\r\n") or "\r" in source.rstrip("\r\n")
    if not dialect.is_valid(source):
        cells = [] if has_lines else dialect.repaired_cells(source)
        if not cells:
            raise FileRefused("quote", row=number)
    if has_lines and _holds_rows(cells, dialect, width):
        raise FileRefused("quote", row=number)
    if len(cells) == 1 and not has_lines and dialect.delimiter in cells[0]:
        row = dialect.cells_of(cells[0])
        return row if width in (0, 1, len(row)) else cells
    return cells


def _holds_rows(cells: Sequence[str], dialect: _Dialect, width: int) -> bool:
    """Return whether one of the cells swallowed rows, between two quotation marks that do not belong together."""
    delimiter = dialect.delimiter
    long = [
        (at, cell.splitlines())
        for at, cell in enumerate(cells)
        if dialect.is_spaced or not _is_spaced(cell, delimiter)
    ]
    if len(cells) == width:
        return any(_is_rest_of_rows(lines, at, delimiter, width) for at, lines in long if len(lines) > 1)
    delimiters = max((line.count(delimiter) for _at, lines in long for line in lines[1:]), default=0)
    return len(cells) < (width or delimiters + 1) and delimiters >= max(1, width - 1)


def _is_rest_of_rows(lines: Sequence[str], at: int, delimiter: str, width: int) -> bool:
    """Return whether the lines of a cell are the end of one row, whole rows, and the beginning of another row."""
    least = [width - 1 - at, *[width - 1] * (len(lines) - 2), at]
    return all(line.count(delimiter) >= count for line, count in zip(lines, least, strict=True))


def _limited_rows(records: Iterable[list[str]]) -> tuple[Row, ...]:
    rows: list[Row] = []
    for number, record in enumerate(records, 1):
        if record == [_END]:
            break
        if record and record[-1].endswith(_END):
            raise FileRefused("quote", row=number)
        if any(record):
            filled = filled_rows([(number, map(_without_formula, record))])
            if too_much := excess(filled, before=len(rows)):
                raise FileRefused(too_much[0], row=too_much[1])
            rows += filled
    return tuple(rows)


def _without_formula(cell: str) -> str:
    """Return the text of a cell like ="007", with which programs keep Excel from dropping zeros."""
    found = _TEXT_FORMULA.fullmatch(cell) if cell.startswith("=") else None
    return found[1].replace('""', '"') if found else cell
