"""No exported cell is a formula, whatever delimiter and dialect a spreadsheet program uses."""

import csv
import io
import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registrations.spreadsheets.writer import csv_table
from techfest.core.spreadsheet_cells import guarded, unguarded

PIECES = [
    "=",
    "+",
    "-",
    "@",
    "＝",
    "\t",
    "\r",
    "\n",
    "\r\n",
    ";",
    ",",
    "|",
    " ",
    '"',
    "a",
    "1",
    "\u2028",
    "\ufeff",
]
HOSTILE = [
    "x;=1+1",
    "x\t=cmd|' /C calc'!A0",
    "x; =1+1",
    'x;"=1+1"',
    'x;" =1+1',
    '"=1+1',
    ' "=1+1',
    "x,=1+1",
    "x|=1+1",
    "x\n=1+1",
    "x\r\n@SUM(A1)",
    "\t=1",
    "\t\t=1",
    "x;\t=1",
    'x;"\r=1',
    ";=1",
    "x;＝1",
    "x;+1+cmd|1",
    "x;-1-a",
    "x;+1,a+cmd|1",
]
NUMBER = re.compile(r"[+-]\.?[\d .()]+")
DIALECTS = [
    {"delimiter": delimiter, "skipinitialspace": skips, "doublequote": doubles, "quoting": quoting}
    for delimiter, skips, doubles, quoting in itertools.product(
        ",;\t|", (False, True), (False, True), (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)
    )
]


def cells_of(file: bytes) -> Iterator[str]:
    """Every cell that any dialect finds. An unclosed quote takes the rest, as it does in spreadsheet programs."""
    for dialect in DIALECTS:
        for row in csv.reader(io.StringIO(file.decode("utf-8-sig"), newline=""), **dialect):  # type: ignore[arg-type]
            yield from row


def is_formula(cell: str) -> bool:
    """Whether the cell is a formula, also after dropped spaces and quotes. Plain numbers are not."""
    shown = cell.lstrip(' "\u00a0\u3000\u200b\ufeff')
    return cell.startswith(("\t", "\r")) or (
        shown.startswith(tuple("=+-@＝＋－＠")) and not NUMBER.fullmatch(shown.rstrip('"'))
    )


def formulas(*texts: str) -> list[str]:
    return [cell for cell in cells_of(csv_table(["Name", "School"], [list(texts)])) if is_formula(cell)]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_dialect_finds_a_formula(text: str) -> None:
    assert formulas(text, text) == []
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_without_the_guard_some_dialect_finds_one(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: each of these texts is dangerous somewhere."""
    monkeypatch.setattr("registrations.spreadsheets.writer.guarded", lambda one: one)
    assert formulas(text, text) != []


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.sampled_from(["", "x;", '"', "a,b"]))
@example('x;"\r\n=', "x;")
@settings(max_examples=500)
def test_no_text_becomes_a_formula_in_any_dialect(text: str, neighbour: str) -> None:
    assert formulas(text, neighbour) == []
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "12.97,-77.59",
        "Call 080 2345, +91 98765 43210",
        "9:00 - 10:00",
        "Asha Rao-Iyer",
        "First line\nsecond line",
        "a;b",
        "Robo Race, 2 vs 2",
        "asha@example.org, ravi@example.org",
        "C++, C#",
        "2026-11-30",
    ],
)
def test_numbers_and_ordinary_text_stay_as_they_are(text: str) -> None:
    assert guarded(text) == text


@pytest.mark.parametrize("run", [" ", '"', ";", "\t", "; ", '" ', "'"])
def test_long_runs_are_looked_at_once(run: str) -> None:
    """Quadratic time would take minutes here."""
    for before in ("", "x;", '"', "'"):
        assert unguarded(guarded(before + run * 100_000)) != ""
