"""The columns of a draft: how each is read, how a teacher changes that, and the cells of a row by column."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils.translation import gettext as _

from registrations.class_lists.drafts import lock_idle_list
from registrations.class_lists.parse import Draft, is_title_row, stored_header
from registrations.models import ClassList, ClassListRow, Question
from registrations.spreadsheets.answers import column_title
from registrations.spreadsheets.cells import read_mark
from registrations.spreadsheets.event_names import EventNames
from registrations.spreadsheets.full_name import full_name
from registrations.spreadsheets.headers import Column, cells_by_meaning
from registrations.spreadsheets.meanings import LABELS, NAME_MEANINGS, NAME_PARTS, ROW_MARKS, SINGLE, Meaning
from registrations.spreadsheets.sheet import Row
from registrations.students.names import clean_text
from techfest.core.spreadsheet_cells import unguarded

SAMPLES = 3


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column on the page, with sample texts; `chosen` is the selected value of its choices."""

    column: Column
    samples: tuple[str, ...]
    chosen: str


def shown_columns(draft: Draft) -> list[ShownColumn]:
    """Return all columns from left to right, each with the first different texts in it."""
    return [
        ShownColumn(column, _samples(draft, column), _value(column.meaning, column.event))
        for column in draft.header.columns
        if column.title or _samples(draft, column)
    ]


def unused_titles(draft: Draft) -> list[str]:
    """Return the titles of the columns that are not used, by the draft's own reading or by a teacher's choice."""
    return [clean_text(column.title)[:60] for column in draft.header.extra]


def choices(events: Mapping[str, str], questions: Mapping[str, Question]) -> list[tuple[str, str]]:
    """Return what a column may be read as, as choices of a form field."""
    marks = [
        (_value(Meaning.EVENT_MARK, slug), _("Yes or no: %(event)s") % {"event": name})
        for slug, name in events.items()
    ]
    asked = [
        (_value(Meaning.ANSWER, key), _("Answer: %(question)s") % {"question": column_title(one)[:80]})
        for key, one in questions.items()
    ]
    labels = [(str(meaning), str(label)) for meaning, label in LABELS.items()]
    parts = [(str(meaning), str(label)) for meaning, label in NAME_PARTS.items()]
    told = [(str(meaning), str(label)) for meaning, label in ROW_MARKS.items()]
    return [labels[0], *parts, *labels[1:], *marks, *asked, *told, ("", _("Not used"))]


def title_row_of(draft: Draft) -> ClassListRow | None:
    """Return the row taken for titles although none of them was recognised: it may be a student."""
    return next((row for row in draft.left_out if is_title_row(row, draft.class_list.columns)), None)


def change_columns(
    class_list: ClassList,
    sent: QueryDict,
    *,
    events: Mapping[str, str],
    questions: Mapping[str, Question] | None = None,
) -> None:
    """Read the columns as chosen; anything that is not a choice of the page is ignored.

    Only one column may hold names, grades and so on: of two such columns the one chosen now wins. Raises
    `ActionRejected` while a worker registers the list, and `ListDeleted` if it was deleted.
    """
    known = dict(choices(events, questions or {}))
    with transaction.atomic():
        words = _("The list is being registered. Wait until that is done, then change the columns.")
        locked = lock_idle_list(class_list, words)
        chosen = {
            at: sent.get(f"column-{at}", "?")
            for at in range(len(locked.columns))
            if sent.get(f"column-{at}", "?") in known
        }
        _read_as(locked.columns, chosen)
        if "events_sent" in sent:
            locked.events_for_all = [slug for slug in events if slug in sent.getlist("events_for_all")]
        if sent.get("first_is_student"):
            read_title_row_as_student(locked)
        locked.updated_at = Now()
        locked.save(update_fields=["columns", "events_for_all", "updated_at"])


def read_title_row_as_student(class_list: ClassList) -> None:
    """Read the title row as a student and name the columns by their letters."""
    for row in class_list.rows.filter(done_at=None, is_left_out=True).order_by("number")[:1]:
        if is_title_row(row, class_list.columns):
            ClassListRow.objects.filter(pk=row.pk).update(is_left_out=False)
            for at, column in enumerate(class_list.columns):
                if column[1] == Meaning.EVENT_MARK:
                    # A title that matched an event's name is a student's event.
                    column[1:] = [str(Meaning.EVENTS), ""]
                column[0] = _("Column %(letter)s") % {"letter": Column(at, "", Meaning.NONE).letter}


def _read_as(columns: list[list[str]], chosen: Mapping[int, str]) -> None:
    """Write the choices into the columns."""
    new = {at for at, value in chosen.items() if value != _value(Meaning(columns[at][1]), columns[at][2])}
    for at in sorted(new):
        meaning, _colon, event = chosen[at].partition(":")
        columns[at][1:] = [meaning, event]
    for at, value in chosen.items():
        if not value and columns[at][1] == Meaning.NONE:
            # Seen by the teacher, so it is not asked about again.
            columns[at][1] = str(Meaning.IGNORED)
    for meaning in SINGLE:
        same = [at for at, column in enumerate(columns) if column[1] == meaning]
        kept = next((at for at in same if at in new), same[0] if same else None)
        for at in same:
            if at != kept:
                columns[at][1:] = [str(Meaning.IGNORED), ""]


