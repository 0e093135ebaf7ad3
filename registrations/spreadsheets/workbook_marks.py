"""What a workbook's XML says beside the cells: which sheet was open, which rows are hidden, which cells struck out.

This module runs in the process that reads workbooks and must not import Django. It only sees an archive that
`archive.sanitize_archive` wrote. What it cannot find counts as not said.
"""

import html
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from registrations.spreadsheets.package import MAIN, attributes_of, cell_parts, slashed

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
_VIEW = re.compile(rb"<(?:\w+:)?workbookView\b([^>]*)>")
_FONT = re.compile(rb"<(?:\w+:)?font\b(?:[^>]*/>|[^>]*>(.*?)</(?:\w+:)?font>)", re.DOTALL)
_STRIKE = re.compile(rb"<(?:\w+:)?strike\b([^>]*)>")
_STYLE = re.compile(rb"<(?:\w+:)?xf\b([^>]*)>")
_NO = (b"0", b"false", b"off")
STYLES = "xl/styles.xml"
MAX_STRUCK = 20_000


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """The numbers of a sheet's hidden rows, and row number and position of its struck-out cells."""

    hidden: frozenset[int] = frozenset()
    struck: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class WorkbookMarks:
    """The position of the sheet that was open, and what is marked on each sheet by its position."""

    opened: int = 0
    sheets: dict[int, SheetMarks] = field(default_factory=dict)


def marks_of(archive: bytes, wanted: list[int]) -> WorkbookMarks:
    """Return the marks of the sheets at these positions."""
    with zipfile.ZipFile(io.BytesIO(archive)) as parts:
        names = {slashed(name): name for name in parts.namelist()}
        related = {name: names[part] for _kind, name, part in cell_parts(MAIN, names, parts.read)}
        xml = parts.read(names[MAIN])
        paths = [related.get(name, "") for name in _sheet_ids(xml)]
        styles = _struck_styles(parts.read(names[STYLES]) if STYLES in names else b"")
        found = {
            at: _sheet_marks(parts.read(paths[at]), styles) for at in wanted if at < len(paths) and paths[at]
        }
    view = _VIEW.search(xml)
    opened = attributes_of(view[1]).get(b"activeTab", b"0") if view else b"0"
    return WorkbookMarks(_number(opened), found)


def _sheet_ids(xml: bytes) -> Iterator[str]:
    """Yield the id of each sheet's part in the order of the workbook; empty if there is none."""
    for found in _SHEET.finditer(xml):
        values = attributes_of(found[1])
        name = next((value for key, value in values.items() if key.endswith(b":id")), b"")
        yield html.unescape(name.decode("utf-8", "replace"))


def _sheet_marks(xml: bytes, styles: frozenset[bytes]) -> SheetMarks:
    hidden, number = set(), 0
    for found in _ROW.finditer(xml):
        row = attributes_of(found[1])
        number = _number(row.get(b"r", b"")) or number + 1
        height = row.get(b"ht", b"").strip(b"0.") if b"ht" in row else b"1"
        if _says(row, b"hidden") or not height:
            hidden.add(number)
    return SheetMarks(frozenset(hidden), _struck_cells(xml, styles) if styles else frozenset())


def _struck_cells(xml: bytes, styles: frozenset[bytes]) -> frozenset[tuple[int, int]]:
    struck: set[tuple[int, int]] = set()
    for found in _CELL.finditer(xml):
        cell = attributes_of(found[1])
        if cell.get(b"s") in styles and (
            place := re.fullmatch(rb"([A-Z]{1,3})(\d{1,7})", cell.get(b"r", b""))
        ):
            struck.add((int(place[2]), _position(place[1])))
            if len(struck) >= MAX_STRUCK:
                break
    return frozenset(struck)


def _struck_styles(xml: bytes) -> frozenset[bytes]:
    """Return the numbers of the cell styles whose font is struck out."""
    fonts = _between(xml, b"fonts")
    struck = {
        number
        for number, found in enumerate(_FONT.finditer(fonts))
        if (strike := _STRIKE.search(found[1] or b""))
        and attributes_of(strike[1]).get(b"val", b"1") not in _NO
    }
    if not struck:
        return frozenset()
    styles = enumerate(_STYLE.finditer(_between(xml, b"cellXfs")))
    return frozenset(
        b"%d" % at for at, found in styles if _number(attributes_of(found[1]).get(b"fontId", b"")) in struck
    )


def _between(xml: bytes, name: bytes) -> bytes:
    found = re.search(rb"<(?:\w+:)?%s\b[^>]*>(.*?)</(?:\w+:)?%s>" % (name, name), xml, re.DOTALL)
    return found[1] if found else b""


def _says(attributes: dict[bytes, bytes], name: bytes) -> bool:
    return name in attributes and attributes[name].lower() not in _NO


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 8 else 0


def _position(letters: bytes) -> int:
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1
