"""What the result of a class list shows: its rows by outcome, each outcome with its word and icon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registrations.class_lists.report import (
    ALREADY,
    CANCELLED,
    KEPT,
    REFUSED,
    REGISTERED,
    WAITING,
    EventResult,
    Result,
    RowResult,
)
from registrations.class_lists.row_status import Show, Tab

ICONS = {
    REGISTERED: "confirmed",
    WAITING: "waiting",
    ALREADY: "already",
    CANCELLED: "cancelled",
    REFUSED: "stop",
    KEPT: "soon",
}
"""The icon of each outcome, which is also the class of its colour."""


@dataclass(frozen=True, slots=True)
class ShownOutcome:
    """An outcome as a word and an icon, with what explains it."""

    label: str
    icon: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class ShownResult:
    """A row of the result. Events are listed one by one only where they ended differently."""

    number: int
    name: str
    grade: str
    outcome: ShownOutcome
    events: Sequence[tuple[str, ShownOutcome | None]]


def context_of(result: Result, *, show: str) -> dict[str, Any]:
    """Return the context of the page; unknown values of `show` mean all rows."""
    found = tabs(result)
    shown = show if show in [tab.show for tab in found] else str(Show.ALL)
    rows = [_row(row) for row in result.rows if shown in (Show.ALL, row.outcome)]
    job = result.job
    return {
        "job": job,
        "class_list": job.class_list,
        "result": result,
        "rows": rows,
        "tabs": found,
        "show": shown,
    }


def tabs(result: Result) -> list[Tab]:
    """Return the links that filter the rows: all, and each outcome that occurs."""
    labels = {
        REGISTERED: _("Registered"),
        WAITING: _("Waiting"),
        ALREADY: _("Registered before"),
        REFUSED: _("Not registered"),
        CANCELLED: _("Cancelled since"),
        KEPT: _("Still in the draft"),
    }
    counts = result.counts
    single = [Tab(outcome, label, counts[outcome]) for outcome, label in labels.items()]
    return [Tab(str(Show.ALL), _("All"), len(result.rows)), *(tab for tab in single if tab.count)]


def _row(row: RowResult) -> ShownResult:
    events = row.events
    best = next((one for one in events if one.outcome == row.outcome), None)
    differs = len({(one.outcome, one.number, one.words) for one in events}) > 1
    return ShownResult(
        row.number,
        row.name,
        row.grade,
        ShownOutcome(label_of(row.outcome), ICONS[row.outcome]) if differs else _shown(best, row),
        [(one.event, _shown(one, row) if differs else None) for one in events],
    )


def _shown(event: EventResult | None, row: RowResult) -> ShownOutcome:
    outcome = event.outcome if event else row.outcome
    words = event.words if event and outcome == REFUSED else row.words
    return ShownOutcome(label_of(outcome, event.number if event else 0), ICONS[outcome], words)


def label_of(outcome: str, number: int = 0) -> str:
    """Return the word for an outcome; a waiting one says its rank."""
    if outcome == WAITING and number:
        return _("waiting, rank %(number)d") % {"number": number}
    return {
        REGISTERED: _("registered"),
        WAITING: _("waiting"),
        ALREADY: _("registered before"),
        CANCELLED: _("cancelled since"),
        REFUSED: _("not registered"),
        KEPT: _("in the draft"),
    }[outcome]