def _value(meaning: Meaning, event: str) -> str:
    if meaning in (Meaning.NUMBER, Meaning.PROBLEM, Meaning.SHEET, Meaning.IGNORED):
        return ""
    return f"{meaning}:{event}" if event else str(meaning)


def _samples(draft: Draft, column: Column) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in draft.rows:
        cell = row.cell(column.position)
        if cell and not (row.is_left_out and is_title_row(row, draft.class_list.columns)):
            found[clean_text(cell)[:40]] = None
        if len(found) == SAMPLES:
            break
    return tuple(text for text in found if text)


class RowCells:
    """The cells of one row by meaning. Writing may add a column to the list; it never removes one."""

    def __init__(self, class_list: ClassList, row: ClassListRow) -> None:
        self.class_list, self.row = class_list, row
        self.columns = stored_header(class_list).columns

    def text(self, meaning: Meaning) -> str:
        """Return the shown text of a meaning; for events, the text of all their cells."""
        if meaning == Meaning.EVENTS:
            return "\n".join(self._cell(column) for column in self._event_columns())
        if meaning == Meaning.NAME:
            row = Row(0, tuple(unguarded(cell) for cell in self.row.cells))
            return full_name(cells_by_meaning(row, self.columns))
        return next((text for column in self._of(meaning) if (text := self._cell(column))), "")

    @property
    def answer_keys(self) -> list[str]:
        """Return the names of the questions that have a column."""
        return list(dict.fromkeys(column.event for column in self._of(Meaning.ANSWER)))

    def answer(self, key: str) -> str:
        """Return the text of the first filled cell of a question."""
        cells = (self._cell(column) for column in self._of(Meaning.ANSWER) if column.event == key)
        return next((text for text in cells if text), "")

    def write_answer(self, key: str, text: str) -> None:
        """Write the first cell of a question and empty the others."""
        columns = [column for column in self._of(Meaning.ANSWER) if column.event == key]
        for column in columns:
            self._put(column, "")
        self._put(columns[0], text)

    def write(self, meaning: Meaning, text: str) -> None:
        """Write the first cell of a meaning and empty the others: the first filled one is read."""
        if meaning == Meaning.NAME:
            columns = sorted(self._of(*NAME_MEANINGS), key=lambda one: NAME_MEANINGS.index(one.meaning))
        else:
            columns = list(self._of(meaning))
        columns = columns or [self._add(meaning)]
        for column in columns:
            self._put(column, "")
        self._put(columns[0], text)

    def choose_events(self, slugs: list[str], names: EventNames) -> None:
        """Write exactly these events: a mark where the event has a column, names in one cell for the rest."""
        for column in self._event_columns():
            self._put(column, "")
        marks = {column.event: column for column in self._of(Meaning.EVENT_MARK)}
        for slug in slugs:
            if slug in marks:
                self._put(marks[slug], "yes")
        if named := [slug for slug in slugs if slug not in marks]:
            self.write(Meaning.EVENTS, names.joined([], *named))

    def add_event(self, slug: str, names: EventNames) -> None:
        said = [self._cell(column) for column in self._of(Meaning.EVENTS)]
        self.write(Meaning.EVENTS, names.joined(said, slug))

    def replace_event(self, piece: str, slugs: Sequence[str], names: EventNames) -> None:
        """Write these events, or nothing, in place of a piece of text."""
        for column in self._of(Meaning.EVENTS):
            old = self._cell(column)
            if (new := names.replaced(old, piece, *slugs)) != old:
                self._put(column, new)

    def unclear_marks(self) -> list[Column]:
        """Return the columns of marks whose cell says neither yes nor no."""
        return [column for column in self._of(Meaning.EVENT_MARK) if read_mark(self._cell(column)) is None]

    def mark(self, position: int, says_yes: bool) -> None:
        for column in self._of(Meaning.EVENT_MARK):
            if column.position == position:
                self._put(column, "yes" if says_yes else "")

    def _event_columns(self) -> Iterator[Column]:
        yield from self._of(Meaning.EVENTS)
        yield from self._of(Meaning.EVENT_MARK)

    def _of(self, *meanings: Meaning) -> Iterator[Column]:
        return (column for column in self.columns if column.meaning in meanings)

    def _cell(self, column: Column) -> str:
        return unguarded(self.row.cell(column.position))

    def _put(self, column: Column, text: str) -> None:
        if self._cell(column) == text:
            return
        cells = self.row.cells
        cells += [""] * (column.position + 1 - len(cells))
        cells[column.position] = text

    def _add(self, meaning: Meaning) -> Column:
        self.class_list.columns.append([str(LABELS[meaning]), str(meaning), ""])
        self.columns = stored_header(self.class_list).columns
        return self.columns[-1]
