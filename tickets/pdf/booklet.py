"""Many tickets as one PDF: one a page as they are mailed, or four on a sheet of A4 to be cut."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tickets.pdf.engine import engine
from tickets.pdf.pages import HEIGHT, MM, WIDTH, LatePage, paint_ticket, title_of, title_of_all
from tickets.pdf.ticket import TicketContent

SHRINK = 0.5**0.5
"""From A5 to A6: two of each make one of the next. The dark part of a code keeps 35 mm."""
A4_WIDTH, A4_HEIGHT = 210 * MM, 297 * MM
CORNERS = tuple((left, top) for top in (0, A4_HEIGHT / 2) for left in (0, A4_WIDTH / 2))


def render_booklet(
    contents: Sequence[TicketContent], *, per_page: int, painted: Callable[[int], None]
) -> bytes:
    """A PDF of these tickets in their order, with a bookmark for each; `per_page` is 1 or 4.

    Each page is laid out while it is painted and forgotten afterwards; `painted` hears after each how many
    tickets are done. What it raises ends the work. Raises as `render` does.
    """
    if not contents:
        raise ValueError("A PDF needs at least one ticket.")
    sheets = [tuple(contents[start : start + per_page]) for start in range(0, len(contents), per_page)]
    pages = [
        Sheet(
            content=sheet[0],
            bookmarks=_bookmarks(sheet),
            width=WIDTH if per_page == 1 else A4_WIDTH,
            height=HEIGHT if per_page == 1 else A4_HEIGHT,
            contents=sheet,
            is_whole=per_page == 1,
            painted=painted,
            done=number * per_page + len(sheet),
        )
        for number, sheet in enumerate(sheets)
    ]
    return engine().write(pages, title=title_of_all(contents), language=contents[0].language)


def _bookmarks(sheet: Sequence[TicketContent]) -> list[tuple[int, str, tuple[float, float], str]]:
    return [(1, title_of(content), corner, "open") for content, corner in zip(sheet, CORNERS, strict=False)]


@dataclass(slots=True, kw_only=True)
class Sheet(LatePage):
    """One ticket as it is, or up to four at the corners of a sheet with the lines to cut along."""

    contents: tuple[TicketContent, ...]
    is_whole: bool
    painted: Callable[[int], None]
    done: int

    def paint(self, stream: Any, scale: float = 1) -> None:
        if self.is_whole:
            paint_ticket(stream, self.content, scale)
        else:
            for content, (left, top) in zip(self.contents, CORNERS, strict=False):
                with stream.stacked():
                    stream.transform(a=SHRINK, d=SHRINK, e=left * scale, f=top * scale)
                    paint_ticket(stream, content, scale)
            draw_cuts(stream, scale)
        join_pieces(stream)
        self.painted(self.done)


def join_pieces(stream: Any) -> None:
    """Make one piece of the some hundred that a page was painted with: each is an object that stays in memory."""
    if all(isinstance(piece, bytes) for piece in stream.stream):
        stream.stream[:] = [b"\n".join(stream.stream)]


def draw_cuts(stream: Any, scale: float) -> None:
    """Dashed lines through the middle of a sheet, both ways."""
    across, down = A4_WIDTH * scale, A4_HEIGHT * scale
    with stream.stacked():
        stream.set_color_rgb(0.5, 0.5, 0.5, stroke=True)
        stream.set_line_width(0.6)
        stream.set_dash([4, 4], 0)
        for (x, y), (to_x, to_y) in (
            ((across / 2, 0), (across / 2, down)),
            ((0, down / 2), (across, down / 2)),
        ):
            stream.move_to(x, y)
            stream.line_to(to_x, to_y)
            stream.stroke()
