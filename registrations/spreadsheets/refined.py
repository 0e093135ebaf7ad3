"""Correct what the titles of columns say by what their cells hold."""

import itertools
from collections.abc import Callable, Mapping, Sequence

from registrations.spreadsheets.cells import read_mark
from registrations.spreadsheets.contents import (
    GONE,
    HAS_LETTER,
    OTHER_ROLES,
    PRESENT,
    SCORE,
    STUDENT_ROLES,
    holds_addresses,
    is_address,
    is_anonymous,
    is_name,
    is_number,
    is_roll,
    is_section,
    joined_texts,
    rows_below,
    share,
    texts_of,
)
from registrations.spreadsheets.context import ListContext
from registrations.spreadsheets.full_name import is_last_first
from registrations.spreadsheets.headers import Column, Header, as_meaning
from registrations.spreadsheets.meanings import NAME_PARTS, Meaning
from registrations.spreadsheets.sheet import Sheet
from registrations.spreadsheets.titles import (
    LONGEST_TITLE,
    class_word_of,
    is_about_others,
    meaning_of,
)
from registrations.students.classes import read_grade
from registrations.students.names import name_key

MOST = 0.8
"""The share of the cells that makes a column what these cells are."""
_MORE_THAN_HALF = 0.6


def refined(sheet: Sheet, header: Header, context: ListContext) -> Header:
    """Return the header with the columns whose cells say something else than their titles, or say it at all.

    A column of addresses is the e-mail column if there is no other; of several equal titles the one whose cells fit
    is used; marks of an exam are no school grade; a column that names the fest's events holds events.
    """
    rows = rows_below(sheet, header)
    cells = {column.position: texts_of(rows, column.position) for column in header.columns}
    columns = _Columns(header.columns, cells, context)
    columns.joined = {column.position: joined_texts(rows, column.position) for column in header.columns}
    columns.correct()
    return Header(header.row, tuple(columns.columns))


class _Columns:
    """The columns of one list while their meanings are corrected, one rule after the other."""

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

    def correct(self) -> None:
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
        self._find_last_first()

    @property
    def _tests(self) -> dict[Meaning, Callable[[str], bool]]:
        return {Meaning.NAME: is_name, Meaning.GRADE: self._is_grade, Meaning.EMAIL: is_address}

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
            if len(texts) > 1 and share(texts, lambda text: bool(SCORE.fullmatch(text))) >= MOST:
                self._set(column, Meaning.NONE)
        for column in self._of(Meaning.EVENT_MARK):
            texts = self.cells[column.position]
            if share(texts, lambda text: read_mark(text) is None and is_number(text)) >= MOST:
                self._set(column, Meaning.NONE)

    def _prefer_roll_numbers(self) -> None:
        """Beside an admission number, use the roll number."""
        for column in self._of(Meaning.NONE):
            if column.is_repeated and meaning_of(column.title) == Meaning.ROLL_NUMBER and is_roll(column):
                for other in self._of(Meaning.ROLL_NUMBER):
                    if not is_roll(other):
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
            if share(self.cells[column.position], is_anonymous) >= MOST:
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
        for meaning, is_one in ((Meaning.GRADE, self._is_grade), (Meaning.SECTION, is_section)):
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
            is_class = share(texts, lambda text: bool(HAS_LETTER.fullmatch(text)))
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

    def _find_last_first(self) -> None:
        """Read "Rao, Asha" as "Asha Rao" where most names are written so."""
        for column in self._of(Meaning.NAME):
            texts = self.cells[column.position]
            if len(texts) > 1 and share(texts, is_last_first) > _MORE_THAN_HALF and not self._of(*NAME_PARTS):
                self._set(column, Meaning.LAST_FIRST)


_UNDERSTOOD: dict[Meaning, Callable[[str], bool]] = {
    Meaning.STATUS: lambda text: name_key(text) in GONE | PRESENT,
    Meaning.ROLE: lambda text: name_key(text) in OTHER_ROLES | STUDENT_ROLES,
    Meaning.ENABLED: lambda text: read_mark(text) is not None,
}
