"""What columns hold by the look of their cells, where their titles are silent, doubtful or wrong."""

import itertools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from registrations.spreadsheets.cells import is_given, read_mark
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.full_name import is_turned
from registrations.spreadsheets.headers import Column, Header, as_meaning
from registrations.spreadsheets.meanings import NAME_PARTS, Meaning
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.titles import (
    LONGEST_TITLE,
    class_word_of,
    is_about_others,
    meaning_of,
)
from registrations.students.classes import read_grade
from registrations.students.names import clean_text, name_key
from techfest.core.spreadsheet_cells import unguarded
from techfest.core.text import has_mark_run

_EXAMINED = 200
"""Rows whose cells are looked at."""
_LONGEST = 300
"""Characters of a cell that are looked at."""
MOST = 0.8
_MANY = 0.6
_ADDRESS = re.compile(r"\S+@\S+\.\S+|\S+@\S+")
_SCORE = re.compile(
    r"\d+\.\d*[1-9]\d*|\d+(?:\.\d+)?\s*(?:%|/\s*\d+)|[A-F][+\d-]|[A-F]\s*\+|1[4-9]|[2-9]\d|\d{3}"
)
"""Marks of an exam: 87.5, 91, 45/50, 80 %, A+, B1."""
_CLASS_OF_A_SCHOOL = re.compile(r".*[^\W\d].*")


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


def refined(sheet: Sheet, header: Header, context: ListContext) -> Header:
    """Return the header with the columns whose cells say something else than their titles, or say it at all.

    A column of addresses is the e-mail column if there is no other; of several equal titles the one whose cells fit
    is used; marks of an exam are no school grade; a column that names the fest's events holds events.
    """
    rows = _rows_below(sheet, header)
    cells = {column.position: _texts(rows, column.position) for column in header.columns}
    columns = _Columns(header.columns, cells, context)
    columns.joined = {column.position: _joined(rows, column.position) for column in header.columns}
    columns.settle()
    return Header(header.row, tuple(columns.columns))


def _rows_below(sheet: Sheet, header: Header) -> list[Row]:
    return list(itertools.islice((row for row in sheet.rows if row.number > header.row), _EXAMINED))


def _texts(rows: Iterable[Row], position: int) -> list[str]:
    return [text for row in rows if is_given(text := readable(row.cell(position)))]


def _joined(rows: Iterable[Row], position: int) -> list[str]:
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


