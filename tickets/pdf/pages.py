"""From faces to the bytes of a PDF, one page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from tickets.pdf.characters import printable
from tickets.pdf.engine import engine
from tickets.pdf.text import words_of
from tickets.pdf.ticket import TicketContent
from tickets.qr import drawing

# CSS pixels in a millimetre.
MM = 96 / 25.4
WIDTH, HEIGHT = 148 * MM, 210 * MM
# The code with its quiet zone, beside .holder of ticket.css. Its dark part is 50 mm wide and starts at the page's
# left margin: four tickets on one sheet of A4 still have 35 mm.
CODE, CODE_LEFT, CODE_TOP = 64 * MM, 5.8 * MM, 123 * MM


def render(contents: Sequence[TicketContent]) -> bytes:
    """A PDF with one A5 page and one bookmark for each face, in their order; the same faces give the same bytes.

    A page is laid out when it is drawn and forgotten afterwards, so 500 tickets need little more memory than one.
    Raises ValueError without faces, Unavailable where WeasyPrint cannot be loaded, and Incomplete rather than
    returning a ticket without its QR code.
    """
    if not contents:
        raise ValueError("A PDF needs at least one ticket.")
    pages = [
        LatePage(content=content, bookmarks=[(1, title_of(content), (0, 0), "open")]) for content in contents
    ]
    title = title_of(contents[0]) if len(contents) == 1 else title_of_all(contents)
    return engine().write(pages, title=title, language=contents[0].language)


def title_of(content: TicketContent) -> str:
    return f"{printable(content.person)} · {printable(content.event)}"


def title_of_all(contents: Sequence[TicketContent]) -> str:
    with translation.override(contents[0].language):
        return gettext("%(count)d tickets · %(fest)s") % {
            "count": len(contents),
            "fest": printable(contents[0].fest_name),
        }


def html_of(content: TicketContent) -> str:
    """The ticket as one HTML document, in its language and its fest's time zone."""
    with translation.override(content.language), timezone.override(content.time_zone):
        return render_to_string("tickets/pdf/ticket.html", words_of(content) | {"title": title_of(content)})


@dataclass(slots=True, kw_only=True)
class BlankPage:
    """What WeasyPrint asks of a page in its list; each kind of page paints itself, only when it is drawn."""

    bookmarks: list[tuple[int, str, tuple[float, float], str]]
    width: float = WIDTH
    height: float = HEIGHT
    bleed: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("top", "right", "bottom", "left"), 0.0)
    )
    links: list[Any] = field(default_factory=list)
    anchors: dict[str, Any] = field(default_factory=dict)
    forms: dict[Any, list[Any]] = field(default_factory=lambda: {None: []})

    def paint(self, stream: Any, scale: float = 1) -> None:
        raise NotImplementedError


@dataclass(slots=True, kw_only=True)
class LatePage(BlankPage):
    """A page with one ticket, laid out only while it is painted."""

    content: TicketContent

    def paint(self, stream: Any, scale: float = 1) -> None:
        paint_ticket(stream, self.content, scale)


def paint_ticket(stream: Any, content: TicketContent, scale: float) -> None:
    """Lay out one ticket and paint it, its code last, where the stream stands."""
    (page,) = engine().lay_out(html_of(content))
    page.paint(stream, scale)
    draw_code(stream, content.url, scale)


def draw_code(
    stream: Any,
    url: str,
    scale: float,
    *,
    width: float = CODE,
    left: float = CODE_LEFT,
    top: float = CODE_TOP,
) -> None:
    """Draw the QR code of `url` with its white quiet zone, all in all `width` wide, into the page's own stream.

    Not by WeasyPrint's SVG, which takes 20 ms for it and goes on without where it fails.
    """
    side, runs = drawing(url)
    with stream.stacked():
        stream.transform(a=scale * width / side, d=scale * width / side, e=scale * left, f=scale * top)
        stream.set_color_rgb(1, 1, 1)
        stream.rectangle(0, 0, side, side)
        stream.fill()
        stream.set_color_rgb(0, 0, 0)
        # A little too high, which closes the white hairlines that viewers draw between two rows. One piece, because
        # 300 small ones a page are what 500 pages would keep in memory.
        stream.stream.append("\n".join(f"{x} {y} {length} 1.02 re" for x, y, length in runs).encode())
        stream.fill()
