"""The cells of one row by what they mean: read as shown, written where they are read from."""

from collections.abc import Iterator

from registrations.class_lists.drafts import header_of_list
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.event_cells import EventNames, mark_of
from registrations.spreadsheets.headers import LABELS, Column, Meaning
from techfest.core.spreadsheet_cells import unguarded

TEXTS = (Meaning.NAME, Meaning.GRADE, Meaning.SECTION, Meaning.ROLL_NUMBER, Meaning.EMAIL)


class RowCells:
    """One row under the columns of its list. Writing may add a column to the list, never take one away."""

    def __init__(self, class_list: ClassList, row: ClassListRow) -> None:
        self.class_list, self.row = class_list, row
        self.columns = header_of_list(class_list).columns

    def text(self, meaning: Meaning) -> str:
        """What is shown of this meaning; for events, all that its cells say."""
        if meaning == Meaning.EVENTS:
            return "\n".join(self._cell(column) for column in self._event_columns())
        return next((text for column in self._of(meaning) if (text := self._cell(column))), "")

    def write(self, meaning: Meaning, text: str) -> None:
        """The one cell of this meaning; further ones are emptied, since the first filled one is read."""
        columns = list(self._of(meaning)) or [self._add(meaning)]
        for column in columns:
            self._put(column, "")
        self._put(columns[0], text)

    def choose_events(self, slugs: list[str], names: EventNames) -> None:
        """Exactly these events: marks where they have a column of their own, the rest as names in one cell."""
        for column in self._event_columns():
            self._put(column, "")
        marks = {column.event: column for column in self._of(Meaning.EVENT_MARK)}
        for slug in slugs:
            if slug in marks:
                self._put(marks[slug], "yes")
        if named := [names.written(slug) for slug in slugs if slug not in marks]:
            self.write(Meaning.EVENTS, "; ".join(named))

    def add_event(self, slug: str, names: EventNames) -> None:
        """One event more."""
        said = self.text_of_names()
        self.write(Meaning.EVENTS, "; ".join([*([said] if said else []), names.written(slug)]))

    def replace_event(self, piece: str, slug: str, names: EventNames) -> None:
        """This event in place of what was written, or nothing."""
        for column in self._of(Meaning.EVENTS):
            old = self._cell(column)
            if (new := names.replaced(old, piece, slug)) != old:
                self._put(column, new)

    def unclear_marks(self) -> list[Column]:
        """The columns of marks in which neither yes nor no stands."""
        return [column for column in self._of(Meaning.EVENT_MARK) if mark_of(self._cell(column)) is None]

    def mark(self, position: int, says_yes: bool) -> None:
        for column in self._of(Meaning.EVENT_MARK):
            if column.position == position:
                self._put(column, "yes" if says_yes else "")

    def text_of_names(self) -> str:
        return "; ".join(text for column in self._of(Meaning.EVENTS) if (text := self._cell(column)))

    def _event_columns(self) -> Iterator[Column]:
        yield from self._of(Meaning.EVENTS)
        yield from self._of(Meaning.EVENT_MARK)

    def _of(self, meaning: Meaning) -> Iterator[Column]:
        return (column for column in self.columns if column.meaning == meaning)

    def _cell(self, column: Column) -> str:
        cells = self.row.cells
        return unguarded(cells[column.position]) if column.position < len(cells) else ""

    def _put(self, column: Column, text: str) -> None:
        if self._cell(column) == text:
            return
        cells = self.row.cells
        cells += [""] * (column.position + 1 - len(cells))
        cells[column.position] = text

    def _add(self, meaning: Meaning) -> Column:
        self.class_list.columns.append([str(LABELS[meaning]), str(meaning), ""])
        self.columns = header_of_list(self.class_list).columns
        return self.columns[-1]
