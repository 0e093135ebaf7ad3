"""Hostile files are refused with a sentence, within two seconds, in bounded memory."""

import functools
import json
import random
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registrations.class_lists.parse import parse_file
from registrations.spreadsheets import errors, workbook
from registrations.spreadsheets.archive import WorkbookRefused, sanitize_archive
from registrations.spreadsheets.combined import Table
from registrations.spreadsheets.context import ListContext, list_context
from registrations.spreadsheets.errors import TEXTS, Budget, FileRefused
from registrations.spreadsheets.headers import find_header
from registrations.spreadsheets.left_out import rows_left_out
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.rows import read_listing
from registrations.spreadsheets.tables import find_table
from registrations.tests.builders.spreadsheets import (
    SHEET,
    TABLE,
    changed_archive,
    csv_bytes,
    lying_archive,
    many_entries,
    sheet_xml,
    with_sheet,
    xlsx_bytes,
)

MEGABYTE = 1024 * 1024
_CELL = '<c r="{0}" t="inlineStr"><is><t>{1}</t></is></c>'
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOOK = "xl/workbook.xml"
_STRINGS = '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>{}</t></si></sst>'


@functools.cache
def _zip_bomb() -> bytes:
    """512 MiB of one character in a part that the reader needs."""
    return changed_archive(xlsx_bytes(TABLE), {"xl/sharedStrings.xml": b" " * (512 * MEGABYTE)})


@functools.cache
def _lying_bomb() -> bytes:
    """200 MB that declare one kilobyte."""
    data = changed_archive(xlsx_bytes(TABLE), {SHEET: sheet_xml(b" " * (200 * MEGABYTE))})
    return lying_archive(data, SHEET, size=1000)


def _billion_laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    return with_sheet(_row(1, "&l9;"), before=f'<!DOCTYPE worksheet [<!ENTITY l0 "lol">{levels}]>')


