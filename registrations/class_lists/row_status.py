"""The status of each row of a draft: to be fixed, or what confirming it would come to. And the summary of all rows."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.class_lists.forecast import Forecast, RowForecast
from registrations.class_lists.parse import Draft
from registrations.models import Refusal
from registrations.spreadsheets.listing import Problem


class Status(StrEnum):
    """The status of a row, in the order in which rows are shown."""

    NEEDS_FIXING = "problems"
    CLASH = "clash"
    REFUSED = "refused"
    WAIT = "wait"
    SEAT = "seat"
    KNOWN = "registered"
    READY = "ready"
    BUSY = "busy"


TO_REGISTER = (Status.SEAT, Status.WAIT, Status.READY)
"""The rows that obtain something when the list is confirmed."""


class Show(StrEnum):
    """The tabs that are not a status."""

    ALL = "all"
    NEEDS_LOOK = "look"
    LEFT_OUT = "left-out"


ICONS = {
    Status.NEEDS_FIXING: "stop",
    Status.CLASH: "clash",
    Status.REFUSED: "stop",
    Status.WAIT: "waiting",
    Status.SEAT: "ok",
    Status.KNOWN: "already",
    Status.READY: "ok",
    Status.BUSY: "soon",
}
_STATUS_BY_OUTCOME: dict[str, Status] = {
    "seat": Status.SEAT,
    "wait": Status.WAIT,
    Refusal.Reason.ALREADY: Status.KNOWN,
    Refusal.Reason.CLASH: Status.CLASH,
}
"""Outcomes of one event, best first; any other outcome is a refusal."""
_OBTAINED = ("seat", "wait", Refusal.Reason.ALREADY)


@dataclass(frozen=True, slots=True)
class RowStatus:
    """One row's status and problems."""

    number: int
    status: Status
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    forecast: RowForecast | None

    @property
    def needs_look(self) -> bool:
        """Whether the row can be registered but has a warning, or an event that it would not get."""
        if self.status not in (Status.SEAT, Status.WAIT, Status.KNOWN, Status.READY):
            return False
        entries = self.forecast.entries if self.forecast else ()
        return bool(self.warnings) or any(entry.outcome not in _OBTAINED for entry in entries)


@dataclass(frozen=True, slots=True)
class Tab:
    """A link that shows some of the rows."""

    show: str
    label: str
    count: int


def row_statuses(draft: Draft, forecast: Forecast) -> dict[int, RowStatus]:
    """Return the status of each row that is not left out: rows to fix first, then rows to look at, then by status."""
    problems: dict[int, list[Problem]] = {student.row: [] for student in draft.listing.students}
    for problem in draft.listing.problems:
        problems[problem.row].append(problem)
    busy = {row.number for row in draft.rows if row.job and row.job.finished_at is None}
    found = [
        _row_status(number, some, forecast.rows.get(number), number in busy)
        for number, some in problems.items()
    ]
    order = list(Status)
    found.sort(
        key=lambda row: (
            row.status != Status.NEEDS_FIXING,
            not row.needs_look,
            order.index(row.status),
            row.number,
        )
    )
    return {row.number: row for row in found}


def summary(rows: Iterable[RowStatus]) -> str:
    """Return the counts in one line: "60 students: 43 get a seat, 12 wait, 3 clash, 2 need fixing"."""
    counts = Counter(row.status for row in rows)
    total = ngettext("%(count)d student", "%(count)d students", counts.total()) % {"count": counts.total()}
    order = [*(one for one in Status if one != Status.NEEDS_FIXING), Status.NEEDS_FIXING]
    parts = [_words(one, counts[one]) for one in sorted(order, key=_order_of_words) if counts[one]]
    return _("%(total)s: %(parts)s") % {"total": total, "parts": ", ".join(parts)} if parts else total


def tabs(rows: Iterable[RowStatus], left_out: int) -> list[Tab]:
    """Return a tab for all rows and one for each part that is not empty."""
    rows = list(rows)
    counts = Counter(row.status for row in rows)
    odd = sum(row.needs_look for row in rows)
    labels = {Status.SEAT: _("Ready")}
    found = [Tab(one, labels.get(one) or label_of(one), counts[one]) for one in Status]
    found.insert(1, Tab(Show.NEEDS_LOOK, _("To check"), odd))
    found.append(Tab(Show.LEFT_OUT, _("Left out"), left_out))
    return [Tab(Show.ALL, _("All"), len(rows)), *(tab for tab in found if tab.count)]


def is_shown(row: RowStatus, show: str) -> bool:
    if show == Show.NEEDS_LOOK:
        return row.needs_look
    return show in (Show.ALL, row.status)


def label_of(status: Status) -> str:
    return {
        Status.NEEDS_FIXING: _("Needs fixing"),
        Status.CLASH: _("Clash"),
        Status.REFUSED: _("Cannot take part"),
        Status.WAIT: _("Waiting list"),
        Status.SEAT: _("Gets a seat"),
        Status.KNOWN: _("Registered already"),
        Status.READY: _("Ready"),
        Status.BUSY: _("Being registered"),
    }[status]


def _row_status(
    number: int, problems: list[Problem], forecast: RowForecast | None, is_busy: bool
) -> RowStatus:
    problems = [*problems, *(forecast.problems if forecast else ())]
    errors = tuple(problem for problem in problems if problem.is_error)
    warnings = tuple(problem for problem in problems if not problem.is_error)
    status = Status.BUSY if is_busy else Status.NEEDS_FIXING if errors else _outcome(forecast)
    return RowStatus(number, status, errors, warnings, forecast)


def _outcome(forecast: RowForecast | None) -> Status:
    """Return the best outcome of the row's events, as the result will count it."""
    if forecast is None:
        return Status.READY
    if forecast.kind == "doubt":
        return Status.NEEDS_FIXING
    outcomes = {entry.outcome for entry in forecast.entries}
    for outcome, status in _STATUS_BY_OUTCOME.items():
        if outcome in outcomes:
            return status
    return Status.REFUSED if outcomes else Status.READY


def _order_of_words(status: Status) -> int:
    return [
        Status.READY,
        Status.SEAT,
        Status.WAIT,
        Status.CLASH,
        Status.REFUSED,
        Status.KNOWN,
        Status.BUSY,
        Status.NEEDS_FIXING,
    ].index(status)


def _words(status: Status, count: int) -> str:
    texts = {
        Status.NEEDS_FIXING: ngettext("%(count)d needs fixing", "%(count)d need fixing", count),
        Status.CLASH: ngettext("%(count)d clashes", "%(count)d clash", count),
        Status.REFUSED: ngettext("%(count)d cannot take part", "%(count)d cannot take part", count),
        Status.WAIT: ngettext("%(count)d waits", "%(count)d wait", count),
        Status.SEAT: ngettext("%(count)d gets a seat", "%(count)d get a seat", count),
        Status.KNOWN: ngettext("%(count)d registered already", "%(count)d registered already", count),
        Status.READY: ngettext("%(count)d ready", "%(count)d ready", count),
        Status.BUSY: ngettext("%(count)d being registered", "%(count)d being registered", count),
    }
    return texts[status] % {"count": count}
