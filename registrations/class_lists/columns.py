"""How the columns of a draft are read: shown with a sample of what stands in them, and changed by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils.translation import gettext as _

from registrations.class_lists.drafts import Draft, is_title_row
from registrations.class_lists.locking import lock_list, require_idle
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.headers import LABELS, Column, Meaning
from registrations.students.names import clean_text

SAMPLES = 3
_SINGLE = (Meaning.NAME, Meaning.GRADE, Meaning.SECTION, Meaning.ROLL_NUMBER, Meaning.EMAIL)


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """A column as the page shows it; `chosen` is the value of its choice."""

    column: Column
    samples: tuple[str, ...]
    chosen: str


def shown_columns(draft: Draft) -> list[ShownColumn]:
    """All columns from left to right, each with the first different texts in it."""
    return [
        ShownColumn(column, _samples(draft, column), _value(column.meaning, column.event))
        for column in draft.header.columns
        if column.title or _samples(draft, column)
    ]


def unused_titles(draft: Draft) -> list[str]:
    """The titles of columns with which nothing is done."""
    return [clean_text(column.title)[:60] for column in draft.header.extra]


def choices(events: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a column may be read as: value and words."""
    marks = [
        (_value(Meaning.EVENT_MARK, slug), _("Yes or no: %(event)s") % {"event": name})
        for slug, name in events.items()
    ]
    return [*((str(meaning), str(label)) for meaning, label in LABELS.items()), *marks, ("", _("Not used"))]


def title_row_of(draft: Draft) -> ClassListRow | None:
    """The row that was taken for titles although nobody understood them; it may be a student."""
    return next((row for row in draft.left_out if is_title_row(row, draft.class_list.columns)), None)


def change_columns(class_list: ClassList, sent: QueryDict, *, events: Mapping[str, str]) -> None:
    """Reads the columns as somebody chose them. What is no choice of the page is left as it is.

    Of two columns with a meaning that only one can have, the one that was chosen anew wins. Raises
    `ActionRejected` while a worker is at the list, and `ListDeleted` where it is gone.
    """
    known = dict(choices(events))
    with transaction.atomic():
        locked = lock_list(class_list)
        require_idle(
            locked, _("The list is being registered. Wait until that is done, then read it otherwise.")
        )
        chosen = {
            at: sent.get(f"column-{at}", "?")
            for at in range(len(locked.columns))
            if sent.get(f"column-{at}", "?") in known
        }
        _read_as(locked.columns, chosen)
        if "events_sent" in sent:
            locked.events_for_all = [slug for slug in events if slug in sent.getlist("events_for_all")]
        if sent.get("first_is_student"):
            take_titles_for_a_student(locked)
        locked.updated_at = Now()
        locked.save(update_fields=["columns", "events_for_all", "updated_at"])


def take_titles_for_a_student(class_list: ClassList) -> None:
    """The row that was taken for titles is read as a student, and the columns go by their letters."""
    for row in class_list.rows.filter(done_at=None, is_left_out=True).order_by("number")[:1]:
        if is_title_row(row, class_list.columns):
            ClassListRow.objects.filter(pk=row.pk).update(is_left_out=False)
            for at, column in enumerate(class_list.columns):
                if column[1] == Meaning.EVENT_MARK:
                    # What looked like a title with an event's name is the event of a student.
                    column[1:] = [str(Meaning.EVENTS), ""]
                column[0] = _("Column %(letter)s") % {"letter": Column(at, "", Meaning.NONE).letter}


def confirm_encoding(class_list: ClassList) -> None:
    """Somebody has looked at the names and found them right, so the guess of an encoding is none any more."""
    with transaction.atomic():
        locked = lock_list(class_list)
        ClassList.objects.filter(pk=locked.pk).update(is_guess=False, updated_at=Now())


def strange_texts(draft: Draft, maximum: int = 6) -> list[str]:
    """Cells with letters beyond ASCII, by which a wrong guess of the encoding is seen."""
    cells = (clean_text(cell)[:60] for row in draft.rows for cell in row.cells if not cell.isascii())
    return list(dict.fromkeys(cells))[:maximum]


def _read_as(columns: list[list[str]], chosen: Mapping[int, str]) -> None:
    """Writes the choices into the columns."""
    new = {at for at, value in chosen.items() if value != _value(Meaning(columns[at][1]), columns[at][2])}
    for at in sorted(new):
        meaning, _colon, event = chosen[at].partition(":")
        columns[at][1:] = [meaning, event]
    for meaning in _SINGLE:
        same = [at for at, column in enumerate(columns) if column[1] == meaning]
        kept = next((at for at in same if at in new), same[0] if same else None)
        for at in same:
            if at != kept:
                columns[at][1:] = ["", ""]


def _value(meaning: Meaning, event: str) -> str:
    if meaning in (Meaning.NUMBER, Meaning.PROBLEM):
        return ""
    return f"{meaning}:{event}" if event else str(meaning)


def _samples(draft: Draft, column: Column) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in draft.rows:
        cell = row.cells[column.position] if column.position < len(row.cells) else ""
        if cell and not (row.is_left_out and is_title_row(row, draft.class_list.columns)):
            found[clean_text(cell)[:40]] = None
        if len(found) == SAMPLES:
            break
    return tuple(text for text in found if text)
