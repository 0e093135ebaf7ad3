"""Read an uploaded file or pasted rows into a `Sheet`, or refuse them with a sentence."""

import codecs
import csv
import io
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator

from registrations.spreadsheets import workbook
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import MAX_BYTES, Row, Sheet, excess, filled_rows
from techfest.core.text import is_blank

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of Excel files until 2003, and of all encrypted workbooks since."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"MZ", b"\x7fELF", b"{\\rtf", b"Rar!", b"\x1f\x8b")


def read_file(data: bytes) -> Sheet:
    """Return the sheet in these bytes. Raises `FileRefused`.

    Only the content decides, not the file name. The caller reads no more than one byte above the limit, so that a
    large file is not loaded just to be refused.
    """
    if not data:
        raise FileRefused("empty")
    if len(data) > MAX_BYTES:
        raise FileRefused("size")
    if data.startswith(_COMPOUND):
        raise FileRefused("password" if _ENCRYPTED in data else "old")
    if data.startswith(_FOREIGN):
        raise FileRefused("kind")
    sheet = workbook.read_workbook(data) if data.startswith(_ZIP) else _text_sheet(data)
    if not sheet.rows:
        raise FileRefused("empty")
    return sheet


def read_paste(text: str) -> Sheet:
    """Return the sheet in rows copied from a spreadsheet. Raises `FileRefused`."""
    try:
        rows = _pasted_rows(text)
    except FileRefused as refusal:
        raise FileRefused(refusal.code, row=refusal.row, is_paste=True) from None
    return Sheet(rows, encoding="paste")


def _pasted_rows(text: str) -> tuple[Row, ...]:
    # Measured as a UTF-8 file; lone surrogates count as question marks.
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise FileRefused("size")
    rows = pasted_rows(require_plain_text(text.removeprefix("\ufeff")))
    if not rows:
        raise FileRefused("empty")
    return rows


def _text_sheet(data: bytes) -> Sheet:
    text, encoding, is_guess = decode(data)
    return Sheet(rows_of(text), encoding=encoding, is_guess=is_guess)


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WHITE = "\t\n\r\f\v"


def decode(data: bytes) -> tuple[str, str, bool]:
    """Return the text, its encoding, and whether that is a guess. Raises `FileRefused` for binary data.

    A byte order mark or valid UTF-8 is no guess: text of another encoding is practically never valid UTF-8 once it
    has characters beyond ASCII. Otherwise UTF-16 is guessed by its zero bytes, else Windows-1252.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding), encoding, False
    if encoding := _unmarked_utf16(data):
        return _text(data, encoding), encoding, True
    try:
        return require_plain_text(data.decode("utf-8")), "utf-8", False
    except UnicodeDecodeError:
        return _text(data, "windows-1252"), "windows-1252", True


def _text(data: bytes, encoding: str) -> str:
    try:
        return require_plain_text(data.decode(encoding))
    except UnicodeDecodeError:
        raise FileRefused("kind") from None


def require_plain_text(text: str) -> str:
    """Return the text. Raises `FileRefused` for control characters, and for markup in place of cells."""
    if text.lstrip("\ufeff" + _WHITE + " ").startswith("<"):
        raise FileRefused("kind")
    if any(unicodedata.category(character) == "Cc" and character not in _WHITE for character in set(text)):
        raise FileRefused("kind")
    return text


def _unmarked_utf16(data: bytes) -> str:
    """Detect UTF-16 without a mark: its line ends and separators are ASCII, so every other byte of them is zero."""
    head = data[:2000]
    if b"\0" not in head or len(data) % 2:
        return ""
    low, high = head[1::2].count(0), head[0::2].count(0)
    return "utf-16-le" if low > high else "utf-16-be"


DELIMITERS = (",", ";", "\t")
_SAMPLE = 100
_END = "\x00end"
"""A sentinel record; text with control characters has been refused before, so no file can contain it."""


# The csv module would refuse a file with a cell above 131,072 characters; here the row of the cell reports it.
csv.field_size_limit(2 * MAX_BYTES)


_EXCEL_HINT = re.compile(r"sep=([,;\t])(?:\r\n|\r|\n|$)", re.IGNORECASE)


def rows_of(text: str) -> tuple[Row, ...]:
    """Return the rows of a CSV file. Raises `FileRefused` for too many rows or columns, long cells, an open quote."""
    hint = _EXCEL_HINT.match(text)
    if hint:
        # Excel does not show this line, so row numbers start at the next one.
        text = text[hint.end() :]
    delimiter = hint[1] if hint else delimiter_of(text)
    return _limited_rows(_records(text, delimiter))


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
        return _limited_rows(_records(text, delimiter, has_quotes=False))


def delimiter_of(text: str) -> str:
    """Return the delimiter that splits most rows into an equal number of columns, the more the better; else the comma.

    `csv.Sniffer` does not help: it may choose a letter that occurs in every row.
    """
    return max(DELIMITERS, key=lambda delimiter: _consistency(text, delimiter))


def _consistency(text: str, delimiter: str) -> tuple[float, int]:
    widths: Counter[int] = Counter()
    for record in itertools.islice(_records(text, delimiter), _SAMPLE):
        if any(cell and not is_blank(cell) for cell in record) and record != [_END]:
            widths[len(record)] += 1
    columns, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
    return (rows / widths.total(), columns) if columns > 1 else (0, 0)


def _records(text: str, delimiter: str, *, has_quotes: bool = True) -> Iterator[list[str]]:
    """Yield each record as a list of cells, then `_END`, unless an open quote has swallowed it."""
    ending = "" if text.endswith(("\n", "\r")) else "\n"
    lines = io.StringIO(f"{text}{ending}{_END}", newline="")
    if has_quotes:
        reader = csv.reader(lines, delimiter=delimiter)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    yield from reader


def _limited_rows(records: Iterator[list[str]]) -> tuple[Row, ...]:
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
