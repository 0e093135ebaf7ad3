"""Read a class list: recognise its columns, turn its rows into students and problems."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from events.cache import cached_fest
from events.models import Event, Fest
from registrations.models import ClassList, ClassListRow, Question
from registrations.questions.asked import asked_now, cached_questions
from registrations.spreadsheets.answers import column_key, with_answers
from registrations.spreadsheets.combined import Table
from registrations.spreadsheets.context import ListContext, list_context
from registrations.spreadsheets.headers import Column, Header
from registrations.spreadsheets.left_out import NO_STUDENT, Reason, earlier_answers, rows_left_out
from registrations.spreadsheets.listing import Listing
from registrations.spreadsheets.meanings import NAME_MEANINGS, STUDENT_MEANINGS, Meaning
from registrations.spreadsheets.rows import read_listing
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.spreadsheets.tables import find_table
from registrations.spreadsheets.untitled import infer_header
from techfest.core.db.clock import database_now


def events_offered(fest: Fest) -> dict[str, str]:
    """Return the events that a class list of this fest may name, slug to name, in the order of their times."""
    events = Event.objects.published().filter(fest=fest).order_by("starts_at", "name", "pk")
    return dict(events.values_list("slug", "name"))


def questions_offered(fest: Fest) -> dict[str, Question]:
    """Return the questions that columns of a class list may answer, by the name of the column.

    Those of the current fest come from its snapshot, so a list of it costs no query more.
    """
    current = cached_fest()
    is_current = current.fest is not None and current.fest.pk == fest.pk
    asked = cached_questions(current) if is_current else asked_now(fest, database_now())
    return {column_key(one): one for one in asked}


@dataclass(frozen=True, slots=True)
class ParsedList:
    """A sheet with its recognised columns, its students and all problems of all rows."""

    sheet: Sheet
    header: Header
    listing: Listing
    events: dict[str, str]
    left_out: Mapping[int, Reason] = field(default_factory=dict)
    """The rows below the titles that are no students to register, as the file was uploaded."""
    questions: Mapping[str, Question] = field(default_factory=dict)
    table: Table | None = None
    """The table as it was found in the file; None for rows of a draft."""

    @property
    def has_students(self) -> bool:
        """Whether there is a row of a student, even if it is left out."""
        return bool(self.listing.students) or not NO_STUDENT.issuperset(self.left_out.values())

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
    return parse_file(
        sheet,
        grades=fest.grades,
        events=events_offered(fest),
        questions=questions_offered(fest),
        events_for_all=events_for_all,
    )


def parse_file(
    sheet: Sheet,
    *,
    grades: range,
    events: dict[str, str],
    questions: Mapping[str, Question] | None = None,
    events_for_all: Sequence[str] = (),
) -> ParsedList:
    """Read a sheet for these grades, events (slug to name) and questions. No query."""
    is_paste = sheet.encoding == "paste"
    context = list_context(grades=grades, events=events, questions=questions, is_paste=is_paste)
    table = _table(sheet, context)
    table = replace(table, header=with_answers(table.header, context.questions))
    left_out = _left_out(table, context)
    listing = Listing(())
    if not table.header.problem:
        for _again in range(2):
            listing = read_listing(
                _without(table.sheet, left_out),
                table.header,
                context,
                events_for_all=events_for_all,
            )
            replaced = earlier_answers(table.sheet, table.header, listing.students)
            if not replaced:
                break
            left_out |= dict.fromkeys(replaced, Reason.EARLIER)
    return ParsedList(table.sheet, table.header, listing, events, left_out, context.questions, table)


def _table(sheet: Sheet, context: ListContext) -> Table:
    """Return the table in the file; without titles, the first sheet whose columns can be told by their contents."""
    table = find_table(sheet, context)
    if not table.header.problem or any(column.meaning in STUDENT_MEANINGS for column in table.header.columns):
        return table
    for one in (sheet, *sheet.siblings):
        found = find_table(replace(one, siblings=()), context)
        header = infer_header(found.sheet, found.header, context)
        if not header.problem:
            names = tuple(other.name for other in (sheet, *sheet.siblings) if other is not one and other.name)
            return Table(replace(one, siblings=(), other_names=names), header)
    return table


def _left_out(table: Table, context: ListContext) -> dict[int, Reason]:
    """Return the rows that are left out when the file is uploaded: what is no student, and the sheets not chosen."""
    if table.header.problem and not _has_names(table.header):
        return {}
    left_out = rows_left_out(table.sheet, table.header, context.budget)
    if len(table.chosen) < len(table.sheets):
        position = next(column.position for column in table.header.columns if column.meaning == Meaning.SHEET)
        for row in table.sheet.rows:
            if row.number > table.header.row and row.cell(position) not in table.chosen:
                left_out.setdefault(row.number, Reason.SHEET)
    return left_out


def _has_names(header: Header) -> bool:
    return any(column.meaning in NAME_MEANINGS for column in header.columns)


def _without(sheet: Sheet, left_out: Mapping[int, Reason]) -> Sheet:
    return replace(sheet, rows=tuple(row for row in sheet.rows if row.number not in left_out))


@dataclass(frozen=True, slots=True)
class Draft:
    """A class list with its unregistered rows, and what is read of those that are not left out."""

    class_list: ClassList
    rows: tuple[ClassListRow, ...]
    parsed: ParsedList

    @property
    def is_done(self) -> bool:
        """Whether no student is left to register or to put back."""
        return all(row.left_out_reason in NO_STUDENT for row in self.rows)

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
    found = read_rows(class_list, rows, events, questions_offered(class_list.fest))
    return Draft(class_list, left, found.only({row.number for row in left}))


def read_rows(
    class_list: ClassList,
    rows: Sequence[ClassListRow],
    events: Mapping[str, str],
    questions: Mapping[str, Question],
    *,
    compares_rows: bool = True,
) -> ParsedList:
    """Read these rows of the list together, without those left out. No query.

    With `compares_rows` each row is also compared with those before it, to find a student who is there twice.
    """
    header = stored_header(class_list, {**events, **questions})
    texts = tuple(Row(row.number, tuple(row.cells)) for row in rows if not row.is_left_out)
    sheet = Sheet(texts, class_list.encoding, class_list.is_guess)
    listing = Listing(())
    if not header.problem:
        listing = read_listing(
            sheet,
            header,
            list_context(
                grades=class_list.fest.grades,
                events=events,
                questions=questions,
                is_paste=sheet.encoding == "paste",
            ),
            events_for_all=[slug for slug in class_list.events_for_all if slug in events],
            compares_rows=compares_rows,
        )
    return ParsedList(sheet, header, listing, dict(events), questions=questions)


def stored_header(class_list: ClassList, known: Mapping[str, Any] | None = None) -> Header:
    """Return the stored columns as a header without a title row, because the titles are not among the stored rows.

    With the `known` events and questions, a column of marks for an event that may no longer be named counts as not
    used, and so does one of answers to a question that is not asked any more.
    """
    columns = [
        Column(
            at,
            title,
            *(
                (Meaning.NONE, "")
                if known is not None and event not in ("", *known)
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
