"""Read an uploaded file or pasted rows into a `Sheet`, or refuse them with a sentence."""

from registrations.spreadsheets import workbook
from registrations.spreadsheets.decoding import decode, plain_text
from registrations.spreadsheets.delimited import pasted_rows, rows_of
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.file_kinds import refused_bytes, refused_text
from registrations.spreadsheets.sheet import MAX_BYTES, Row, Sheet

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"PK00PK\x03\x04")


def read_file(data: bytes) -> Sheet:
    """Return the sheet in these bytes. Raises `FileRefused`.

    Only the content decides, not the file name. The caller reads no more than one byte above the limit, so that a
    large file is not loaded just to be refused.
    """
    if not data:
        raise FileRefused("empty")
    if len(data) > MAX_BYTES:
        raise FileRefused("size")
    if code := refused_bytes(data):
        raise FileRefused(code)
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
    rows = pasted_rows(_list_text(plain_text(text)))
    if not rows:
        raise FileRefused("empty")
    return rows


def _text_sheet(data: bytes) -> Sheet:
    text, encoding, is_guess = decode(data)
    return Sheet(rows_of(_list_text(text)), encoding=encoding, is_guess=is_guess)


def _list_text(text: str) -> str:
    """Return the text. Raises `FileRefused` for text in another format, such as markup in place of cells."""
    if code := refused_text(text):
        raise FileRefused(code)
    return text
