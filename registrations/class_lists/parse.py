"""Read a class list: recognise its columns, turn its rows into students and problems."""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from events.models import Event, Fest
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.cells import is_given, read_grade
from registrations.spreadsheets.event_names import EventNames
from registrations.spreadsheets.headers import Column, Header, Meaning, find_header
from registrations.spreadsheets.listing import Listing
from registrations.spreadsheets.rows import read_listing
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.students.names import clean_text


def events_offered(fest: Fest) -> dict[str, str]:
    """Return the events that a class list of this fest may name, slug to name, in the order of their times."""
    events = Event.objects.published().filter(fest=fest).order_by("starts_at", "name", "pk")
    return dict(events.values_list("slug", "name"))


@dataclass(frozen=True, slots=True)
class ParsedList:
    """A sheet with its recognised columns, its students and all problems of all rows."""

    sheet: Sheet
    header: Header
    listing: Listing
    events: dict[str, str]

    def only(self, numbers: Collection[int]) -> "ParsedList":
        """Return the rows of these numbers, with the problems found when all rows were compared."""
        rows = tuple(row for row in self.sheet.rows if row.number in numbers)
        students = tuple(student for student in self.listing.students if student.row in numbers)
        problems = tuple(problem for problem in self.listing.problems if problem.row in numbers)
        return replace(self, sheet=replace(self.sheet, rows=rows), listing=Listing(students, problems))


def parse_sheet(sheet: Sheet, fest: Fest, *, events_for_all: Sequence[str] = ()) -> ParsedList:
    """Read a sheet for this fest: one query, nothing is written. Raises `FileRefused`.

    `events_for_all` are the slugs for rows that name no event. Columns without known titles are inferred from their
    contents, so the teacher must be shown how they are read. Without a column of names or grades there are no
    students yet, and `header.problem` says what is missing.
    """
    events = events_offered(fest)
    header = _by_slug(find_header(sheet, events.values()), events)
    if header.problem:
        header = infer_header(sheet, header, grades=fest.grades, events=events)
    listing = Listing(())
    if not header.problem:
        listing = read_listing(
            sheet, header, grades=fest.grades, events=events, events_for_all=events_for_all
        )
    return ParsedList(sheet, header, listing, events)


def _by_slug(header: Header, events: Mapping[str, str]) -> Header:
    """Return the columns of marks with the slugs of their events; a title is never a name that two events have."""
    slugs = {name: slug for slug, name in events.items()}
    columns = (
        replace(column, event=slugs[column.event]) if column.event else column for column in header.columns
    )
    return replace(header, columns=tuple(columns))


@dataclass(frozen=True, slots=True)
class Draft:
    """A class list with its unregistered rows, and what is read of those that are not left out."""

    class_list: ClassList
    rows: tuple[ClassListRow, ...]
    parsed: ParsedList

    @property
    def left_out(self) -> list[ClassListRow]:
        return [row for row in self.rows if row.is_left_out]

    @property
    def listing(self) -> Listing:
        return self.parsed.listing

    @property
    def header(self) -> Header:
        return self.parsed.header


def read_draft(class_list: ClassList) -> Draft:
    """Read the rows as they are now; two queries.

    Registered rows are read along, so that a row which resembles one of them keeps its warning.
    """
    events = events_offered(class_list.fest)
    rows = tuple(class_list.rows.order_by("number").select_related("job"))
    left = tuple(row for row in rows if row.done_at is None)
    found = read_rows(class_list, rows, events)
    return Draft(class_list, left, found.only({row.number for row in left}))


def read_rows(
    class_list: ClassList,
    rows: Sequence[ClassListRow],
    events: Mapping[str, str],
    *,
    compares_rows: bool = True,
) -> ParsedList:
    """Read these rows of the list together, without those left out. No query.

    With `compares_rows` each row is also compared with those before it, to find a student who is there twice.
    """
    header = stored_header(class_list, events)
    texts = tuple(Row(row.number, tuple(row.cells)) for row in rows if not row.is_left_out)
    sheet = Sheet(texts, class_list.encoding, class_list.is_guess)
    listing = Listing(())
    if not header.problem:
        listing = read_listing(
            sheet,
            header,
            grades=class_list.fest.grades,
            events=events,
            events_for_all=[slug for slug in class_list.events_for_all if slug in events],
            compares_rows=compares_rows,
        )
    return ParsedList(sheet, header, listing, dict(events))


