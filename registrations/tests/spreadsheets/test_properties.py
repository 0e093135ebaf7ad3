"""Any table of text, written in any dialect, is read back unchanged."""

import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registrations.spreadsheets import workbook_process
from registrations.spreadsheets.encodings import decode_again
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.reader import read_file, read_paste
from registrations.spreadsheets.sheet import trimmed
from registrations.tests.builders.spreadsheets import csv_bytes, xlsx_bytes

# Signs of several scripts and all that CSV makes something of; every cell begins with a letter, so that a table
# is never blank, markup or a formula.
LETTERS = "aZéñब्कதमع李9"
WINDOWS_LETTERS = "aZéñüŠ9€"
SPECIAL = " \"'.-=+@\n\r"


def cells(letters: str, special: str) -> st.SearchStrategy[str]:
    return st.builds(str.__add__, st.sampled_from(letters), st.text(alphabet=letters + special, max_size=12))


def tables(letters: str = LETTERS, special: str = SPECIAL) -> st.SearchStrategy[list[list[str]]]:
    """Tables of two to five columns; some cells are empty, but never the first of a row."""
    return st.integers(2, 5).flatmap(
        lambda width: st.lists(
            st.builds(
                lambda first, rest: [first, *rest],
                cells(letters, special),
                st.lists(
                    st.one_of(st.just(""), cells(letters, special)), min_size=width - 1, max_size=width - 1
                ),
            ),
            min_size=1,
            max_size=8,
        )
    )


def read_back(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read_file(data).rows]


def expected(table: list[list[str]]) -> list[tuple[str, ...]]:
    return [trimmed(row) for row in table]


@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    line_end=st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_any_table_written_as_csv_reads_back(
    table: list[list[str]], delimiter: str, encoding: str, line_end: str
) -> None:
    # Python quotes a line end inside a cell only if it looks like its own.
    quoting = csv.QUOTE_MINIMAL if line_end == "\r\n" else csv.QUOTE_ALL
    data = csv_bytes(table, delimiter=delimiter, encoding=encoding, line_end=line_end, quoting=quoting)
    assert read_back(data) == expected(table)


@given(table=tables(WINDOWS_LETTERS, " .-'"), delimiter=st.sampled_from([",", ";", "\t"]))
def test_any_table_in_windows_1252_reads_back_or_is_valid_utf_8(
    table: list[list[str]], delimiter: str
) -> None:
    data = csv_bytes(table, delimiter=delimiter, encoding="windows-1252")
    sheet = read_file(data)
    assert sheet.is_guess == (sheet.encoding != "utf-8")
    if sheet.is_guess:
        rows = [
            [decode_again(cell, sheet.encoding, "windows-1252") for cell in row.cells] for row in sheet.rows
        ]
        assert rows == [list(row) for row in expected(table)]


@given(table=tables(special=" .,;-'"))
def test_any_table_pasted_reads_back(table: list[list[str]]) -> None:
    text = "\r\n".join("\t".join(row) for row in table)
    assert [row.cells for row in read_paste(text).rows] == expected(table)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(table=tables(special=SPECIAL.replace("\r", "") + ",;\t"))
def test_any_table_written_as_xlsx_reads_back(table: list[list[str]]) -> None:
    """Read in this process, which takes a hundredth of the time of a process for each table."""
    rows = workbook_process.read(xlsx_bytes(table))["sheets"][0]["rows"]
    assert [cells for _number, cells in rows] == expected(table)


@pytest.mark.slow
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.binary(max_size=300), st.integers(0, 5000))
def test_damaged_workbook_is_read_or_refused(noise: bytes, at: int) -> None:
    whole = xlsx_bytes([["Name", "Grade"], ["Asha", 9]])
    at %= len(whole) - 4
    data = whole[: 4 + at] + noise + whole[4 + at + len(noise) :]
    try:
        outcome = str(read_file(data).rows)
    except FileRefused as refused:
        outcome = str(refused.text)
    assert outcome
