"""A bar chart as the numbers of an inline SVG: drawn on the server, without script, style or a request."""

import math
from dataclasses import dataclass
from typing import Any

from tickets.dashboard.timeline import Timeline

HEIGHT = 190
LEFT, RIGHT, TOP, BOTTOM = 40, 8, 10, 24
"""Margins for the numbers beside the axes."""
LABEL = 72
"""The least distance of two labels under the axis; what stands there is at most about that wide."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: str
    y: str
    width: str
    height: str
    words: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what stands beside it."""

    at: str
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Places are decimals with a point in every language, ready to be written."""

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
    """The curve `width` units wide; `name` tells it from another one on the same page."""
    room = width - LEFT - RIGHT
    top = round_top(max(step.count for step in timeline.steps))
    pitch = room / len(timeline.steps)
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
    """For a wide and for a narrow window: letters keep their size, so the narrow one is drawn anew."""
    return [chart(timeline, name="wide", width=720), chart(timeline, name="narrow", width=330)]


def round_top(maximum: int) -> int:
    """The least of 1, 2, 4, 6, 8, 10, 20, 40 … that is not below `most`."""
    scale = 1
    while scale * 10 < maximum:
        scale *= 10
    return next(scale * step for step in (1, 2, 4, 6, 8, 10) if scale * step >= maximum)


def _y(count: int, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - count / top)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def drawn(timeline: Timeline | None) -> dict[str, Any] | None:
    """The curve with its two charts, as the template takes it."""
    return {"timeline": timeline, "charts": both(timeline)} if timeline else None
