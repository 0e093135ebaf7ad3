"""What a teacher hands over becomes a sheet of text, or is refused with a sentence."""

from registrations.spreadsheets import delimited, workbook
from registrations.spreadsheets.encodings import checked, decoded
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.sheet import MAX_BYTES, Row, Sheet

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of Excel until 2003, and of every encrypted workbook since."""
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"MZ", b"\x7fELF", b"{\\rtf", b"Rar!", b"\x1f\x8b")


def read_file(data: bytes) -> Sheet:
    """The sheet in these bytes. Raises FileRefused.

    What the file is called plays no part: it is judged by its content alone. The caller limits what it accepts
    to `MAX_BYTES` + 1, so that a large file is not held in memory to be told that it is large.
    """
    if not data:
        raise FileRefused("empty")
    if len(data) > MAX_BYTES:
        raise FileRefused("size")
    if data.startswith(_COMPOUND):
        raise FileRefused("password" if _ENCRYPTED in data else "old")
    if data.startswith(_FOREIGN):
        raise FileRefused("kind")
    sheet = workbook.sheet_of(data) if data.startswith(_ZIP) else _text_sheet(data)
    if not sheet.rows:
        raise FileRefused("empty")
    return sheet


def read_paste(text: str) -> Sheet:
    """The sheet in rows copied from a spreadsheet. Raises FileRefused."""
    try:
        rows = _pasted_rows(text)
    except FileRefused as refusal:
        raise FileRefused(refusal.code, row=refusal.row, is_paste=True) from None
    return Sheet(rows, encoding="paste")


def _pasted_rows(text: str) -> tuple[Row, ...]:
    # Counted as the file that it would be; halves of pairs count as question marks.
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise FileRefused("size")
    rows = delimited.pasted_rows(checked(text.removeprefix("\ufeff")))
    if not rows:
        raise FileRefused("empty")
    return rows


def _text_sheet(data: bytes) -> Sheet:
    text, encoding, is_guess = decoded(data)
    return Sheet(delimited.rows_of(text), encoding=encoding, is_guess=is_guess)
