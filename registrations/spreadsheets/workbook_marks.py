"""What a workbook's XML says beside the cells: which sheet was open, which rows are hidden, which cells struck out.

This module runs in the process that reads workbooks and must not import Django. It only sees an archive that
`archive.sanitize_archive` wrote. What it cannot find counts as not said.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

_ATTRIBUTE = re.compile(rb"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^>]*)>")
_VIEW = re.compile(rb"<(?:\w+:)?workbookView\b([^>]*)>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^>]*)>")
_FONT = re.compile(rb"<(?:\w+:)?font\b(?:[^>]*/>|[^>]*>(.*?)</(?:\w+:)?font>)", re.DOTALL)
_STRIKE = re.compile(rb"<(?:\w+:)?strike\b([^>]*)>")
_STYLE = re.compile(rb"<(?:\w+:)?xf\b([^>]*)>")
_NO = (b"0", b"false", b"off")
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
        names = set(parts.namelist())
        book = next((name for name in ("xl/workbook.xml", "xl/workbook2.xml") if name in names), "")
        if not book:
            return WorkbookMarks()
        xml = parts.read(book)
        paths = list(_paths(xml, _read(parts, f"xl/_rels/{book.rpartition('/')[2]}.rels")))
        styles = _struck_styles(_read(parts, "xl/styles.xml"))
        found = {
            at: _sheet_marks(_read(parts, paths[at]), styles)
            for at in wanted
            if at < len(paths) and paths[at] in names
        }
    view = _VIEW.search(xml)
    opened = _attributes(view[1]).get(b"activeTab", b"0") if view else b"0"
    return WorkbookMarks(_number(opened), found)


def _paths(xml: bytes, relations: bytes) -> Iterator[str]:
    """Yield the part of each sheet in the order of the workbook; an unknown one is empty."""
    targets = {}
    for found in _RELATION.finditer(relations):
        relation = _attributes(found[1])
        target = relation.get(b"Target", b"").decode("utf-8", "replace")
        targets[relation.get(b"Id", b"")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    for found in _SHEET.finditer(xml):
        sheet = _attributes(found[1])
        identifier = next((value for name, value in sheet.items() if name.endswith(b":id")), b"")
        yield targets.get(identifier, "")


def _sheet_marks(xml: bytes, styles: frozenset[bytes]) -> SheetMarks:
    hidden, number = set(), 0
    for found in _ROW.finditer(xml):
        row = _attributes(found[1])
        number = _number(row.get(b"r", b"")) or number + 1
        height = row.get(b"ht", b"").strip(b"0.") if b"ht" in row else b"1"
        if _says(row, b"hidden") or not height:
            hidden.add(number)
    return SheetMarks(frozenset(hidden), _struck_cells(xml, styles) if styles else frozenset())


def _struck_cells(xml: bytes, styles: frozenset[bytes]) -> frozenset[tuple[int, int]]:
    struck: set[tuple[int, int]] = set()
    for found in _CELL.finditer(xml):
        cell = _attributes(found[1])
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
        if (strike := _STRIKE.search(found[1] or b"")) and _attributes(strike[1]).get(b"val", b"1") not in _NO
    }
    if not struck:
        return frozenset()
    styles = enumerate(_STYLE.finditer(_between(xml, b"cellXfs")))
    return frozenset(
        b"%d" % at for at, found in styles if _number(_attributes(found[1]).get(b"fontId", b"")) in struck
    )


def _between(xml: bytes, name: bytes) -> bytes:
    found = re.search(rb"<(?:\w+:)?%s\b[^>]*>(.*?)</(?:\w+:)?%s>" % (name, name), xml, re.DOTALL)
    return found[1] if found else b""


def _attributes(text: bytes) -> dict[bytes, bytes]:
    return {found[1]: found[2] or found[3] or b"" for found in _ATTRIBUTE.finditer(text)}


def _says(attributes: dict[bytes, bytes], name: bytes) -> bool:
    return name in attributes and attributes[name].lower() not in _NO


def _number(text: bytes) -> int:
    return int(text) if text.isdigit() and len(text) < 8 else 0


def _position(letters: bytes) -> int:
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1


def _read(parts: zipfile.ZipFile, name: str) -> bytes:
    return parts.read(name) if name in parts.namelist() else b""
