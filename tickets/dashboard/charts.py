"""The chart of registrations over time, drawn on the server as an inline SVG without script or style."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from techfest.core.formatting import clock_time

HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(weeks=1)
MAX_HOURS, MAX_DAYS = 48, 92
"""Up to so many hours each bar is an hour, up to so many days a day, otherwise a week."""


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: its label below the axis, its full name, and its count."""

    label: str
    name: str
    count: int

    @property
    def words(self) -> str:
        words = ngettext("%(when)s: %(count)d registration", "%(when)s: %(count)d registrations", self.count)
        return words % {"when": self.name, "count": self.count}


@dataclass(frozen=True, slots=True)
class Timeline:
    """Counts from the first registration until now, without gaps, in the active time zone."""

    width: dt.timedelta
    steps: list[Step]

    @property
    def total(self) -> int:
        return sum(step.count for step in self.steps)

    @property
    def title(self) -> str:
        if self.width == HOUR:
            return _("Registrations by the hour")
        return _("Registrations by the day") if self.width == DAY else _("Registrations by the week")

    @property
    def description(self) -> str:
        """The chart in words, for screen readers."""
        busiest = max(self.steps, key=lambda step: step.count)
        words = ngettext(
            "%(total)d registration from %(first)s to %(last)s. The most: %(busiest)s.",
            "%(total)d registrations from %(first)s to %(last)s. The most: %(busiest)s.",
            self.total,
        )
        first, last = self.steps[0].name, self.steps[-1].name
        return words % {"total": self.total, "first": first, "last": last, "busiest": busiest.words}


def timeline(registrations: QuerySet[Any], *, now: dt.datetime) -> Timeline | None:
    """Count registrations by hour, day or week in one query, cancelled ones too; `None` if there are none."""
    hours = registrations.annotate(hour=TruncHour("created_at")).values_list("hour")
    counted = Counter(dict(hours.annotate(count=Count("pk")).order_by("hour")))
    if not counted:
        return None
    first, last = min(counted), max(now, *counted)
    if last - first <= MAX_HOURS * HOUR:
        return Timeline(HOUR, list(_by_hour(counted, first, last)))
    width = DAY if last - first <= MAX_DAYS * DAY else WEEK
    return Timeline(width, list(_by_date(counted, localtime(first).date(), localtime(last).date(), width)))


def _by_hour(counted: Counter[dt.datetime], first: dt.datetime, last: dt.datetime) -> Iterator[Step]:
    """Step in UTC, so that no hour is missed or doubled when the clocks change."""
    utc = {hour.astimezone(dt.UTC): count for hour, count in counted.items()}
    hour, end = first.astimezone(dt.UTC), last.astimezone(dt.UTC)
    while hour <= end:
        local = localtime(hour)
        yield Step(clock_time(local), f"{date_format(local, 'j M')}, {clock_time(local)}", utc.get(hour, 0))
        hour += HOUR


def _by_date(
    counted: Counter[dt.datetime], first: dt.date, last: dt.date, width: dt.timedelta
) -> Iterator[Step]:
    by_step: Counter[dt.date] = Counter()
    for hour, count in counted.items():
        by_step[first + (localtime(hour).date() - first) // width * width] += count
    date = first
    while date <= last:
        name = date_format(date, "j M Y")
        if width == WEEK:
            name = _("week from %(day)s") % {"day": name}
        yield Step(date_format(date, "j M"), name, by_step[date])
        date += width


HEIGHT = 190
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 10, 24
"""Margins, with room for the numbers at the axes."""
LABEL = 72
"""The minimum distance of two labels below the axis, about the width of the widest."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A position on an axis, and its label."""

    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Positions are strings with a decimal point in every language, ready for the template."""

    name: str
    width: int
    bars: list[Bar]
    across: list[Tick]
    up: list[Tick]
    height: int = HEIGHT
    left: int = LEFT
    right: int = 0
    base: int = HEIGHT - BOTTOM
    label_y: int = HEIGHT - 7


def chart(timeline: Timeline, *, name: str, width: int) -> Chart:
    """Return the timeline as a chart `width` units wide; `name` distinguishes charts on the same page."""
    space = width - LEFT - RIGHT
    top = round_top(max(step.count for step in timeline.steps))
    pitch = space / len(timeline.steps)
    gap = min(2.0, pitch * 0.2)
    bars = [
        Bar(
            _number(LEFT + pitch * position + gap / 2),
            _number(_y(step.count, top)),
            _number(min(pitch - gap, 48)),
            _number(HEIGHT - BOTTOM - _y(step.count, top)),
            step.words,
        )
        for position, step in enumerate(timeline.steps)
        if step.count
    ]
    every = math.ceil(LABEL / pitch)
    across = [
        Tick(_number(LEFT + pitch * position), step.label)
        for position, step in enumerate(timeline.steps)
        if position % every == 0 and LEFT + pitch * position + LABEL / 2 <= width
    ]
    half = [top // 2] if top > 1 and top % 2 == 0 else []
    up = [Tick(_number(_y(count, top)), str(count)) for count in (0, *half, top)]
    return Chart(name, width, bars, across, up, right=width - RIGHT)


def both(timeline: Timeline) -> list[Chart]:
    """Return charts for a wide and a narrow window; scaling one would shrink its text."""
    return [chart(timeline, name="wide", width=720), chart(timeline, name="narrow", width=330)]


def round_top(maximum: int) -> int:
    """Return the smallest of 1, 2, 4, 6, 8, 10, 20, 40 … that is not below the maximum."""
    scale = 1
    while scale * 10 < maximum:
        scale *= 10
    return next(scale * step for step in (1, 2, 4, 6, 8, 10) if scale * step >= maximum)


def _y(count: int, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def drawn(timeline: Timeline | None) -> dict[str, Any] | None:
    """Return the timeline and its charts for the template."""
    return {"timeline": timeline, "charts": both(timeline)} if timeline else None
