"""Find the title row of a sheet and what each column means."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from registrations.spreadsheets.cells import is_given, read_mark
from registrations.spreadsheets.errors import Budget
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.meanings import (
    LABELS,
    SINGLE,
    STUDENT_MEANINGS,
    Meaning,
)
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.titles import is_about_others, meaning_below, meaning_of
from techfest.core.text import has_mark_run

NO_EVENTS = EventIndex({})
MAX_EXAMINED_ROWS = 100
"""A letterhead may take many rows above the titles."""
_MAX_EXAMINED_CELLS = 3_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `position` counts from 0, `event` is the slug of the event whose marks it holds.

    A column of answers has the name of its question there.
    """

    position: int
    title: str
    meaning: Meaning
    event: str = ""
    is_repeated: bool = False
    """An earlier column has the same meaning, so this one is not used."""

    @property
    def letter(self) -> str:
        """The column's name in a spreadsheet: A, Z, AA."""
        letters, rest = "", self.position + 1
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(65 + letter) + letters
        return letters

    @property
    def is_extra(self) -> bool:
        """Whether the column is not used; serial numbers and our own problem column are not reported."""
        return self.meaning in (Meaning.NONE, Meaning.IGNORED)


@dataclass(frozen=True, slots=True)
class Header:
    """The number of the title row (0 if there is none) and the columns from left to right."""

    row: int
    columns: tuple[Column, ...]

    @property
    def extra(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.is_extra and column.title)

    @property
    def missing(self) -> tuple[Meaning, ...]:
        """The columns without which no student can be read. A last name alone is no name."""
        found = {column.meaning for column in self.columns}
        has_name = not found.isdisjoint((Meaning.NAME, Meaning.GIVEN_NAME, Meaning.LAST_FIRST))
        wanted = ((Meaning.NAME, has_name), (Meaning.GRADE, Meaning.GRADE in found))
        return tuple(meaning for meaning, is_there in wanted if not is_there)

    @property
    def problem(self) -> str:
        """A sentence about missing columns; empty if students can be read."""
        missing = [str(LABELS[meaning]) for meaning in self.missing]
        if not missing:
            return ""
        if len(missing) == 1:
            return _(
                "The list has no column “%(column)s”. Write this title above the column that holds it."
            ) % {"column": missing[0]}
        return _("The list must have a row with the titles “Name” and “Grade” above the students.")


def find_header(sheet: Sheet, events: EventIndex = NO_EVENTS, budget: Budget | None = None) -> Header:
    """Return the row of titles among the top rows: the one with the most recognised columns, or two such rows together.

    At least two columns must be recognised, or all if there are fewer; otherwise the first row is taken for titles,
    and `problem` says so. A column with the name of an event as its title holds marks. Raises `FileRefused` once the
    time is used up.
    """
    titles = _Titles(sheet, events)
    best, at, rank = Header(0, ()), 0, (False, 0, 0.0)
    for position, row in enumerate(_top_rows(sheet)):
        if budget:
            budget.check()
        columns = titles.columns(row)
        if (found := _rank(columns, sheet.width)) > rank:
            best, at, rank = Header(row.number, columns), position, found
    if best.columns:
        return titles.with_second_row(at, best)
    return Header(sheet.rows[0].number, titles.columns(sheet.rows[0])) if sheet.rows else best


def header_in(sheet: Sheet, number: int, events: EventIndex = NO_EVENTS) -> Header:
    """Return the columns as the row of this number titles them."""
    row = next(row for row in sheet.rows if row.number == number)
    return Header(number, _Titles(sheet, events).columns(row))


def looks_like_titles(row: Row) -> bool:
    """Return whether most cells of a row are titles, as where a page break repeats them."""
    columns = _Titles(Sheet((row,)), NO_EVENTS).columns(row)
    recognised = [
        column for column in columns if column.meaning in STUDENT_MEANINGS and not column.is_repeated
    ]
    return len(recognised) > 1 and len(recognised) * 2 > sum(map(bool, row.cells))


def _top_rows(sheet: Sheet) -> Iterator[Row]:
    """Yield the rows that may be titles."""
    cells = 0
    for row in sheet.rows[:MAX_EXAMINED_ROWS]:
        cells += len(row.cells)
        if cells > _MAX_EXAMINED_CELLS + len(row.cells):
            return
        yield row


def _rank(columns: Sequence[Column], width: int) -> tuple[bool, int, float]:
    """Return how well these columns are titled: more is better.

    Pairs of a label and its value, like "Class | 9A | Section | A" in a letterhead, only count if nothing else does.
    """
    is_known = [column.meaning != Meaning.NONE and not column.is_repeated for column in columns]
    recognised, filled = sum(is_known), sum(bool(column.title) for column in columns)
    if recognised < min(2, width) or not any(column.meaning in STUDENT_MEANINGS for column in columns):
        return False, 0, 0.0
    return not _are_pairs(columns), recognised, recognised / filled


def _are_pairs(columns: Sequence[Column]) -> bool:
    """Return whether each label has its value beside it, as in a letterhead."""
    labels = [at for at, column in enumerate(columns) if column.meaning != Meaning.NONE]
    after = [columns[at + 1] for at in labels if at + 1 < len(columns)]
    return len(after) == len(labels) and all(
        column.title and column.meaning == Meaning.NONE and not column.is_repeated for column in after
    )


