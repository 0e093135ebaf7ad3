"""The QR code of a ticket: as inline SVG for pages, and as runs of modules for the PDF."""

from functools import lru_cache
from html import escape
from typing import NamedTuple

import segno

# The width in modules of the light border on every side (ISO/IEC 18004, 9.1).
QUIET_MODULES = 4


class Drawing(NamedTuple):
    """`side` in modules, quiet zone included; `runs` are dark modules side by side as (x, y, length)."""

    side: int
    runs: tuple[tuple[int, int, int], ...]


@lru_cache(maxsize=512)
def svg(url: str, *, label: str = "") -> str:
    """An `<svg>` element that holds `url` and nothing else: level M, black on its own white square.

    Without `label` it is hidden from screen readers, for use beside text that says the same. It has a `viewBox` and
    no size: the style sheet sets one. Raises ValueError if `url` is empty or too long for a QR code.
    """
    side, runs = drawing(url)
    name = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    # A stroke is 1/50 of a module too high, which closes white hairlines between two rows.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="qr-code" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges" {name}><path fill="#fff" d="M0 0h{side}v{side}H0z"/>'
        f'<path stroke="#000" stroke-width="1.02" d="{_path(runs)}"/></svg>'
    )


# Only a few are kept: a drawing takes 30 kB of memory, its SVG 2 kB.
@lru_cache(maxsize=8)
def drawing(url: str) -> Drawing:
    """The dark runs of the code that holds `url`, row by row. Raises ValueError as `svg` does.

    The mask is fixed: trying all eight takes 6 ms per code, and in a comparison on 120 blurred, noisy and tilted
    pictures no mask was read better.
    """
    if not url:
        raise ValueError("A QR code needs a URL.")
    code = segno.make_qr(url, error="m", mask=4, mode="byte", boost_error=False)
    rows = enumerate(code.matrix, QUIET_MODULES)
    runs = tuple((x, y, length) for y, row in rows for x, length in _runs(row))
    return Drawing(len(code.matrix) + 2 * QUIET_MODULES, runs)


def _runs(row: bytearray) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = row.find(1)
    while start >= 0:
        end = row.find(0, start)
        end = end if end >= 0 else len(row)
        runs.append((start + QUIET_MODULES, end - start))
        start = row.find(1, end)
    return runs


def _path(runs: tuple[tuple[int, int, int], ...]) -> str:
    """Horizontal lines through the middle of each row. Relative moves inside a row make the path a third shorter."""
    steps: list[str] = []
    pen_x, pen_y = 0, -1
    for x, y, length in runs:
        steps.append(f"m{x - pen_x} 0h{length}" if y == pen_y else f"M{x} {y}.5h{length}")
        pen_x, pen_y = x + length, y
    return "".join(steps)
