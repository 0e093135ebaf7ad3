"""What columns hold by the look of their cells, where their titles are silent, doubtful or wrong."""

import itertools
import re
from collections.abc import Callable, Iterable, Sequence

from registrations.spreadsheets.cells import is_given
from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.titles import (
    LONGEST_TITLE,
)
from registrations.students.names import clean_text, name_key
from techfest.core.spreadsheet_cells import unguarded
from techfest.core.text import has_mark_run

_EXAMINED = 200
"""Rows whose cells are looked at."""
_LONGEST = 300
"""Characters of a cell that are looked at."""
_ADDRESS = re.compile(r"\S+@\S+\.\S+|\S+@\S+")
SCORE = re.compile(
    r"\d+\.\d*[1-9]\d*|\d+(?:\.\d+)?\s*(?:%|/\s*\d+)|[A-F][+\d-]|[A-F]\s*\+|1[4-9]|[2-9]\d|\d{3}"
)
"""Marks of an exam: 87.5, 91, 45/50, 80 %, A+, B1."""
HAS_LETTER = re.compile(r".*[^\W\d].*")


def _keys(text: str) -> frozenset[str]:
    return frozenset(name_key(word) for word in text.split("|"))


OTHER_ROLES = _keys(
    "teacher|teachers|administrator|admin|aide|guardian|parent|proctor|relative|principal|staff|faculty|counselor"
    "|counsellor|sysadmin|systemadministrator|districtadministrator|siteadministrator|owner|co teacher|coordinator"
    "|father|mother|शिक्षक|अभिभावक"
)
STUDENT_ROLES = _keys("student|students|learner|pupil|child|छात्र|विद्यार्थी")
GONE = _keys(
    "tobedeleted|to be deleted|inactive|in active|not active|withdrawn|transferred|transferred out|left|deleted"
    "|dropped|dropout|drop out|tc issued|tc taken|struck off|alumni|archived|disabled|suspended|graduated|expelled"
    "|left school|passed out|no longer enrolled|long absent|discontinued|cancelled|नाम काटा|निष्क्रिय"
)
PRESENT = _keys(
    "active|enrolled|current|studying|present|admitted|regular|continuing|on roll|new|promoted|सक्रिय"
)


def rows_below(sheet: Sheet, header: Header) -> list[Row]:
    return list(itertools.islice((row for row in sheet.rows if row.number > header.row), _EXAMINED))


def texts_of(rows: Iterable[Row], position: int) -> list[str]:
    return [text for row in rows if is_given(text := readable(row.cell(position)))]


def joined_texts(rows: Iterable[Row], position: int) -> list[str]:
    """Return the filled cells of a column, each below the cell to its left."""
    return [
        f"{readable(row.cell(position - 1))}\n{text}"
        for row in rows
        if position and is_given(text := readable(row.cell(position)))
    ]


def readable(cell: str) -> str:
    """Return the beginning of a cell, cleaned; a placeholder for one whose accents are stacked, which costs time."""
    start = unguarded(cell[:_LONGEST])
    return "?" if has_mark_run(start) else clean_text(start)


def share(texts: Sequence[str], is_one: Callable[[str], bool]) -> float:
    """Return the share of the filled cells for which this is true; 0 if there are none."""
    return sum(map(is_one, texts)) / len(texts) if texts else 0


def is_address(text: str) -> bool:
    return _ADDRESS.search(text) is not None


def holds_addresses(texts: Sequence[str]) -> bool:
    """Return whether most of the cells hold an e-mail address."""
    return share(texts, is_address) > 1 / 2


def is_name(text: str) -> bool:
    return (
        any(map(str.isalpha, text))
        and not any(map(str.isdigit, text))
        and "@" not in text
        and not is_anonymous(text)
    )


def is_section(text: str) -> bool:
    return len(text) == 1 and text.isalnum()


def is_anonymous(text: str) -> bool:
    """Return whether a form says that it did not ask who answers."""
    return name_key(text) == "anonymous"


def is_roll(column: Column) -> bool:
    key = name_key(column.title[:LONGEST_TITLE])
    return any(word in key for word in ("roll", "रोल", "अनुक्रमांक"))


def is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("/", "", 1).isdecimal()
