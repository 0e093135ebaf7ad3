"""A plot of answers over time as SVG.

One kind of picture, lines that only rise, needs a scale and a path; a plotting library would bring forty megabytes to
each environment for it.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 460
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 50, 60
COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#8e5ea2", "#c77700", "#555555", "#00868b", "#a0522d")
MAX_POINTS = 400


def answers_over_time(file: Path, title: str, curves: Mapping[str, Sequence[float]]) -> Path:
    """Write how many answers each curve had at each moment, in seconds since the first click."""
    curves = {name: sorted(moments) for name, moments in curves.items() if moments}
    seconds = _round_up(max((moments[-1] for moments in curves.values()), default=1.0))
    many = _round_up(max((len(moments) for moments in curves.values()), default=1))
    parts = [_frame(title, seconds=seconds, many=many)]
    for place, (name, moments) in enumerate(curves.items()):
        colour = COLOURS[place % len(COLOURS)]
        points = " ".join(f"{_x(at, seconds)},{_y(count, many)}" for at, count in _steps(moments))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = HEIGHT - BOTTOM - 20 * (len(curves) - place) + 8
        words = f"{name}: {len(moments)}, last after {moments[-1]:.2f} s"
        parts.append(_text(WIDTH - RIGHT - 10, y, words, anchor="end", colour=colour))
    file.write_text("\n".join([*parts, "</svg>"]) + "\n")
    return file


def _steps(moments: Sequence[float]) -> list[tuple[float, int]]:
    """Some of the moments, evenly, each with the number of answers by then."""
    every = max(1, len(moments) // MAX_POINTS)
    counted = [(moment, count) for count, moment in enumerate(moments, 1)]
    return [(0.0, 0), *counted[::every], counted[-1]]


def _frame(title: str, *, seconds: float, many: float) -> str:
    font = 'font-family="sans-serif" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {font}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
    ]
    for tenth in range(0, 11, 2):
        x, y = _x(seconds * tenth / 10, seconds), _y(many * tenth / 10, many)
        parts.append(f'<path d="M{x} {TOP}V{HEIGHT - BOTTOM}M{LEFT} {y}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        parts.append(_text(x, HEIGHT - BOTTOM + 20, f"{seconds * tenth / 10:g}", anchor="middle"))
        parts.append(_text(LEFT - 8, y + 4, f"{many * tenth / 10:g}", anchor="end"))
    parts.append(
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "seconds since the first click", anchor="middle")
    )
    return "\n".join(parts)


def _text(x: float, y: float, words: str, *, anchor: str = "start", colour: str = "#222222") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{colour}">{escape(words)}</text>'


def _x(moment: float, seconds: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * moment / seconds, 1)


def _y(count: float, many: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * count / many, 1)


def _round_up(value: float) -> float:
    """The next number whose fifth is a round one."""
    unit = 10.0 ** math.floor(math.log10(max(value, 0.001)))
    return next(unit * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if unit * step >= value)
