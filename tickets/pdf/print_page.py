"""Sheets that organisers print: each page laid out while it is painted, its codes drawn on top."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tickets.pdf.booklet import A4_HEIGHT, A4_WIDTH, join_pieces
from tickets.pdf.engine import engine
from tickets.pdf.pages import BlankPage, draw_code

Painted = Callable[[int, int], None]
"""Hears after each page how many names are done, and how many were before it. What it raises ends the work."""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code with its quiet zone, in CSS pixels from the top left of the page."""

    url: str
    left: float
    top: float
    width: float


@dataclass(slots=True, kw_only=True)
class PrintPage(BlankPage):
    """One page of HTML in one of the room's style sheets, with `names` people on it."""

    html: Callable[[], str]
    style: str
    width: float = A4_WIDTH
    height: float = A4_HEIGHT
    codes: Sequence[Code] = ()
    marks: Callable[[Any, float], None] | None = None
    names: int = 1
    painted: Callable[[], None] = lambda: None

    def paint(self, stream: Any, scale: float = 1) -> None:
        (page,) = engine().lay_out(self.html(), style=self.style)
        page.paint(stream, scale)
        for code in self.codes:
            draw_code(stream, code.url, scale, width=code.width, left=code.left, top=code.top)
        if self.marks:
            self.marks(stream, scale)
        join_pieces(stream)
        self.painted()


def write(pages: Sequence[PrintPage], *, title: str, language: str, painted: Painted) -> bytes:
    """The PDF of these pages; raises ValueError without any, Unavailable and Incomplete as `render` does."""
    if not pages:
        raise ValueError("A PDF needs at least one page.")
    done = 0
    for page in pages:
        page.painted = _after(painted, done + page.names, done)
        done += page.names
    return engine().write(list(pages), title=title, language=language)


def _after(painted: Painted, done: int, before: int) -> Callable[[], None]:
    return lambda: painted(done, before)