def stored_header(class_list: ClassList, events: Mapping[str, str] | None = None) -> Header:
    """Return the stored columns as a header without a title row, because the titles are not among the stored rows.

    With `events`, a column of marks for an event that may no longer be named counts as not used.
    """
    columns = [
        Column(
            at,
            title,
            *(
                (Meaning.NONE, "")
                if events is not None and event not in ("", *events)
                else (Meaning(meaning), event)
            ),
        )
        for at, (title, meaning, event) in enumerate(class_list.columns)
    ]
    return Header(0, tuple(columns))


def is_title_row(row: ClassListRow, columns: Sequence[Sequence[str]]) -> bool:
    """Return whether this row was taken for titles although none of them was recognised."""
    titles = [title for title, _meaning, _event in columns]
    return any(titles) and [" ".join(cell.split()) for cell in row.cells] == titles[: len(row.cells)]


_LOOKED_AT = 50
"""The number of rows that are examined."""
_ENOUGH = 0.8


def infer_header(sheet: Sheet, header: Header, *, grades: range, events: Mapping[str, str]) -> Header:
    """Infer the columns from their contents if the titles are missing or unknown.

    Returns the given header unless names and grades are found. If the first row has a grade where the others have
    one, it is a student, and the columns are named by their letters.
    """
    is_top = bool(sheet.rows) and header.row == sheet.rows[0].number
    if not is_top or any(
        column.meaning not in (Meaning.NONE, Meaning.EVENT_MARK) for column in header.columns
    ):
        return header
    meanings = _meanings(sheet, grades, EventNames(events))
    if not {Meaning.NAME, Meaning.GRADE} <= set(meanings.values()):
        return header
    at = next(position for position, meaning in meanings.items() if meaning == Meaning.GRADE)
    is_student = read_grade(sheet.rows[0].cell(at)) is not None
    columns = (
        _column(column, meanings.get(column.position, Meaning.NONE), is_student) for column in header.columns
    )
    return Header(0 if is_student else header.row, tuple(columns))


def is_untitled(header: Header) -> bool:
    """Return whether the columns were inferred because there are no titles."""
    return header.row == 0 and bool(header.columns)


def _meanings(sheet: Sheet, grades: range, events: EventNames) -> dict[int, Meaning]:
    """Return position to meaning. Each meaning but events is given once; names come last, as any text may be one."""
    tests: dict[Meaning, Callable[[str], bool]] = {
        Meaning.EMAIL: lambda text: "@" in text,
        Meaning.EVENTS: lambda text: bool(events.read(0, text)[0]),
        Meaning.GRADE: lambda text: (found := read_grade(text)) is not None and found[0] in grades,
        Meaning.SECTION: lambda text: len(text) <= 2 and text.isalpha(),
        Meaning.NAME: lambda text: len(text) > 2 and not any(character.isdigit() for character in text),
    }
    found: dict[int, Meaning] = {}
    for meaning, is_one in tests.items():
        for position in range(sheet.width):
            texts = _texts(sheet, position)
            is_free = position not in found and (meaning == Meaning.EVENTS or meaning not in found.values())
            if is_free and texts and not _counts(texts) and sum(map(is_one, texts)) >= _ENOUGH * len(texts):
                found[position] = meaning
    return found


def _texts(sheet: Sheet, position: int) -> list[str]:
    """Return the filled cells below the first row, which may be a title."""
    cells = (clean_text(row.cell(position)) for row in sheet.rows[1 : _LOOKED_AT + 1])
    return [text for text in cells if is_given(text)]


def _counts(texts: Sequence[str]) -> bool:
    """Return whether the texts count 1, 2, 3; such a column holds no grades. The first row was skipped."""
    numbers = [int(text) for text in texts if text.isdecimal()]
    is_long = len(numbers) == len(texts) > 2 and numbers[0] <= 2
    return is_long and all(after - before == 1 for before, after in itertools.pairwise(numbers))


def _column(column: Column, meaning: Meaning, is_student: bool) -> Column:
    title = _("Column %(letter)s") % {"letter": column.letter} if is_student else column.title
    return Column(column.position, title, meaning)