def _external_entity() -> bytes:
    return with_sheet(_row(1, "&x;"), before='<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


def _row(number: int, text: str) -> str:
    return f'<row r="{number}">{_CELL.format(f"A{number}", text)}</row>'


def _one_long_text_in_many_cells() -> bytes:
    body = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 1000))
    return changed_archive(
        xlsx_bytes(TABLE),
        {"xl/sharedStrings.xml": _STRINGS.format("x" * MEGABYTE), SHEET: sheet_xml(body)},
    )


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip bomb": (_zip_bomb, "cells"),
    "zip bomb that lies": (_lying_bomb, "damaged"),
    "65,000 entries": (lambda: many_entries(20_000)[: 2 * MEGABYTE], "unsafe"),
    "billion laughs": (_billion_laughs, "unsafe"),
    "external entity": (_external_entity, "unsafe"),
    "external document type": (
        lambda: with_sheet(_row(1, "x"), before='<!DOCTYPE w SYSTEM "http://127.0.0.1/x.dtd">'),
        "unsafe",
    ),
    "declaration in UTF-16": (
        lambda: changed_archive(
            xlsx_bytes(TABLE), {SHEET: '<!DOCTYPE w [<!ENTITY a "b">]><w/>'.encode("utf-16")}
        ),
        "unsafe",
    ),
    "one long text in many cells": (_one_long_text_in_many_cells, "cells"),
    "cells at both ends of the sheet": (
        lambda: with_sheet(_row(1, "a") + f'<row r="1048576">{_CELL.format("XFD1048576", "b")}</row>'),
        "cells",
    ),
    "100,000 rows of a workbook": (
        lambda: with_sheet("".join(_row(number, "Asha") for number in range(1, 100_001))),
        "cells",
    ),
    "2,000 rows of a workbook": (lambda: xlsx_bytes([["Asha", 9]] * 2000), "rows"),
    "5,000 columns of a workbook": (lambda: xlsx_bytes([["x"] * 5000]), "cells"),
    "500 columns of a workbook": (lambda: xlsx_bytes([["x"] * 500]), "columns"),
    "100,000 rows": (lambda: csv_bytes([["Asha", "9"]] * 100_000), "rows"),
    "5,000 columns": (lambda: csv_bytes([["x"] * 5000]), "columns"),
    "line of 10 MB": (lambda: b"x" * (10 * MEGABYTE), "size"),
    "two million delimiters": (lambda: b"," * (2 * MEGABYTE - 1) + b"x", "columns"),
    "two million quotation marks": (lambda: b'"' * (2 * MEGABYTE - 1), "quote"),
    "quotation mark that swallows 1 MB": (lambda: b'Name,Grade\n"Asha,9\n' + b"Ben,9\n" * 170_000, "quote"),
    "name that leaves the folder": (lambda: changed_archive(xlsx_bytes(TABLE), {"../x.xml": "x"}), "unsafe"),
    "workbook in a workbook": (
        lambda: changed_archive(xlsx_bytes(TABLE), {"xl/embeddings/a.xlsx": xlsx_bytes(TABLE)}),
        "nested",
    ),
    "macros": (lambda: changed_archive(xlsx_bytes(TABLE), {"xl/vbaProject.bin": b"x"}), "macros"),
    "macros behind a backslash": (
        lambda: changed_archive(xlsx_bytes(TABLE), {"xl\\vbaProject.bin": b"x"}),
        "macros",
    ),
    "one part under two names": (
        lambda: changed_archive(xlsx_bytes(TABLE), {"/XL/worksheets\\sheet1.xml": b"x"}),
        "unsafe",
    ),
    "macros by type only": (
        lambda: changed_archive(
            xlsx_bytes(TABLE),
            {"[Content_Types].xml": '<Types a="application/vnd.ms-excel.sheet.macroEnabled"/>'},
        ),
        "macros",
    ),
    "encrypted": (lambda: _OLE + bytes(2000) + "EncryptedPackage".encode("utf-16-le"), "password"),
    "old Excel": (lambda: _OLE + bytes(2000), "old"),
    "another zip": (lambda: changed_archive(many_entries(0), {"a.txt": "x", _BOOK: ""})[:-1], "damaged"),
    "document of a word processor": (lambda: many_entries(0).replace(b"xl/workbook", b"xl/documen_"), "zip"),
    "half a workbook": (lambda: xlsx_bytes(TABLE)[:3000], "damaged"),
    "workbook without a sheet": (lambda: changed_archive(xlsx_bytes(TABLE), {SHEET: "<x"}), "damaged"),
    "PNG": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "picture"),
    "PDF": (lambda: b"%PDF-1.7\nName,Grade\n", "pdf"),
    "program": (lambda: b"MZ\x90\x00" + bytes(100), "kind"),
    "HTML": (lambda: b"\xef\xbb\xbf  <!DOCTYPE html><table><tr><td>Name</td></tr></table>", "html"),
    "zero bytes": (lambda: bytes(1000), "zeros"),
    "random bytes": (lambda: random.Random(1).randbytes(MEGABYTE), "kind"),
    "half a character of UTF-16": (lambda: "\ufeffName,Grade".encode("utf-16-le") + b"x", "damaged"),
    "two million commas after a bad quotation mark": (
        lambda: b'"a"b",' + b"," * (2 * MEGABYTE - 100) + b"x",
        "columns",
    ),
    "half a million blank cells in quotation marks": (lambda: b'" "\n' * 500_000, "empty"),
    "nothing": (lambda: b"", "empty"),
    "only delimiters": (lambda: b",,,\r\n ,,\r\n", "empty"),
    "workbook with nothing": (lambda: xlsx_bytes([]), "empty"),
}


