"""Many tickets as one PDF: one to a page as in the mail, or four to an A4 sheet for cutting."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tickets.pdf.engine import engine
from tickets.pdf.page import A4_HEIGHT, A4_WIDTH, A5_HEIGHT, A5_WIDTH, join_pieces
from tickets.pdf.ticket import TicketContent, TicketPage, bookmark_title, document_title, paint_ticket

SHRINK = 0.5**0.5
"""The scale from A5 to A6, of which four fill an A4 sheet. The dark part of a code is then 35 mm wide."""


CORNERS = tuple((left, top) for top in (0, A4_HEIGHT / 2) for left in (0, A4_WIDTH / 2))


def render_booklet(
    contents: Sequence[TicketContent], *, per_page: int, on_progress: Callable[[int], None]
) -> bytes:
    """Returns a PDF of these tickets in order, with a bookmark for each; `per_page` is 1 or 4.

    Each page is laid out while it is painted and then discarded. `on_progress` is called after each page with the
    number of tickets done; an exception from it ends the work. Raises as `render` does.
    """
    if not contents:
        raise ValueError("A PDF needs at least one ticket.")
    sheets = [tuple(contents[start : start + per_page]) for start in range(0, len(contents), per_page)]
    pages = [
        Sheet(
            content=sheet[0],
            bookmarks=_bookmarks(sheet),
            width=A5_WIDTH if per_page == 1 else A4_WIDTH,
            height=A5_HEIGHT if per_page == 1 else A4_HEIGHT,
            contents=sheet,
            is_whole=per_page == 1,
            on_progress=on_progress,
            done=number * per_page + len(sheet),
        )
        for number, sheet in enumerate(sheets)
    ]
    return engine().write(pages, title=document_title(contents), language=contents[0].language)


def _bookmarks(sheet: Sequence[TicketContent]) -> list[tuple[int, str, tuple[float, float], str]]:
    return [
        (1, bookmark_title(content), corner, "open") for content, corner in zip(sheet, CORNERS, strict=False)
    ]


@dataclass(slots=True, kw_only=True)
class Sheet(TicketPage):
    """A page with one ticket, or an A4 sheet with up to four tickets and the lines to cut along."""

    contents: tuple[TicketContent, ...]
    is_whole: bool
    on_progress: Callable[[int], None]
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
        self.on_progress(self.done)


def draw_cuts(stream: Any, scale: float) -> None:
    """Draws dashed lines through the middle of a sheet, both ways."""
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
