"""What a draft asks about itself above the table, and the answers: sheets, row of titles, grade, e-mail column.

Only the addresses must be answered before the list is confirmed. An answer changes rows that are neither registered
nor part of an unfinished job.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.booking.errors import ActionRejected
from registrations.class_lists.drafts import lock_idle_list, stored_columns
from registrations.class_lists.parse import (
    Draft,
    events_offered,
    is_title_row,
    questions_offered,
    read_draft,
)
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.answers import with_answers
from registrations.spreadsheets.class_names import class_of
from registrations.spreadsheets.contents import holds_addresses, readable
from registrations.spreadsheets.context import list_context
from registrations.spreadsheets.headers import Column, header_in
from registrations.spreadsheets.left_out import NO_STUDENT, Reason, row_text, rows_left_out
from registrations.spreadsheets.meanings import LABELS, Meaning
from registrations.spreadsheets.refined import refined
from registrations.spreadsheets.sheet import Row, Sheet
from registrations.students.fields import StudentFields

_BUSY = gettext_lazy("The list is being registered. Wait until that is done.")
MAX_TITLE_ROWS = 40
"""Rows that are offered as the row of titles."""


@dataclass(frozen=True, slots=True)
class SheetChoice:
    """A sheet, or a table side by side with others, whose rows are in the draft."""

    name: str
    is_read: bool
    rows: int
    first: int
    last: int


def sheets_of(draft: Draft) -> list[SheetChoice]:
    """Return the sheets of the draft in their order; empty if there is only one."""
    position = _sheet_position(draft.class_list)
    if position is None:
        return []
    found: dict[str, list[ClassListRow]] = {}
    for row in draft.rows:
        if (name := row.cell(position)) and row.left_out_reason not in NO_STUDENT:
            found.setdefault(name, []).append(row)
    return [
        SheetChoice(
            name,
            any(row.left_out_reason != Reason.SHEET for row in rows),
            len(rows),
            rows[0].number,
            rows[-1].number,
        )
        for name, rows in found.items()
    ]


def choose_sheets(class_list: ClassList, names: Sequence[str]) -> None:
    """Read the rows of these sheets and no others. Raises `ActionRejected` without one, and while at work."""
    with transaction.atomic():
        locked = _locked(class_list)
        position = _sheet_position(locked)
        rows = _open_rows(locked)
        if position is None or not any(row.cell(position) in names for row in rows):
            raise ActionRejected(_("Tick at least one of them."))
        for row in rows:
            is_wanted = row.cell(position) in names
            if row.left_out_reason == Reason.SHEET and is_wanted:
                row.is_left_out, row.left_out_reason = False, ""
            elif not row.is_left_out and not is_wanted:
                row.is_left_out, row.left_out_reason = True, str(Reason.SHEET)
        _save(locked, rows)


def _sheet_position(class_list: ClassList) -> int | None:
    meanings = [meaning for _title, meaning, _event in class_list.columns]
    return meanings.index(Meaning.SHEET) if Meaning.SHEET in meanings else None


def title_rows(draft: Draft) -> list[tuple[int, str]]:
    """Return number and text of the rows that may hold the titles, if none was recognised."""
    if Meaning.NAME not in draft.header.missing:
        return []
    return [(row.number, row_text(row.cells)) for row in draft.rows[:MAX_TITLE_ROWS] if row.done_at is None]


def choose_title_row(class_list: ClassList, number: int) -> None:
    """Take this row for the titles, and leave out it and those above. Raises `ActionRejected` for an unknown row."""
    with transaction.atomic():
        locked = _locked(class_list)
        rows = _open_rows(locked)
        if number not in {row.number for row in rows}:
            raise ActionRejected(_("Choose the row of titles."))
        for row in rows:
            if row.left_out_reason in NO_STUDENT or is_title_row(row, locked.columns):
                row.is_left_out, row.left_out_reason = False, ""
        events = events_offered(locked.fest)
        sheet = Sheet(tuple(Row(row.number, tuple(row.cells)) for row in rows))
        offered = questions_offered(locked.fest)
        context = list_context(grades=locked.fest.grades, events=events, questions=offered)
        header = refined(sheet, header_in(sheet, number, context.events.index), context)
        header = with_answers(header, offered)
        locked.columns = stored_columns(header)
        reasons = rows_left_out(sheet, header, context.budget) if not header.problem else {}
        for row in rows:
            reason = Reason.ABOVE if row.number <= number else reasons.get(row.number)
            if reason and not row.is_left_out:
                row.is_left_out, row.left_out_reason = True, str(reason)
        _save(locked, rows, "columns")


@dataclass(frozen=True, slots=True)
class GradeQuestion:
    """The question for the grade of all students, with what the names of file and sheet suggest."""

    grades: Sequence[int]
    grade: int
    section: str


def grade_question(draft: Draft) -> GradeQuestion | None:
    """Return the question if the list has names and no column of grades."""
    if draft.header.missing != (Meaning.GRADE,):
        return None
    grades = draft.class_list.fest.grades
    for text in (draft.class_list.sheet, draft.class_list.title.rpartition(".")[0] or draft.class_list.title):
        if found := class_of(text, grades):
            return GradeQuestion(grades, *found)
    return GradeQuestion(grades, 0, "")


def set_grade(class_list: ClassList, grade: str, section: str) -> None:
    """Write one grade into all rows. Raises `ActionRejected` for a grade that the fest does not have."""
    with transaction.atomic():
        locked = _locked(class_list)
        if Meaning.GRADE in {meaning for _title, meaning, _event in locked.columns}:
            return
        if grade not in map(str, locked.fest.grades):
            raise ActionRejected(_("Choose the grade of the students."))
        try:
            section = StudentFields.base_fields["section"].clean(section)
        except ValidationError as error:
            raise ActionRejected(" ".join(error.messages)) from None
        rows = _open_rows(locked)
        position = len(locked.columns)
        locked.columns.append([str(LABELS[Meaning.GRADE]), str(Meaning.GRADE), ""])
        for row in rows:
            row.cells += [""] * (position + 1 - len(row.cells))
            row.cells[position] = f"{grade} {section}".strip()
        _save(locked, rows, "columns")


@dataclass(frozen=True, slots=True)
class AddressColumn:
    """A column that holds e-mail addresses."""

    column: Column
    samples: tuple[str, ...]
    is_used: bool


def address_columns(draft: Draft) -> list[AddressColumn]:
    """Return the columns of addresses, if one of them is not used and the teacher did not say so."""
    rows = [row for row in draft.rows if not row.is_left_out]
    found = []
    for column in draft.header.columns:
        if column.meaning in (Meaning.NONE, Meaning.EMAIL):
            texts = [text for row in rows if (text := readable(row.cell(column.position)))]
            if column.meaning == Meaning.EMAIL or holds_addresses(texts):
                samples = tuple(text[:60] for text in dict.fromkeys(texts[:3]))
                found.append(AddressColumn(column, samples, column.meaning == Meaning.EMAIL))
    return found if any(not one.is_used for one in found) else []


def choose_address_column(class_list: ClassList, chosen: str) -> None:
    """Use this column for the e-mail, "none" for none of them; the other columns of addresses are set aside."""
    with transaction.atomic():
        locked = _locked(class_list)
        offered = {str(one.column.position): one.column for one in address_columns(read_draft(locked))}
        if chosen not in (*offered, "none"):
            raise ActionRejected(_("Choose which column holds the addresses for the tickets."))
        for value, column in offered.items():
            meaning = Meaning.EMAIL if value == chosen else Meaning.IGNORED
            locked.columns[column.position][1:] = [str(meaning), ""]
        _save(locked, [], "columns")


def obstacle(draft: Draft) -> str:
    """Return what must be answered before the list is confirmed, or an empty text."""
    if address_columns(draft):
        return _("Choose first which column holds the e-mail addresses for the tickets.")
    return ""


def _locked(class_list: ClassList) -> ClassList:
    return lock_idle_list(class_list, str(_BUSY))


def _open_rows(class_list: ClassList) -> list[ClassListRow]:
    return list(class_list.rows.filter(done_at=None).order_by("number"))


def _save(class_list: ClassList, rows: Sequence[ClassListRow], *fields: str) -> None:
    ClassListRow.objects.bulk_update(rows, ["cells", "is_left_out", "left_out_reason"], batch_size=200)
    class_list.updated_at = Now()
    class_list.save(update_fields=[*fields, "updated_at"])
