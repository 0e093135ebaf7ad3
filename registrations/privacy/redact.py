"""Free text that organisers and volunteers typed: a reason may name a child, and must not outlive its erasure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Model, Q, TextField
from django.db.models.functions import Cast

from events.models import AuditEntry
from registrations.models import Change, ClassList, ClassListJob, Erasure, Student

GAP = "…"
"""Stands where a word was taken out."""
SHORTEST_LABEL = 5
"""A roll number of fewer signs is a number like any other."""


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of one table in which somebody may have typed about a person: text, lists of it, or JSON."""

    model: type[Model]
    columns: tuple[str, ...]


PLACES = (
    Place(Change, ("reason",)),
    Place(Erasure, ("reason",)),
    Place(ClassList, ("title", "sheet", "other_sheets", "columns")),
    Place(ClassListJob, ("error",)),
    Place(AuditEntry, ("reason", "before", "after")),
    Place(LogEntry, ("object_repr", "change_message")),
)


def words_of(student: Student) -> list[str]:
    """What tells who it is, wherever it stands: name and address, and a roll number that is more than a number."""
    words = [student.name, student.email]
    if len(student.roll_number) >= SHORTEST_LABEL:
        words.append(student.roll_number)
    return [word for word in words if len(word) > 1]


def redact(words: Sequence[str], places: Iterable[Place] = PLACES) -> None:
    """Takes these words out of the places, whole words only. Inside `erasing`; one query a place finds the rows."""
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
    """The text with a gap for each of the words."""
    return _pattern(words).sub(GAP, text) if words else text


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    either = "|".join(re.escape(word) for word in longest_first)
    return re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)


def _rows_with(place: Place, words: Sequence[str]) -> Any:
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
