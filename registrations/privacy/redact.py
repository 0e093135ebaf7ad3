"""Remove personal data from the student row, from class lists and from free text.

Organisers and volunteers may type the name of a child as a reason; it must not outlive the erasure of the student.
"""

import datetime as dt
import itertools
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext

from events.models import AuditEntry
from registrations.class_lists.drafts import lock_lists
from registrations.models import Answer, Change, ClassList, ClassListJob, ClassListRow, Erasure, Student
from registrations.students.fields import STUDENT_FIELDS
from registrations.students.names import email_key, name_key
from registrations.students.references import random_reference
from techfest.core.text import BLANK_LETTERS


@contextmanager
def erasing() -> Iterator[None]:
    """Allow the append-only tables to be redacted inside this context. Needs a transaction."""
    _set_erasing("on")
    yield
    # After an error there is nothing to take back: the transaction is lost, and the setting with it.
    _set_erasing("off")


def _set_erasing(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('techfest.erasing', %s, true)", [value])


def empty_student(student: Student, *, now: dt.datetime) -> None:
    """Empty this locked student row. School, grade and fest stay, because they are counted.

    The name key becomes random with a character that no real key contains, so that no student is ever matched with
    it. Links and printed references become invalid.
    """
    details = [field for field in Student._meta.concrete_fields if field.name in STUDENT_FIELDS]
    erased = [field.name for field in details if field.name != "grade"]
    for field in details:
        if field.name in erased:
            setattr(student, field.name, field.get_default())
    student.email_key = student.initials = student.roll_key = ""
    student.name_key = f"erased:{secrets.token_hex(16)}"
    student.language = settings.LANGUAGE_CODE
    student.reference = random_reference()
    student.link_version += 1
    student.email_verified_at, student.erased_at = None, now
    others = (
        "email_key",
        "name_key",
        "initials",
        "roll_key",
        "language",
        "reference",
        "link_version",
        "email_verified_at",
        "erased_at",
    )
    student.save(update_fields=[*erased, *others])


def erased_text() -> str:
    """Return the replacement for erased text in columns that must not be empty."""
    return gettext("erased")


GAP = "…"
"""Replaces a word that was removed."""
SHORTEST_LABEL = 5
"""Shorter roll numbers are not searched in free text: they could be any number."""


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Columns of one table that may contain typed personal data: text, lists of text, or JSON."""

    model: type[Model]
    columns: tuple[str, ...]


TEXT_COLUMNS = (
    TextColumns(Change, ("reason",)),
    TextColumns(Erasure, ("reason",)),
    TextColumns(ClassList, ("title", "sheet", "other_sheets", "columns")),
    TextColumns(ClassListJob, ("error",)),
    TextColumns(Answer, ("value",)),
    TextColumns(AuditEntry, ("reason", "before", "after")),
    TextColumns(LogEntry, ("object_repr", "change_message")),
)


def identifying_words(student: Student) -> list[str]:
    """Return the words that identify the student in free text: name, address, and a long enough roll number."""
    words = [student.name, student.email]
    if len(student.roll_number) >= SHORTEST_LABEL:
        words.append(student.roll_number)
    return [word for word in words if len(word) > 1]


def redact_text(words: Sequence[str], places: Iterable[TextColumns] = TEXT_COLUMNS) -> None:
    """Remove these words, whole words only, from the places. Use inside `erasing`; one query for each place."""
    if not words:
        return
    pattern = _pattern(words)
    for place in places:
        for row in _rows_with(place, words):
            changed = [name for name in place.columns if _redact(row, name, pattern)]
            if changed:
                place.model._base_manager.filter(pk=row.pk).update(
                    **{name: getattr(row, name) for name in changed}
                )


def redacted(text: str, words: Sequence[str]) -> str:
    """Return the text with a gap for each of the words."""
    return _pattern(words).sub(GAP, text) if words else text


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(re.escape(word) for word in longest_first)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


def _rows_with(place: TextColumns, words: Sequence[str]) -> Any:
    texts = {f"said_in_{name}": Cast(name, TextField()) for name in place.columns}
    wanted = Q()
    for name in texts:
        for word in words:
            wanted |= Q(**{f"{name}__icontains": word})
    return place.model._base_manager.annotate(**texts).filter(wanted).order_by("pk")


def _redact(row: Model, name: str, pattern: re.Pattern[str]) -> bool:
    old = getattr(row, name)
    setattr(row, name, _redacted(old, pattern))
    return bool(getattr(row, name) != old)


def _redacted(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(GAP, value)
    if isinstance(value, list):
        return [_redacted(one, pattern) for one in value]
    if isinstance(value, dict):
        return {_redacted(key, pattern): _redacted(one, pattern) for key, one in value.items()}
    return value


def redact_class_lists(student: Student) -> None:
    """Empty the class list rows of this student, and delete draft rows of the school that name the student.

    A draft row is plain text: any cell or pair of adjacent cells with the student's name, or a cell with the address,
    counts. A teacher who still needs a namesake enters the row again. Registered rows and refused ones are emptied
    instead, because the totals count them.
    """
    lists = ClassList.objects.filter(fest=student.fest_id, school=student.school_id)
    lock_lists(lists)
    ClassListRow.objects.filter(student=student).update(cells=[])
    rows = ClassListRow.objects.filter(class_list__in=lists, student=None)
    mentioning = [row for row in rows.iterator() if _mentions_student(row.cells, student)]
    undone = [row.pk for row in mentioning if row.done_at is None and row.job_id is None]
    ClassListRow.objects.filter(pk__in=undone).delete()
    ClassListRow.objects.filter(pk__in=[row.pk for row in mentioning]).update(cells=[])
    delete_empty_lists(lists.values_list("pk", flat=True))


def delete_empty_lists(ids: Iterable[int]) -> None:
    """Delete those of these lists that have no rows left and no job."""
    held = [one.pk for one in lock_lists(ClassList.objects.filter(pk__in=list(ids)))]
    rows = ClassListRow.objects.filter(class_list=OuterRef("pk"))
    jobs = ClassListJob.objects.filter(class_list=OuterRef("pk"))
    ClassList.objects.filter(~Exists(rows), ~Exists(jobs), pk__in=held).delete()


def _mentions_student(cells: list[str], student: Student) -> bool:
    longest = max(len(student.name_key), len(student.email_key))
    keys = [name_key(cell) if _may_match(cell, longest) else "" for cell in cells]
    pairs = [(left, right) for left, right in itertools.pairwise(keys)]
    parted = [f"{left} {right}" for left, right in pairs] + [f"{right} {left}" for left, right in pairs]
    if student.name_key in {*keys, *parted} or _parts_name(keys, student.name_key):
        return True
    return bool(student.email_key) and student.email_key in {email_key(cell) for cell in cells}


def _parts_name(keys: Iterable[str], name: str) -> bool:
    """Return whether cells that hold nothing but words of the name hold all of them, as first, middle and last name."""
    words = set(name.split())
    parts = [part for key in keys if (part := set(key.split())) and part <= words]
    return bool(words) and set[str]().union(*parts) == words


def _may_match(cell: str, longest: int) -> bool:
    """Whether a cell is short enough to become a key of this length; a long one costs too much to normalise.

    Normalisation joins at most three letters to one (Hangul) and drops only marks, punctuation and blank letters.
    """
    letters = (character for character in cell if character.isalnum() and character not in BLANK_LETTERS)
    return len(cell) <= 3 * longest or sum(1 for _letter in letters) <= 3 * longest
