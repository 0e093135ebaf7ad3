"""The zip archive of an XLSX file: check its directory, then rewrite it without the parts that are not needed.

This module runs in the process that reads workbooks and must not import Django.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Collection

from registrations.spreadsheets.file_kinds import refused_archive
from registrations.spreadsheets.formulas import shown_formulas
from registrations.spreadsheets.package import MAIN, cell_parts, main_part, slashed, transitional, usual_parts

MAX_ENTRIES = 500
MAX_DIRECTORY_BYTES = 256 * 1024
MAX_PART_BYTES = 16 * 1024 * 1024
MAX_UNPACKED_BYTES = 32 * 1024 * 1024
"""Excel needs less than one megabyte for a class list of 1,000 rows; pictures and styles come on top."""
MAX_RATIO = 400
"""Unpacked to packed size of parts above one megabyte. XML of equal rows reaches about 100, a zip bomb 1,000."""

_END_OF_DIRECTORY = b"PK\x05\x06"
_NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|xl/[^/]+\.xml|xl/_rels/[^/]+\.rels|xl/worksheets/[^/]+\.xml"
    r"|xl/worksheets/_rels/[^/]+\.rels"
)
_MACROS = re.compile(r"(?:^|/)(?:vbaProject[^/]*\.bin|macrosheets/.*)$", re.IGNORECASE)
_NESTED = re.compile(
    r"\.(?:zip|xls[xmb]?|docx?|docm|pptx?|ods|7z|rar|gz|bz2|xz|jar|exe|bin\.zip)$", re.IGNORECASE
)
_DECLARATION = re.compile(rb"<!\s*(?:doctype|entity)", re.IGNORECASE)
_MACRO_TYPE = re.compile(rb"macroEnabled", re.IGNORECASE)


class WorkbookRefused(Exception):
    """The workbook is refused; `code` is a key of `errors.TEXTS`, `row` the number of the faulty row, if any."""

    def __init__(self, code: str, row: int = 0) -> None:
        super().__init__(code)
        self.code, self.row = code, row


def sanitize_archive(data: bytes) -> bytes:
    """Return an uncompressed archive of the parts that hold cells. Raises `Unusable`.

    The workbook reader only sees an archive written here, so false sizes, duplicate names and other tricks of the
    original directory cannot reach it.
    """
    _check_end(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_directory(entries)
            return _copied(archive, entries)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OverflowError, ValueError):
        raise WorkbookRefused("damaged") from None


def _check_end(data: bytes) -> None:
    """Check the end record before the directory is read: 65,000 entries would become 65,000 objects."""
    at = data.rfind(_END_OF_DIRECTORY)
    if at < 0 or len(data) < at + 22:
        raise WorkbookRefused("damaged")
    entries, size = struct.unpack_from("<HL", data, at + 10)
    if entries > MAX_ENTRIES or size > MAX_DIRECTORY_BYTES:
        raise WorkbookRefused("unsafe")


def _check_directory(entries: list[zipfile.ZipInfo]) -> None:
    names = [slashed(entry.filename) for entry in entries]
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise WorkbookRefused("password")
    if any(_escapes_folder(name) for name in names) or len(set(names)) < len(names):
        raise WorkbookRefused("unsafe")
    if any(_MACROS.search(name) for name in names):
        raise WorkbookRefused("macros")
    if _is_package(names) and any(_NESTED.search(name) for name in names):
        raise WorkbookRefused("nested")
    if any(entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for entry in entries):
        raise WorkbookRefused("unsafe")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES or any(map(_is_zip_bomb, entries)):
        raise WorkbookRefused("cells")


def _escapes_folder(name: str) -> bool:
    """Return whether a name would point outside the folder it is unpacked to. An XLSX has no such names."""
    return name.startswith("/") or ":" in name or ".." in name.split("/")


def _is_package(names: Collection[str]) -> bool:
    """Return whether the archive may be a workbook; another is refused for what it is."""
    return "[content_types].xml" in names or MAIN in names


def _is_zip_bomb(entry: zipfile.ZipInfo) -> bool:
    if entry.file_size > MAX_PART_BYTES:
        return True
    return entry.file_size > 1024 * 1024 and entry.file_size > MAX_RATIO * max(1, entry.compress_size)


def _copied(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> bytes:
    """Copy the parts that hold cells, under the names that Excel gives them."""
    parts = _Parts(archive, entries)
    names = {slashed(entry.filename): entry.filename for entry in entries}
    if not (main := main_part(names, parts.read)):
        raise WorkbookRefused(refused_archive(list(names), parts.mimetype()))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as copy:
        needed = [main, *(part for _kind, _id, part in cell_parts(main, names, parts.read))]
        if main == MAIN and all(_NEEDED.fullmatch(names[name]) for name in needed):
            for entry in entries:
                if _NEEDED.fullmatch(entry.filename):
                    copy.writestr(
                        entry.filename, _readable(transitional(parts.read(entry.filename)), entry.filename)
                    )
        else:
            for name, part in usual_parts(main, names, parts.read):
                copy.writestr(name, _readable(part, name))
    return written.getvalue()


def _readable(part: bytes, name: str) -> bytes:
    return shown_formulas(part) if name.startswith("xl/worksheets/") else part


class _Parts:
    """Reads the parts of an archive whose directory was checked."""

    def __init__(self, archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> None:
        self._archive, self._entries = archive, {entry.filename: entry for entry in entries}

    def read(self, name: str) -> bytes:
        """Return a part, unpacking no more than the declared size: a longer part fails its checksum."""
        entry = self._entries[name]
        with self._archive.open(entry) as packed:
            # Without a size the part would be unpacked without a limit.
            part = packed.read(entry.file_size + 1)
        _check_part(name, part)
        return part

    def mimetype(self) -> bytes:
        """Return the media type that OpenDocument files name in a part of its own."""
        entry = self._entries.get("mimetype")
        return self.read("mimetype") if entry and entry.file_size < 200 else b""


def _check_part(name: str, part: bytes) -> None:
    """Require XML without declarations, so that no entity can be expanded or fetched."""
    if b"\0" in part or _DECLARATION.search(part):
        raise WorkbookRefused("unsafe")
    if name == "[Content_Types].xml" and _MACRO_TYPE.search(part):
        raise WorkbookRefused("macros")