class _Titles:
    """Reads rows of one sheet as titles."""

    def __init__(self, sheet: Sheet, events: EventIndex) -> None:
        self.sheet, self.width, self.events = sheet, sheet.width, events

    def columns(self, row: Row) -> tuple[Column, ...]:
        return self._columns([("", title) for title in self._texts(row)], row)

    def with_second_row(self, at: int, header: Header) -> Header:
        """Return the header joined with a row of wider titles above it, or of narrower ones below it."""
        rows = self.sheet.rows
        if at and rows[at - 1].number == rows[at].number - 1 and not self._is_letterhead(rows[at - 1]):
            above = self._joined(rows[at - 1], rows[at])
            if above and set(above.missing) <= set(header.missing):
                return above
        if at + 1 < len(rows) and rows[at + 1].number == rows[at].number + 1:
            below = self._joined(rows[at], rows[at + 1])
            if below and _count(below) > _count(header):
                return below
        return header

    def _is_letterhead(self, row: Row) -> bool:
        columns = self.columns(row)
        has_labels = any(column.meaning != Meaning.NONE for column in columns)
        return any(":" in cell for cell in row.cells) or (has_labels and _are_pairs(columns))

    def _joined(self, upper: Row, lower: Row) -> Header | None:
        """Return two rows of titles as one, or None where a title of its own has another cell below it."""
        above, below = self._texts(upper), self._texts(lower)
        titles: list[tuple[str, str]] = []
        group = ""
        for at, (wide, narrow) in enumerate(zip(above, below, strict=True)):
            group = wide or (group if narrow else "")
            is_group = at + 1 < self.width and not above[at + 1] and bool(below[at + 1])
            is_cell = bool(narrow) and wide != narrow and not meaning_of(narrow)
            if is_cell and meaning_of(wide) and not is_group:
                return None
            titles.append(("", wide) if not narrow or wide == narrow else (group, narrow))
        if not any(group for group, _title in titles):
            return None
        return Header(lower.number, self._columns(titles, lower))

    def _texts(self, row: Row) -> list[str]:
        return [" ".join(row.cell(position).split()) for position in range(self.width)]

    def _columns(self, titles: Sequence[tuple[str, str]], row: Row) -> tuple[Column, ...]:
        """Return the columns with these titles, each with the wider title above it, if any."""
        columns: list[Column] = []
        keys = {title.casefold() for _group, title in titles if len(title) <= len("First")}
        for position, (group, title) in enumerate(titles):
            meaning, event = self._meaning(group, title)
            if event and self._is_event(meaning, row, position):
                meaning = Meaning.EVENT_MARK
            else:
                event = ""
                if meaning == Meaning.NONE and keys >= _PAIR.keys():
                    meaning = _PAIR.get(title.casefold(), meaning)
            if columns and meaning == columns[-1].meaning and title != columns[-1].title:
                meaning = _NEXT_PART.get(meaning, meaning)
            repeated = meaning in SINGLE and any(column.meaning == meaning for column in columns)
            shown = f"{group} {title}" if group and is_about_others(group) else title
            columns.append(Column(position, shown, Meaning.NONE if repeated else meaning, event, repeated))
        return tuple(columns)

    def _meaning(self, group: str, title: str) -> tuple[Meaning, str]:
        """Return what the words of a title say, and the slug of the event that it names."""
        if not title or has_mark_run(title):
            return Meaning.NONE, ""
        return meaning_below(group, title), self.events.title(title)

    def _is_event(self, meaning: Meaning, title: Row, position: int) -> bool:
        """Return whether a title that is the name of an event is meant as one.

        “Workshop 1” may also be a title above names of events: then the cells below decide, which say yes or no.
        """
        if meaning not in (Meaning.EVENTS, Meaning.NUMBER):
            return meaning == Meaning.NONE
        below = (row for row in self.sheet.rows if row.number > title.number)
        cells = [text for row in below if is_given(text := row.cell(position))]
        has_marks = bool(cells) and all(read_mark(text) is not None for text in cells)
        return has_marks and not all(self.events.whole(text).slugs for text in cells)


_PAIR = {"first": Meaning.GIVEN_NAME, "last": Meaning.FAMILY_NAME}
"""Titles that are names only beside each other; "first" alone may be a choice."""


_NEXT_PART = {
    Meaning.GIVEN_NAME: Meaning.MIDDLE_NAME,
    Meaning.FAMILY_NAME: Meaning.SECOND_FAMILY_NAME,
}
"""What a second title of one meaning is directly beside the first: "First name 1" and "First name 2" of one student."""


def _count(header: Header) -> int:
    return sum(column.meaning != Meaning.NONE for column in header.columns)


def as_meaning(column: Column, meaning: Meaning) -> Column:
    """Return the column with another meaning."""
    return replace(column, meaning=meaning, event="", is_repeated=False)


def cells_by_meaning(row: Row, columns: Iterable[Column]) -> dict[Meaning, str]:
    """Return the first filled cell of each meaning; a meaning whose cells are all empty has an empty text."""
    found: dict[Meaning, str] = {}
    for column in columns:
        if not found.get(column.meaning):
            found[column.meaning] = row.cell(column.position)
    return found
