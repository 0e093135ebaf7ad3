"""Pages of a PDF, each laid out only while it is painted, with QR codes drawn directly into the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tickets.pdf.engine import engine
from tickets.qr import drawing

# CSS pixels in a millimetre.
MM = 96 / 25.4
A5_WIDTH, A5_HEIGHT = 148 * MM, 210 * MM
A4_WIDTH, A4_HEIGHT = 210 * MM, 297 * MM


ProgressCallback = Callable[[int, int], None]
"""Called after each page with the number of names done, and the number before that page. An exception ends the
work.
"""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code with its quiet zone, in CSS pixels from the top left of the page."""

    url: str
    left: float
    top: float
    width: float


@dataclass(slots=True, kw_only=True)
class BlankPage:
    """What WeasyPrint requires of a page. Subclasses paint themselves when the document is written."""

    bookmarks: list[tuple[int, str, tuple[float, float], str]]
    width: float = A5_WIDTH
    height: float = A5_HEIGHT
    bleed: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("top", "right", "bottom", "left"), 0.0)
    )
    links: list[Any] = field(default_factory=list)
    anchors: dict[str, Any] = field(default_factory=dict)
    forms: dict[Any, list[Any]] = field(default_factory=lambda: {None: []})

    def paint(self, stream: Any, scale: float = 1) -> None:
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class PrintPage(BlankPage):
    """One page of HTML with one of the style sheets in `templates/tickets/pdf`; `names` people are on it."""

    html: Callable[[], str]
    style: str
    width: float = A4_WIDTH
    height: float = A4_HEIGHT
    codes: Sequence[Code] = ()
    marks: Callable[[Any, float], None] | None = None
    names: int = 1
    on_progress: Callable[[], None] = lambda: None

    def paint(self, stream: Any, scale: float = 1) -> None:
        (page,) = engine().lay_out(self.html(), style=self.style)
        page.paint(stream, scale)
        for code in self.codes:
            draw_code(stream, code.url, scale, width=code.width, left=code.left, top=code.top)
        if self.marks:
            self.marks(stream, scale)
        join_pieces(stream)
        self.on_progress()


def write(pages: Sequence[PrintPage], *, title: str, language: str, on_progress: ProgressCallback) -> bytes:
    """Returns the PDF of these pages.

    Raises ValueError without pages, and Unavailable and Incomplete as `render` does.
    """
    if not pages:
        raise ValueError("A PDF needs at least one page.")
    done = 0
    for page in pages:
        page.on_progress = _after(on_progress, done + page.names, done)
        done += page.names
    return engine().write(list(pages), title=title, language=language)


def _after(on_progress: ProgressCallback, done: int, before: int) -> Callable[[], None]:
    return lambda: on_progress(done, before)


def join_pieces(stream: Any) -> None:
    """Joins the hundreds of pieces that a page was painted with; each one is an object that stays in memory."""
    if all(isinstance(piece, bytes) for piece in stream.stream):
        stream.stream[:] = [b"\n".join(stream.stream)]


def draw_code(
    stream: Any,
    url: str,
    scale: float,
    *,
    width: float,
    left: float,
    top: float,
) -> None:
    """Draws the QR code of `url` into the page's own stream; `width` includes the white quiet zone.

    WeasyPrint's SVG is not used: it takes 20 ms for a code and continues silently when drawing fails.
    """
    side, runs = drawing(url)
    with stream.stacked():
        stream.transform(a=scale * width / side, d=scale * width / side, e=scale * left, f=scale * top)
        stream.set_color_rgb(1, 1, 1)
        stream.rectangle(0, 0, side, side)
        stream.fill()
        stream.set_color_rgb(0, 0, 0)
        # Slightly too high, which closes the white hairlines that viewers draw between rows. One piece, because
        # 500 pages with 300 pieces each would fill the memory.
        stream.stream.append("\n".join(f"{x} {y} {length} 1.02 re" for x, y, length in runs).encode())
        stream.fill()
