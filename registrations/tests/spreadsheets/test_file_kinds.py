"""What is neither a CSV nor an XLSX is called what it is, and workbooks with unusual parts are read."""

import io
import re
import zipfile
from collections.abc import Callable

import pytest

from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file
from registrations.tests.builders.spreadsheets import TABLE, csv_bytes, xlsx_bytes

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)
_TYPES = '<Types><Override ContentType="application/vnd.openxmlformats-officedocument.{}.main+xml"/></Types>'


def archive(*names: str, mimetype: str = "", kind: str = "wordprocessingml.document") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as parts:
        if mimetype:
            parts.writestr("mimetype", mimetype)
        for name in names:
            parts.writestr(name, _TYPES.format(kind) if name == "[Content_Types].xml" else "x")
    return written.getvalue()


def dbase(fields: int) -> bytes:
    """Return a DBF table with one row."""
    head = 33 + 32 * fields
    start = (
        b"\x03\x7c\x0b\x1e" + (1).to_bytes(4, "little") + head.to_bytes(2, "little") + b"\x15\0" + bytes(20)
    )
    field = b"NAME\0\0\0\0\0\0\0C" + bytes(4) + b"\x14\0" + bytes(14)
    return start + field * fields + b"\r" + b" Asha Rao".ljust(1 + 20 * fields) + b"\x1a"


KINDS: dict[str, tuple[bytes, str]] = {
    "web page": (b"<html><head></head><body><table><tr><td>Name</td></tr></table></body></html>", "html"),
    "web page with a mark": (b"\xef\xbb\xbf\r\n<!DOCTYPE html><html></html>", "html"),
    "web page in UTF-16": ("\ufeff<html><table></table></html>".encode("utf-16-le"), "html"),
    "table alone": (b"<table><tr><td>Name</td></tr></table>", "html"),
    "page of Excel": (
        b'<?xml version="1.0"?><html xmlns:x="urn:schemas-microsoft-com:office:excel">',
        "html",
    ),
    "web archive": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "html"),
    "XML Spreadsheet 2003": (
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook></Workbook>',
        "spreadsheetml",
    ),
    "flat OpenDocument": (
        b'<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:x"/>',
        "ods",
    ),
    "other XML": (b"<?xml version='1.0'?><students><student/></students>", "xml"),
    "old Excel": (_OLE + "Workbook".encode("utf-16-le"), "old"),
    "Excel 95": (_OLE + "Book".encode("utf-16-le"), "old"),
    "Excel 4": (b"\x09\x04\x06\x00\x00\x00\x10\x00" + bytes(20), "old"),
    "Word 97": (_OLE + "WordDocument".encode("utf-16-le"), "document"),
    "locked XLSX": (_OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
    "PDF": (b"%PDF-1.4\n", "pdf"),
    "JPEG": (b"\xff\xd8\xff\xe0" + bytes(50), "picture"),
    "HEIC": (b"\0\0\0\x18ftypheic" + bytes(50), "picture"),
    "WEBP": (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(50), "picture"),
    "RTF": (b"{\\rtf1\\ansi Name}", "document"),
    "gzip": (b"\x1f\x8b\x08\0" + bytes(30), "packed"),
    "RAR": (b"Rar!\x1a\x07\0" + bytes(30), "packed"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(30), "packed"),
    "ODS": (archive("content.xml", mimetype="application/vnd.oasis.opendocument.spreadsheet"), "ods"),
    "ODT": (archive("content.xml", mimetype="application/vnd.oasis.opendocument.text"), "document"),
    "DOCX": (archive("[Content_Types].xml", "word/document.xml", "_rels/.rels"), "document"),
    "PPTX": (archive("[Content_Types].xml", "ppt/presentation.xml", "_rels/.rels"), "document"),
    "Numbers": (archive("Index/Document.iwa", "Metadata/Properties.plist"), "numbers"),
    "XLSB": (archive("[Content_Types].xml", "xl/workbook.bin", "_rels/.rels"), "xlsb"),
    "zipped list": (archive("class list.xlsx"), "zip"),
    "empty zip": (archive(), "zip"),
    "SYLK": (b'ID;PWXL;N;E\r\nC;Y1;X1;K"Name"\r\n', "foreign"),
    "DIF": (b'TABLE\r\n0,1\r\n"EXCEL"\r\n', "foreign"),
    "Lotus": (b"\0\0\x1a\0\0\x10\x04\0" + bytes(40), "foreign"),
    "dBase": (dbase(1), "foreign"),
    "dBase with many fields": (dbase(12), "foreign"),
    "SPSS": (b"$FL2@(#) SPSS DATA FILE" + bytes(80), "foreign"),
    "Parquet": (b"PAR1" + bytes(80) + b"PAR1", "foreign"),
    "shortcut of Google": (b'{"url": "https://docs.google.com/spreadsheets/d/x", "doc_id": "x"}', "link"),
    "Windows shortcut": (b"[InternetShortcut]\r\nURL=https://docs.google.com/\r\n", "link"),
    "JSON": (b'[{"Name": "Asha", "Grade": 9}]', "json"),
    "address book": (b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "kind"),
    "zeros": (bytes(4096), "zeros"),
    "nothing": (b"", "empty"),
    "spaces": (b" \r\n\t\r\n", "empty"),
    "only a mark": (b"\xef\xbb\xbf", "empty"),
    "only a mark of UTF-16": (b"\xff\xfe", "empty"),
    "only the end mark of DOS": (b"\x1a", "empty"),
    "only a hint": (b"sep=;\r\n", "empty"),
}


