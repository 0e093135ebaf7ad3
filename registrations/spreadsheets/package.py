"""The parts of a workbook by what they are, not by what they are called.

An XLSX names its parts in relationships. Excel calls the first one xl/workbook.xml; other programs call it
xl/workbook2.xml, put it elsewhere, or write capitals and backslashes. This module runs in the process that reads
workbooks and must not import Django.
"""

import html
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping

MAIN = "xl/workbook.xml"
_RELATIONSHIP = re.compile(rb"<(?:\w+:)?Relationship\s([^<>]*)>")
_ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_KINDS = {
    "worksheet": "xl/worksheets/sheet{}.xml",
    "sharedStrings": "xl/sharedStrings{}.xml",
    "styles": "xl/styles{}.xml",
}
_SPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_CONTENT_TYPES = (
    b'<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_STRICT = b"http://purl.oclc.org/ooxml/"
_TRANSITIONAL = (
    (
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    ),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    ),
)
"""The namespaces of “Strict Open XML” and those of the usual workbook."""

Read = Callable[[str], bytes]


def slashed(name: str) -> str:
    """Return the name of a part as relationships mean it: with slashes, none at its start, and case does not count."""
    return name.replace("\\", "/").lower().removeprefix("/")


def main_part(names: Mapping[str, str], read: Read) -> str:
    """Return the slashed name of the workbook part; empty if this is no workbook.

    `names` are the names in the archive by their slashed names.
    """
    if MAIN in names:
        return MAIN
    if "_rels/.rels" not in names or "[content_types].xml" not in names:
        return ""
    targets = [at for kind, _id, at in _related("_rels/.rels", names, read) if kind == "officeDocument"]
    is_sheet = b"spreadsheetml" in read(names["[content_types].xml"])
    return targets[0] if is_sheet and targets and targets[0].endswith(".xml") else ""


def cell_parts(main: str, names: Mapping[str, str], read: Read) -> list[tuple[str, str, str]]:
    """Return kind, id and slashed name of the parts that hold cells, texts and formats."""
    folder, base = posixpath.split(main)
    relations = posixpath.join(folder, "_rels", f"{base}.rels")
    found = _related(relations, names, read) if relations in names else iter(())
    return [part for part in found if part[0] in _KINDS and part[2] in names]


def usual_parts(main: str, names: Mapping[str, str], read: Read) -> Iterator[tuple[str, bytes]]:
    """Yield the parts that hold cells under the names that Excel gives them."""
    written: list[tuple[str, str, str]] = []
    yield "[Content_Types].xml", _CONTENT_TYPES
    yield "_rels/.rels", _relationships([("officeDocument", "rId1", MAIN)])
    yield MAIN, transitional(read(names[main]))
    for kind, name, target in cell_parts(main, names, read):
        usual = _KINDS[kind].format(len(written) + 1 if kind == "worksheet" else "")
        written.append((kind, name, f"/{usual}"))
        yield usual, transitional(read(names[target]))
    yield "xl/_rels/workbook.xml.rels", _relationships(written)


def transitional(part: bytes) -> bytes:
    """Return a part of a “Strict Open XML” workbook with the usual namespaces."""
    if _STRICT in part[:4_000]:
        for strict, usual in _TRANSITIONAL:
            part = part.replace(strict, usual)
    return part


def attributes_of(element: bytes) -> dict[bytes, bytes]:
    """Return the attributes of an XML element by their names."""
    return {found[1]: found[2] or found[3] or b"" for found in _ATTRIBUTE.finditer(element)}


def _related(name: str, names: Mapping[str, str], read: Read) -> Iterator[tuple[str, str, str]]:
    """Yield kind, id and slashed target of each relationship inside the archive."""
    folder = posixpath.dirname(posixpath.dirname(name))
    for found in _RELATIONSHIP.finditer(read(names[name])):
        values = {
            key.decode("ascii", "replace"): html.unescape(value.decode("utf-8", "replace"))
            for key, value in attributes_of(found[1]).items()
        }
        if values.get("TargetMode") == "External":
            continue
        target = posixpath.normpath(posixpath.join("/", folder, slashed(values.get("Target", ""))))
        yield values.get("Type", "").rpartition("/")[2], values.get("Id", ""), target.lstrip("/")


def _relationships(rows: list[tuple[str, str, str]]) -> bytes:
    lines = "".join(
        f'<Relationship Id="{html.escape(name)}" Type="{_TYPE}{kind}" Target="{target}"/>'
        for kind, name, target in rows
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_SPACE}">{lines}</Relationships>'.encode()
