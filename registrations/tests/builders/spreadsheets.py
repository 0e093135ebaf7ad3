"""Spreadsheet files as bytes, well-formed and malicious."""

import csv
import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import xlsxwriter

TABLE = [
    ["Name", "Grade", "Section", "Event"],
    ["Asha Rao", "9", "A", "Robo Race"],
    ["Zoë Müller", "10", "", "Quiz, Robo Race"],
]
SHEET = "xl/worksheets/sheet1.xml"
_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/'
    'content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>'
)


def csv_bytes(
    rows: Iterable[Sequence[str]],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8",
    line_end: str = "\r\n",
    quoting: Any = csv.QUOTE_MINIMAL,
) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=line_end, quoting=quoting).writerows(rows)
    return written.getvalue().encode(encoding)


def xlsx_bytes(rows: Iterable[Sequence[Any]], *, sheet: str = "Sheet1") -> bytes:
    """A workbook with these values, none of them turned into a formula or link."""
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(written, options) as workbook:
        page = workbook.add_worksheet(sheet)
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                page.write(at, column, value)
    return written.getvalue()


def changed_archive(data: bytes, parts: dict[str, bytes | str]) -> bytes:
    """The archive with these parts added or replaced."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return written.getvalue()


def sheet_xml(body: bytes | str, *, before: bytes | str = "") -> bytes:
    """A worksheet with this XML as its rows, and something before its root."""
    body, before = (part.encode() if isinstance(part, str) else part for part in (body, before))
    space = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    return b'<?xml version="1.0" encoding="UTF-8"?>%s<worksheet %s><sheetData>%s</sheetData></worksheet>' % (
        before,
        space,
        body,
    )


def with_sheet(body: bytes | str, *, before: bytes | str = "") -> bytes:
    return changed_archive(xlsx_bytes(TABLE), {SHEET: sheet_xml(body, before=before)})


def lying_archive(data: bytes, name: str, *, size: int) -> bytes:
    """The same bytes, but both headers of one part declare another unpacked size."""
    changed = bytearray(data)
    for signature, size_at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        at = changed.find(signature)
        while at >= 0:
            if changed[at + name_at :].startswith(name.encode()):
                struct.pack_into("<L", changed, at + size_at, size)
            at = changed.find(signature, at + 4)
    return bytes(changed)


def many_entries(count: int) -> bytes:
    """Thousands of empty parts; two thirds of the file is its directory."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("xl/workbook.xml", "")
        for number in range(count):
            archive.writestr(f"{number}", "")
    return written.getvalue()