@pytest.mark.parametrize("name", KINDS)
def test_other_file_is_called_what_it_is(name: str) -> None:
    data, code = KINDS[name]
    with pytest.raises(FileRefused) as refused:
        read_file(data)
    assert refused.value.code == code
    assert str(refused.value.text).startswith("The selected file ")


@pytest.mark.parametrize(
    "code", ["html", "spreadsheetml", "ods", "old", "numbers", "xlsb", "password", "encoding"]
)
def test_refusal_says_what_to_do(code: str) -> None:
    assert re.search("save it as XLSX|Save it|Export To", str(FileRefused(code).text))


@pytest.mark.parametrize(
    "first",
    ["BM Rao", "MZ", "ID", "TABLE", "From", "Begin", "{Asha}", "PK", "<3 Asha", "GIF", "Rar", "II", "[Name]"],
)
def test_list_that_begins_like_another_format_is_read(first: str) -> None:
    assert read_file(csv_bytes([[first, "Grade"], ["Asha", "9"]])).rows[0].cells == (first, "Grade")


def renamed(names: dict[str, str], replaced: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """A workbook with other names of its parts and other text in them."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes(TABLE))) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            for before, after in replaced:
                part = part.replace(before, after)
            new.writestr(names.get(name, name), part)
    return written.getvalue()


_MAIN, _RELS, _SHEET, _TEXTS = (
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
)
_STRICT = (
    (
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        b"http://purl.oclc.org/ooxml/spreadsheetml/main",
    ),
    (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    ),
)
UNUSUAL: dict[str, Callable[[], bytes]] = {
    "other main part": lambda: renamed(
        {_MAIN: "xl/workbook2.xml", _RELS: "xl/_rels/workbook2.xml.rels"},
        ((b"xl/workbook.xml", b"xl/workbook2.xml"),),
    ),
    "absolute target": lambda: renamed(
        {_MAIN: "xl/book.xml", _RELS: "xl/_rels/book.xml.rels"}, ((b'"xl/workbook.xml"', b'"/xl/book.xml"'),)
    ),
    "other folder": lambda: renamed(
        {
            _MAIN: "book/main.xml",
            _RELS: "book/_rels/main.xml.rels",
            _SHEET: "book/worksheets/sheet1.xml",
            _TEXTS: "book/sharedStrings.xml",
        },
        ((b'"xl/workbook.xml"', b'"book/main.xml"'),),
    ),
    "capitals": lambda: renamed(
        {_MAIN: "xl/Workbook.xml", _RELS: "xl/_rels/Workbook.xml.rels", _SHEET: "xl/worksheets/Sheet1.xml"}
    ),
    "capitals of the sheet": lambda: renamed({_SHEET: "xl/worksheets/Sheet1.xml"}),
    "capitals of the texts": lambda: renamed({_TEXTS: "xl/SharedStrings.xml"}),
    "backslashes": lambda: renamed(
        {
            name: name.replace("/", "\\")
            for name in (_MAIN, _RELS, _SHEET, _TEXTS, "_rels/.rels", "xl/styles.xml")
        }
    ),
    "slashes at the start": lambda: renamed(
        {name: f"/{name}" for name in (_MAIN, _RELS, _SHEET, _TEXTS, "_rels/.rels", "[Content_Types].xml")}
    ),
    "sheet in another folder": lambda: renamed(
        {_SHEET: "xl/sheets/one.xml"}, ((b"worksheets/sheet1.xml", b"sheets/one.xml"),)
    ),
    "strict": lambda: renamed({}, _STRICT),
    "strict with another main part": lambda: renamed(
        {_MAIN: "xl/workbook2.xml", _RELS: "xl/_rels/workbook2.xml.rels"},
        (*_STRICT, (b"xl/workbook.xml", b"xl/workbook2.xml")),
    ),
    "prefix": lambda: renamed({}, ((b"<Relationship ", b"<Relationship  "),)),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_workbook_with_unusual_parts_is_read(name: str) -> None:
    assert [list(row.cells) for row in read_file(UNUSUAL[name]()).rows] == TABLE


def test_parts_that_only_look_like_a_workbook_are_none() -> None:
    """A relationship that points nowhere, outside the archive or to itself ends in a sentence."""
    for target in (b"xl/none.xml", b"../../etc/passwd.xml", b"_rels/.rels", b"http://x.example/a.xml"):
        data = renamed({_MAIN: "xl/other.xml"}, ((b'"xl/workbook.xml"', b'"%s"' % target),))
        with pytest.raises(FileRefused):
            read_file(data)
