"""The events of a row: names in cells, and marks under the names of events."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from registrations.spreadsheets.cells import read_mark
from registrations.spreadsheets.event_names import EventNames
from registrations.spreadsheets.headers import Column
from registrations.spreadsheets.listing import Code, Problem, RowProblems
from registrations.spreadsheets.meanings import Meaning
from registrations.spreadsheets.sheet import Row


class EventCells:
    """Reads the cells about events in the rows of one list."""

    def __init__(
        self, columns: Sequence[Column], events: EventNames, events_for_all: tuple[str, ...]
    ) -> None:
        self.columns, self.events, self.events_for_all = columns, events, events_for_all

    def read(self, row: Row, problems: RowProblems) -> tuple[str, ...]:
        """Return the events of all columns about events, or those for all if the row names none.

        Once a row has more problems than are shown, the rest of it is not read: it has to be corrected anyway.
        """
        slugs: list[str] = []
        has_unknown = False
        for column, text in self._event_cells(row):
            if problems.is_full:
                problems.skip(text)
            elif column.meaning == Meaning.EVENTS:
                found, unknown = self.events.read(row.number, text)
                slugs += found
                problems.extend(unknown)
                has_unknown = has_unknown or bool(unknown)
            else:
                slugs += self._marked(row, column, text, problems)
        if not slugs and not has_unknown:
            slugs += self.events_for_all
            if not slugs:
                text = _("Enter at least one event")
                problems.add(Problem(row.number, Meaning.EVENTS, Code.NO_EVENT, text))
        return tuple(dict.fromkeys(slugs))

    def _event_cells(self, row: Row) -> list[tuple[Column, str]]:
        """Return the cells about events, each with those of the untitled columns beside it, which continue it."""
        cells: list[tuple[Column, str]] = []
        for column in self.columns:
            text = row.cell(column.position)
            before, earlier = cells[-1] if cells else (column, "")
            is_more = before is not column and before.meaning == column.meaning == Meaning.EVENTS
            if is_more and not column.title:
                cells[-1] = before, f"{earlier}\n{text}" if text else earlier
            elif column.meaning in (Meaning.EVENTS, Meaning.EVENT_MARK):
                cells.append((column, text))
        return cells

    def _marked(self, row: Row, column: Column, text: str, problems: RowProblems) -> list[str]:
        events = self.events.of_column(column.event)
        says = read_mark(text)
        if says is None and self.events.read(row.number, text) == (events, []):
            # A form service writes the name of the event where it was ticked.
            says = True
        if says is None:
            problem = _("Under “%(event)s” write yes, or leave the cell empty") % {"event": column.title}
            problems.add(Problem(row.number, Meaning.EVENT_MARK, Code.MARK, problem, value=text))
        return events if says else []
