"""Where each row of a draft stands: to be fixed, or what confirming it would come to, and all of it in one line."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.class_lists.drafts import Draft
from registrations.class_lists.forecast import Forecast, RowForecast
from registrations.models import Refusal
from registrations.spreadsheets.students import Problem


class Standing(StrEnum):
    """What a row comes to, in the order in which rows are shown."""

    FIX = "problems"
    CLASH = "clash"
    REFUSED = "refused"
    WAIT = "wait"
    SEAT = "seat"
    KNOWN = "registered"
    READY = "ready"
    BUSY = "busy"


class Show(StrEnum):
    """What else the tabs choose."""

    ALL = "all"
    ODD = "look"
    LEFT_OUT = "left-out"


ICONS = {
    Standing.FIX: "stop",
    Standing.CLASH: "clash",
    Standing.REFUSED: "stop",
    Standing.WAIT: "waiting",
    Standing.SEAT: "ok",
    Standing.KNOWN: "already",
    Standing.READY: "ok",
    Standing.BUSY: "soon",
}


_BEST: dict[str, Standing] = {
    "seat": Standing.SEAT,
    "wait": Standing.WAIT,
    Refusal.Reason.ALREADY: Standing.KNOWN,
    Refusal.Reason.CLASH: Standing.CLASH,
}
"""Outcomes of one event from the best to the worst but one."""
_OBTAINED = ("seat", "wait", Refusal.Reason.ALREADY)


@dataclass(frozen=True, slots=True)
class RowStanding:
    """One row's problems and where it stands."""

    number: int
    standing: Standing
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    forecast: RowForecast | None

    @property
    def is_odd(self) -> bool:
        """Nothing keeps it back, but somebody should look: a suspicion, or an event that it does not obtain."""
        if self.standing not in (Standing.SEAT, Standing.WAIT, Standing.KNOWN, Standing.READY):
            return False
        entries = self.forecast.entries if self.forecast else ()
        return bool(self.warnings) or any(entry.outcome not in _OBTAINED for entry in entries)


@dataclass(frozen=True, slots=True)
class Tab:
    """A link that shows a part of the rows."""

    show: str
    label: str
    count: int


def standings(draft: Draft, forecast: Forecast) -> dict[int, RowStanding]:
    """Every row that is not left out: first what must be fixed, then what is odd, then by what it would come to."""
    problems: dict[int, list[Problem]] = {student.row: [] for student in draft.listing.students}
    for problem in draft.listing.problems:
        problems[problem.row].append(problem)
    busy = {row.number for row in draft.rows if row.job and row.job.finished_at is None}
    found = [
        _standing(number, some, forecast.rows.get(number), number in busy)
        for number, some in problems.items()
    ]
    order = list(Standing)
    found.sort(
        key=lambda row: (
            row.standing != Standing.FIX,
            not row.is_odd,
            order.index(row.standing),
            row.number,
        )
    )
    return {row.number: row for row in found}


def summary(rows: Iterable[RowStanding]) -> str:
    """ "60 students: 43 get a seat, 12 wait, 3 clash, 2 need fixing"; the counts add up."""
    counts = Counter(row.standing for row in rows)
    total = ngettext("%(count)d student", "%(count)d students", counts.total()) % {"count": counts.total()}
    order = [*(one for one in Standing if one != Standing.FIX), Standing.FIX]
    parts = [_words(one, counts[one]) for one in sorted(order, key=_order_of_words) if counts[one]]
    return _("%(total)s: %(parts)s") % {"total": total, "parts": ", ".join(parts)} if parts else total


def tabs(rows: Iterable[RowStanding], left_out: int) -> list[Tab]:
    """All rows, and each part that has any."""
    rows = list(rows)
    counts = Counter(row.standing for row in rows)
    odd = sum(row.is_odd for row in rows)
    found = [Tab(one, label_of(one), counts[one]) for one in Standing]
    found.insert(1, Tab(Show.ODD, _("To look at"), odd))
    found.append(Tab(Show.LEFT_OUT, _("Left out"), left_out))
    return [Tab(Show.ALL, _("All"), len(rows)), *(tab for tab in found if tab.count)]


def is_shown(row: RowStanding, show: str) -> bool:
    if show == Show.ODD:
        return row.is_odd
    return show in (Show.ALL, row.standing)


def label_of(standing: Standing) -> str:
    return {
        Standing.FIX: _("Need fixing"),
        Standing.CLASH: _("Clash"),
        Standing.REFUSED: _("Cannot take part"),
        Standing.WAIT: _("Waiting list"),
        Standing.SEAT: _("Get a seat"),
        Standing.KNOWN: _("Registered before"),
        Standing.READY: _("Ready"),
        Standing.BUSY: _("Being registered"),
    }[standing]


def _standing(
    number: int, problems: list[Problem], forecast: RowForecast | None, is_busy: bool
) -> RowStanding:
    problems = [*problems, *(forecast.problems if forecast else ())]
    errors = tuple(problem for problem in problems if problem.is_error)
    warnings = tuple(problem for problem in problems if not problem.is_error)
    standing = Standing.BUSY if is_busy else Standing.FIX if errors else _outcome(forecast)
    return RowStanding(number, standing, errors, warnings, forecast)


def _outcome(forecast: RowForecast | None) -> Standing:
    """The best outcome of all its events, as the result will count it; a row without any came to be refused."""
    if forecast is None:
        return Standing.READY
    if forecast.kind == "doubt":
        return Standing.FIX
    seat_results = {entry.outcome for entry in forecast.entries}
    for outcome, standing in _BEST.items():
        if outcome in seat_results:
            return standing
    return Standing.REFUSED if seat_results else Standing.READY


def _order_of_words(standing: Standing) -> int:
    return [
        Standing.READY,
        Standing.SEAT,
        Standing.WAIT,
        Standing.CLASH,
        Standing.REFUSED,
        Standing.KNOWN,
        Standing.BUSY,
        Standing.FIX,
    ].index(standing)


def _words(standing: Standing, count: int) -> str:
    texts = {
        Standing.FIX: ngettext("%(count)d needs fixing", "%(count)d need fixing", count),
        Standing.CLASH: ngettext("%(count)d clashes", "%(count)d clash", count),
        Standing.REFUSED: ngettext("%(count)d cannot take part", "%(count)d cannot take part", count),
        Standing.WAIT: ngettext("%(count)d waits", "%(count)d wait", count),
        Standing.SEAT: ngettext("%(count)d gets a seat", "%(count)d get a seat", count),
        Standing.KNOWN: ngettext("%(count)d registered before", "%(count)d registered before", count),
        Standing.READY: ngettext("%(count)d ready", "%(count)d ready", count),
        Standing.BUSY: ngettext("%(count)d being registered", "%(count)d being registered", count),
    }
    return texts[standing] % {"count": count}