def processor_seconds() -> float:
    """Used so far by this process and by those that it has waited for."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_is_refused_in_time(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processor time, which a busy machine hardly changes; it may take long to give the process its second."""
    monkeypatch.setattr(workbook, "TIMEOUT_SECONDS", 60.0)
    make, code = HOSTILE[name]
    data = make()
    before = processor_seconds()
    with pytest.raises(FileRefused) as refused:
        read_file(data)
    assert (refused.value.code, processor_seconds() - before < 2) == (code, True)
    assert str(refused.value.text).strip()


MEASURE = """
import json, resource, sys
from django.conf import settings
settings.configure(USE_I18N=False)
from pathlib import Path
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file
read_file(Path(sys.argv[1]).read_bytes())
answers = {}
for path in sys.argv[2:]:
    data = Path(path).read_bytes()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        read_file(data)
    except FileRefused as refusal:
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answers[Path(path).name] = [refusal.code, after - before]
print(json.dumps([answers, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@pytest.mark.slow
def test_hostile_files_cost_bounded_memory(tmp_path: Path) -> None:
    """Measured in a process of its own, because a process keeps its peak."""
    (good := tmp_path / "good.xlsx").write_bytes(xlsx_bytes(TABLE))
    files = []
    for name, (make, _code) in HOSTILE.items():
        if len(data := make()) <= 2 * MEGABYTE:
            (file := tmp_path / name).write_bytes(data)
            files.append(str(file))
    command = [sys.executable, "-c", MEASURE, str(good), *files]
    printed = subprocess.run(command, capture_output=True, check=True, cwd=Path.cwd(), timeout=120).stdout
    responses, of_children = json.loads(printed)
    assert {name: responses[Path(name).name][0] for name in responses} == {
        Path(file).name: HOSTILE[Path(file).name][1] for file in files
    }
    assert max(growth for _code, growth in responses.values()) < 50 * 1024
    assert of_children < (150 + 50) * 1024


@pytest.mark.slow
def test_process_that_takes_too_long_is_ended_and_may_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "TIMEOUT_SECONDS", 0.001)
    with pytest.raises(FileRefused) as refused:
        read_file(xlsx_bytes(TABLE))
    assert str(refused.value.text) == "The selected file could not be uploaded – try again"


@pytest.mark.parametrize(
    ("program", "code"),
    [("while True: pass", "slow"), ("import time; time.sleep(60)", "failed")],
    ids=["computing", "waiting"],
)
def test_file_is_the_reason_if_its_reader_had_the_processor(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    """On a busy machine the wall clock ends a hostile file first; trying it again would not help."""
    monkeypatch.setattr(workbook, "COMMAND", (sys.executable, "-S", "-c", program))
    monkeypatch.setattr(workbook, "TIMEOUT_SECONDS", 1.0)
    monkeypatch.setattr(workbook, "_MOST_OF_THE_LIMIT", 0.1)
    with pytest.raises(FileRefused) as refused:
        read_file(xlsx_bytes(TABLE))
    assert refused.value.code == code


@pytest.mark.slow
def test_reader_ends_by_the_kernel_when_it_loops() -> None:
    """The limit of processor time, with the real value and a loop that no file could start."""
    loop = "from registrations.spreadsheets.workbook_process import restrict; restrict()\nwhile True: pass"
    finished = subprocess.run([sys.executable, "-c", loop], check=False, timeout=60)
    assert finished.returncode < 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "attempt",
    [
        "bytearray(200 * 1024 * 1024)",
        "open('/etc/passwd')",
        "__import__('socket').socket()",
        "__import__('subprocess').run(['/bin/true'])",
    ],
)
def test_reader_cannot_take_more_or_reach_out(attempt: str) -> None:
    wall = (
        "import sys, socket, subprocess; from registrations.spreadsheets.workbook_process import restrict; "
    )
    good = subprocess.run([sys.executable, "-c", f"{wall}{attempt}"], check=False, capture_output=True)
    walled = subprocess.run(
        [sys.executable, "-c", f"{wall}restrict(); {attempt}"], check=False, capture_output=True
    )
    assert (good.returncode, walled.returncode) == (0, 1)


@pytest.mark.slow
def test_entries_lying_about_their_number_are_refused() -> None:
    """The end record says one entry, the directory holds thousands."""
    data = bytearray(many_entries(20_000))
    data[-14:-10] = b"\x01\x00\x01\x00"
    with pytest.raises(FileRefused) as refused:
        read_file(bytes(data))
    assert refused.value.code == "unsafe"


def test_formula_stays_text() -> None:
    table = [["=HYPERLINK(1)", "+1", "-2", "@SUM", "\t=1", "x\r=1"]]
    assert [list(row.cells) for row in read_file(xlsx_bytes(table)).rows] == table


def test_stored_archive_with_a_password_is_refused() -> None:
    data = bytearray(xlsx_bytes(TABLE))
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(FileRefused) as refused:
        read_file(bytes(data))
    assert str(refused.value.text) == (
        "The selected file is password protected. Save it without a password and upload the new file"
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), (" \n\t", "empty"), ("x" * (2 * MEGABYTE + 1), "size"), ("<b>", "xml"), ("a\0", "kind")],
)
def test_paste_that_is_no_list_is_refused_as_a_paste(text: str, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        read_paste(text)
    assert (refused.value.code, "selected file" in str(refused.value.text)) == (code, False)


def test_every_refusal_is_a_sentence() -> None:
    assert all("%" not in str(FileRefused(code, row=3).text) for code in TEXTS)


@pytest.mark.parametrize(
    "sizes",
    [
        {SHEET: 17 * MEGABYTE},
        {SHEET: 2 * MEGABYTE},
        {"docProps/a.xml": 12 * MEGABYTE, "docProps/b.xml": 12 * MEGABYTE, "docProps/c.xml": 12 * MEGABYTE},
    ],
    ids=["one part", "ratio", "all parts"],
)
def test_declared_sizes_are_refused_before_anything_is_unpacked(sizes: dict[str, int]) -> None:
    """Only the directory claims that these small parts are large."""
    noise = random.Random(1).randbytes(40_000)  # packs to itself, so that the ratio of these parts is modest
    parts: dict[str, bytes | str] = {name: noise for name in sizes if name != SHEET}
    data = changed_archive(xlsx_bytes(TABLE), parts)
    assert sanitize_archive(data)
    for name, size in sizes.items():
        data = lying_archive(data, name, size=size)
    with pytest.raises(WorkbookRefused) as refused:
        sanitize_archive(data)
    assert refused.value.code == "cells"


STEPS: dict[str, Callable[[Table, ListContext], object]] = {
    "titles": lambda table, context: find_header(table.sheet, context.events.index, context.budget),
    "tables": lambda table, context: find_table(table.sheet, context),
    "left out": lambda table, context: rows_left_out(table.sheet, table.header, context.budget),
    "students": lambda table, context: read_listing(table.sheet, table.header, context),
}


@pytest.mark.parametrize("step", STEPS)
def test_every_step_ends_when_the_time_of_the_file_is_used_up(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the rows were limited, so that titles and sheets of a hostile file could take ten seconds."""
    sheet = read_file(b"Name,Grade,Event\nAsha Rao,9,Quiz\n")
    table = find_table(sheet, list_context(grades=range(5, 13), events={"quiz": "Quiz"}))
    monkeypatch.setattr(errors, "SECONDS", -1)
    context = list_context(grades=range(5, 13), events={"quiz": "Quiz"})
    with pytest.raises(FileRefused) as refused:
        STEPS[step](table, context)
    assert refused.value.code == "slow"


def test_steps_of_one_file_share_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    budgets: list[Budget] = []
    monkeypatch.setattr(Budget, "check", lambda budget: budgets.append(budget))
    parse_file(
        read_file(b"Name,Grade,Event\nAsha Rao,9,Quiz\n"), grades=range(5, 13), events={"quiz": "Quiz"}
    )
    assert len(budgets) > 4
    assert len(set(map(id, budgets))) == 1
