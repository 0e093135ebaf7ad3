"""Tell what a file is that is neither a CSV nor an XLSX, so that the refusal can say what to do."""

import re

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""The container of Office files until 2003, and of all encrypted workbooks since."""
_STREAMS = {
    "EncryptedPackage": "password",
    "Workbook": "old",
    "Book": "old",
    "WordDocument": "document",
    "PowerPoint Document": "document",
    "__properties_version1.0": "document",
}
"""Names in the directory of a container, in the order in which they decide."""

_STARTS = (
    (b"%PDF", "pdf"),
    (b"%!PS", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"BM", "picture"),
    (b"II*\0", "picture"),
    (b"MM\0*", "picture"),
    (b"{\\rtf", "document"),
    (b"Rar!", "packed"),
    (b"\x1f\x8b", "packed"),
    (b"7z\xbc\xaf\x27\x1c", "packed"),
    (b"BZh", "packed"),
    (b"\xfd7zXZ", "packed"),
    (b"\x28\xb5\x2f\xfd", "packed"),
    (b"\x09\x00\x04\x00", "old"),
    (b"\x09\x02\x06\x00", "old"),
    (b"\x09\x04\x06\x00", "old"),
    (b"\x09\x08", "old"),
    (b"\x00\x00\x1a\x00", "foreign"),
    (b"\x00\x00\x02\x00", "foreign"),
    (b"SQLite format 3\0", "foreign"),
    (b"\x00\x01\x00\x00Standard", "foreign"),
    (b"$FL2", "foreign"),
    (b"$FL3", "foreign"),
    (b"PAR1", "foreign"),
    (b"bplist00", "kind"),
    (b"MZ", "kind"),
    (b"\x7fELF", "kind"),
)
"""First bytes of formats. Two letters alone start a text as well, so more is looked at for those."""
_AMBIGUOUS = (b"BM", b"MZ")

_TEXTS = (
    (r"<\?xml.{0,2000}(?:urn:schemas-microsoft-com:office:spreadsheet|Excel\.Sheet)", "spreadsheetml"),
    (r"<\?xml.{0,2000}urn:oasis:names:tc:opendocument|<office:", "ods"),
    (r"<(?:!doctype\s+html|html|head|meta|body|table|style|div|script|!--)", "html"),
    (r"<\?xml.{0,2000}<html", "html"),
    (r"<[?!/a-z]", "xml"),
    (r"mime-version:|from:\s.{0,500}content-type:", "html"),
    (r"ID;P[^\n]*\r?[\n\r][A-Z];", "foreign"),
    (r"TABLE\r?\n0,1\r?\n", "foreign"),
    (r"\{\s*\"(?:url|doc_id|docid)\"|\[InternetShortcut\]", "link"),
    (r"[\[{]\s*[\"{\[]", "json"),
    (r"BEGIN:V(?:CARD|CALENDAR)", "kind"),
    (r"SQLite format|PGDMP|(?:--[^\n]*\n\s*)*(?:CREATE TABLE|INSERT INTO)\s", "kind"),
)
"""What a text that is no list begins with."""
_PATTERNS = [(re.compile(pattern, re.IGNORECASE | re.DOTALL), code) for pattern, code in _TEXTS]
_WHITE = " \t\r\n\f\v\ufeff"


def refused_bytes(data: bytes) -> str:
    """Return the code of a refusal for a file that is known not to hold text, or an empty text."""
    if data.startswith(_COMPOUND):
        return next((code for name, code in _STREAMS.items() if name.encode("utf-16-le") in data), "old")
    for start, code in _STARTS:
        if data.startswith(start) and (start not in _AMBIGUOUS or b"\0" in data[:200]):
            return code
    if data[4:8] == b"ftyp":
        return "picture" if data[8:11] in (b"hei", b"avi", b"mif") else "kind"
    if _is_dbase(data):
        return "foreign"
    return "picture" if data.startswith(b"RIFF") and data[8:12] == b"WEBP" else ""


_DBASE = frozenset(b"\x02\x03\x04\x05\x30\x31\x32\x43\x63\x83\x8b\x8c\xcb\xf5\xfb")
"""The first byte of a DBF table; the date of its last change and the length of its head follow."""


def _is_dbase(data: bytes) -> bool:
    if len(data) < 64 or data[0] not in _DBASE:
        return False
    head = int.from_bytes(data[8:10], "little")
    is_date = data[2] <= 12 and data[3] <= 31
    return is_date and 64 < head <= len(data) and data.find(b"\r", 64, head) >= 0


def refused_text(text: str) -> str:
    """Return the code of a refusal for text in another format than CSV, or an empty text."""
    head = text.lstrip(_WHITE)[:4_000]
    return next((code for pattern, code in _PATTERNS if pattern.match(head)), "")


def refused_archive(names: list[str], mimetype: bytes) -> str:
    """Return the code of a refusal for a zip archive that is no XLSX, by the names of its parts."""
    known = {name.lower() for name in names}
    if b"opendocument.spreadsheet" in mimetype:
        return "ods"
    if "xl/workbook.bin" in known:
        return "xlsb"
    if any(name.endswith(".iwa") for name in known) or known & {"index.xml", "index.apxl", "index.zip"}:
        return "numbers"
    if b"opendocument" in mimetype or known & {"word/document.xml", "ppt/presentation.xml", "content.xml"}:
        return "document"
    return "zip"
