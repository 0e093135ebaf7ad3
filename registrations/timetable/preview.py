"""The preview of a timetable: what its rows change, which are not applied and why."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event
from registrations.event_changes.messages import Sentence, sentences
from registrations.timetable.columns import TIMES
from registrations.timetable.plan import Plan
from registrations.timetable.read import ReadRow, Timetable, field_label
from techfest.core.formatting import exact_time


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value before and after; in a conflict `theirs` is the value that another organiser saved."""

    label: str
    old: str
    new: str
    theirs: str = ""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    number: int
    title: str
    is_new: bool
    lines: list[ValueChange] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def applied_rows(timetable: Timetable, plan: Plan, now: dt.datetime) -> list[PreviewRow]:
    """Return the rows that the button applies."""
    return [
        PreviewRow(
            row.number,
            row.event.name if row.event else row.title,
            row.event is None,
            _lines(row),
            _sentences(row.number, plan, now),
        )
        for row in timetable.good
    ]


def _sentences(number: int, plan: Plan, now: dt.datetime) -> list[Sentence]:
    if number in plan.impacts:
        return sentences(plan.impacts[number], now=now)
    text = plan.double_bookings.get(number)
    return [Sentence(text, is_danger=True)] if text else []


def rejected_rows(timetable: Timetable) -> list[PreviewRow]:
    """Return the rows that are not applied, with the reason."""
    return [
        PreviewRow(row.number, row.title, row.event is None, _conflicts(row), [], row.problems)
        for row in timetable.rows
        if row.problems or row.conflicts
    ]


def summary(timetable: Timetable) -> str:
    """Return the counts in one line; they add up to the rows of the file."""
    good = timetable.good
    new = sum(row.event is None for row in good)
    left = sum(bool(row.problems or row.conflicts) for row in timetable.rows)
    counts = {
        "rows": len(timetable.rows),
        "changed": len(good) - new,
        "new": new,
        "left": left,
        "same": len(timetable.rows) - len(good) - left,
    }
    text = ngettext(
        "%(rows)d row: %(changed)d changed, %(new)d new, %(same)d the same, %(left)d not applied",
        "%(rows)d rows: %(changed)d changed, %(new)d new, %(same)d the same, %(left)d not applied",
        len(timetable.rows),
    )
    return text % counts


def _lines(row: ReadRow) -> list[ValueChange]:
    return [
        ValueChange(field_label(name), _word(name, row.was.get(name)), _word(name, to))
        for name, to in row.changes.items()
    ]


def _conflicts(row: ReadRow) -> list[ValueChange]:
    return [
        ValueChange(
            field_label(one.name),
            _word(one.name, one.was),
            _word(one.name, one.wanted),
            _word(one.name, one.now),
        )
        for one in row.conflicts
    ]


def _word(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in TIMES:
        local = timezone.localtime(dt.datetime.fromisoformat(value))
        return f"{date_format(local, 'D j M Y')}, {exact_time(local)}"
    return str(Event.State(value).label) if name == "state" else str(value)


def refusals(plan: Plan) -> list[str]:
    """Return why nothing was applied, by row."""
    words = _("Row %(row)d: %(why)s")
    return [words % {"row": number, "why": why} for number, why in plan.refused.items()]