class _Columns:
    """The columns of one list while their meanings are settled, one rule after the other."""

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Mapping[int, Sequence[str]],
        context: ListContext,
    ) -> None:
        self.columns = list(columns)
        self.cells, self.grades, self.events = cells, context.grades, context.events
        self.budget = context.budget
        self.joined: Mapping[int, Sequence[str]] = {}

    def settle(self) -> None:
        self._drop_scores()
        self._prefer_roll_numbers()
        for meaning, fits in self._tests.items():
            self._choose(meaning, fits)
        self._find_addresses()
        self._find_events()
        self._find_class()
        self._find_grade()
        self._drop_foreign_words()
        self._complete_names()
        self._turn_names()

    @property
    def _tests(self) -> dict[Meaning, Callable[[str], bool]]:
        return {Meaning.NAME: _is_name, Meaning.GRADE: self._is_grade, Meaning.EMAIL: is_address}

    def _is_grade(self, text: str) -> bool:
        return (found := read_grade(text)) is not None and found[0] in self.grades

    def _of(self, *meanings: Meaning) -> list[Column]:
        return [column for column in self.columns if column.meaning in meanings]

    def _set(self, column: Column, meaning: Meaning) -> None:
        self.columns[column.position] = as_meaning(column, meaning)

    def _drop_scores(self) -> None:
        """Take no column of exam marks for grades or for marks under an event's name."""
        for column in self._of(Meaning.GRADE):
            texts = self.cells[column.position]
            if "grade" not in name_key(column.title[:LONGEST_TITLE]):
                continue
            if len(texts) > 1 and share(texts, lambda text: bool(_SCORE.fullmatch(text))) >= MOST:
                self._set(column, Meaning.NONE)
        for column in self._of(Meaning.EVENT_MARK):
            texts = self.cells[column.position]
            if share(texts, lambda text: read_mark(text) is None and _is_number(text)) >= MOST:
                self._set(column, Meaning.NONE)

    def _prefer_roll_numbers(self) -> None:
        """Beside an admission number, use the roll number."""
        for column in self._of(Meaning.NONE):
            if column.is_repeated and meaning_of(column.title) == Meaning.ROLL_NUMBER and _is_roll(column):
                for other in self._of(Meaning.ROLL_NUMBER):
                    if not _is_roll(other):
                        self._set(other, Meaning.NONE)
                        self._set(column, Meaning.ROLL_NUMBER)

    def _choose(self, meaning: Meaning, fits: Callable[[str], bool]) -> None:
        """Of several columns with titles of one meaning use the first whose cells fit, if the first one's do not."""
        same = [
            column
            for column in self.columns
            if column.meaning == meaning or (column.is_repeated and meaning_of(column.title) == meaning)
        ]
        used = next((column for column in same if column.meaning == meaning), None)
        if same in ([], [used]) or (used and share(self.cells[used.position], fits) >= MOST):
            return
        best = max(same, key=lambda column: share(self.cells[column.position], fits))
        if share(self.cells[best.position], fits) >= MOST:
            if used:
                self._set(used, Meaning.NONE)
            self._set(best, meaning)

    def _find_addresses(self) -> None:
        """Use the one column of addresses for the e-mail, if no title names one or the titled one has no address."""
        titled = self._of(Meaning.EMAIL)
        if any(share(self.cells[column.position], is_address) > 0 for column in titled):
            return
        others = [column for column in self._of(Meaning.NONE) if holds_addresses(self.cells[column.position])]
        for column in titled:
            if share(self.cells[column.position], _is_anonymous) >= MOST:
                self._set(column, Meaning.NONE)
        if len(others) != 1 or is_about_others(others[0].title):
            return
        for column in titled:
            self._set(column, Meaning.NONE)
        self._set(others[0], Meaning.EMAIL)

    def _find_events(self) -> None:
        """Use what names events; of several columns about events, do not use one that says yes or no."""
        about = self._of(Meaning.EVENTS)
        if any(share(self.cells[column.position], self._names) > 0 for column in about):
            for column in about:
                if share(self.cells[column.position], self._is_mark) >= MOST:
                    self._set(column, Meaning.NONE)
        elif not about and not self._of(Meaning.EVENT_MARK):
            for column in self._of(Meaning.NONE):
                if share(self.cells[column.position], self._names) >= MOST:
                    self._set(column, Meaning.EVENTS)

        self._find_more_events()

    def _find_more_events(self) -> None:
        """Use the untitled columns beside one of events that name events: of a merged title, or of bare commas."""
        for before, column in itertools.pairwise([*self.columns]):
            is_beside = self.columns[before.position].meaning == Meaning.EVENTS
            is_free = column.meaning == Meaning.NONE and not column.title
            if is_beside and is_free and share(self.joined[column.position], self._names_only) >= MOST:
                self._set(column, Meaning.EVENTS)

    def _is_mark(self, text: str) -> bool:
        """Return whether a cell says yes or no, and is not the name of an event."""
        return read_mark(text) is not None and not self.events.index.whole(text).slugs

    def _names_only(self, text: str) -> bool:
        self.budget.check()
        return self.events.names_only(text)

    def _names(self, text: str) -> bool:
        self.budget.check()
        return self.events.names_any(text)

    def _find_class(self) -> None:
        """Use the columns titled with a word for grade or section of any language whose cells are such."""
        for meaning, is_one in ((Meaning.GRADE, self._is_grade), (Meaning.SECTION, _is_section)):
            if self._of(meaning):
                continue
            for column in self._of(Meaning.NONE):
                texts = self.cells[column.position]
                if class_word_of(column.title) == meaning and share(texts, is_one) >= MOST:
                    self._set(column, meaning)
                    break

    def _find_grade(self) -> None:
        """Without a title for grades, use the first column of texts like "9A" and "Class IX", not of bare numbers."""
        if self._of(Meaning.GRADE):
            return
        for column in self._of(Meaning.NONE, Meaning.SECTION):
            texts = self.cells[column.position]
            is_class = share(texts, lambda text: bool(_CLASS_OF_A_SCHOOL.fullmatch(text)))
            if is_class >= MOST and share(texts, self._is_grade) >= MOST and not column.is_repeated:
                self._set(column, Meaning.GRADE)
                return

    def _drop_foreign_words(self) -> None:
        """Use no column "Status" or "Role" whose cells say something that is not understood, like "paid"."""
        for meaning, is_known in _UNDERSTOOD.items():
            for column in self._of(meaning):
                texts = self.cells[column.position]
                says_no = meaning != Meaning.ENABLED and any(
                    name_key(text) in GONE | OTHER_ROLES for text in texts
                )
                if share(texts, is_known) < MOST and not says_no:
                    self._set(column, Meaning.NONE)

    def _complete_names(self) -> None:
        """Use no middle name alone; beside a last name alone, "Other names" are the first names."""
        has_given = bool(self._of(Meaning.GIVEN_NAME, Meaning.NAME, Meaning.LAST_FIRST))
        for column in self._of(Meaning.MIDDLE_NAME):
            if not has_given and self._of(Meaning.FAMILY_NAME):
                self._set(column, Meaning.GIVEN_NAME)
            elif not self._of(Meaning.GIVEN_NAME, Meaning.FAMILY_NAME):
                self._set(column, Meaning.NONE)
        for before, column in itertools.pairwise([*self.columns]):
            is_second = column.is_repeated and before.meaning == Meaning.NAME == meaning_of(column.title)
            if is_second and self._of(Meaning.FAMILY_NAME) and not self._of(Meaning.MIDDLE_NAME):
                self._set(column, Meaning.MIDDLE_NAME)
        for column in self._of(Meaning.SECOND_FAMILY_NAME):
            if not self._of(Meaning.FAMILY_NAME):
                self._set(column, Meaning.FAMILY_NAME)

    def _turn_names(self) -> None:
        """Read "Rao, Asha" as "Asha Rao" where most names are written so."""
        for column in self._of(Meaning.NAME):
            texts = self.cells[column.position]
            if len(texts) > 1 and share(texts, is_turned) > _MANY and not self._of(*NAME_PARTS):
                self._set(column, Meaning.LAST_FIRST)


def _is_name(text: str) -> bool:
    return (
        any(map(str.isalpha, text))
        and not any(map(str.isdigit, text))
        and "@" not in text
        and not _is_anonymous(text)
    )


def _is_section(text: str) -> bool:
    return len(text) == 1 and text.isalnum()


def _is_anonymous(text: str) -> bool:
    """Return whether a form says that it did not ask who answers."""
    return name_key(text) == "anonymous"


def _is_roll(column: Column) -> bool:
    key = name_key(column.title[:LONGEST_TITLE])
    return any(word in key for word in ("roll", "रोल", "अनुक्रमांक"))


_UNDERSTOOD: dict[Meaning, Callable[[str], bool]] = {
    Meaning.STATUS: lambda text: name_key(text) in GONE | PRESENT,
    Meaning.ROLE: lambda text: name_key(text) in OTHER_ROLES | STUDENT_ROLES,
    Meaning.ENABLED: lambda text: read_mark(text) is not None,
}


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).replace("/", "", 1).isdecimal()
