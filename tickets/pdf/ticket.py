"""Tickets as PDF: one to a page as in the mail, or four to an A4 sheet for cutting, each with its QR code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from registrations.students.names import grouped
from tickets.pdf.engine import engine
from tickets.pdf.layout import Box, fitted, has_substitute, logo_address, printable, zone_name
from tickets.pdf.page import A4_HEIGHT, A4_WIDTH, A5_HEIGHT, A5_WIDTH, MM, BlankPage, draw_code, join_pieces

# The code with its quiet zone, beside .holder of ticket.css. Its dark part is 50 mm wide and starts at the left
# margin; with four tickets on an A4 sheet it is 35 mm.
CODE, CODE_LEFT, CODE_TOP = 64 * MM, 5.8 * MM, 123 * MM
# The boxes of ticket.css, in points (1 mm is 2.83 points).
FEST = Box(226, 46, (19, 16, 13, 11, 9))
EVENT = Box(350, 110, (32, 28, 24, 20, 17, 14, 11))
VENUE = Box(175, 44, (14, 12, 11, 9))
PLACE = Box(175, 48, (11, 10, 9, 8, 7))
PERSON = Box(175, 90, (24, 22, 19, 16, 14, 12, 10, 8))
SCHOOL = Box(175, 50, (12, 11, 10, 9, 8))
SECTION = Box(100, 16, (11, 9))
CONTACT = Box(300, 18, (7,))


@dataclass(frozen=True, slots=True)
class TicketContent:
    """The content of one ticket as it was typed; `url` is what the QR code holds, and nothing else.

    Times are aware and printed in `time_zone` (a name like Asia/Kolkata). `accent` is one of the fest's eight colours,
    `logo` the bytes of a PNG or JPEG. `contact` is the fest's: a ticket never carries the e-mail address or phone
    number of a student.
    """

    fest_name: str
    accent: str
    logo: bytes | None
    person: str
    grade: int
    section: str
    school: str
    event: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    venue: str
    place: str
    reference: str
    url: str
    language: str
    contact: str

    def __post_init__(self) -> None:
        """Raises ValueError without a URL to scan or with naive times."""
        if not self.url.startswith(("https://", "http://")):
            raise ValueError("A ticket is not printed without the URL for its QR code.")
        if self.starts_at.utcoffset() is None or self.ends_at.utcoffset() is None:
            raise ValueError("A ticket is not printed with times that have no zone.")


def render(contents: Sequence[TicketContent]) -> bytes:
    """Returns a PDF with one A5 page and one bookmark per ticket, in order; equal input gives equal bytes.

    A page is laid out when it is drawn and then discarded, so 500 tickets need little more memory than one. Raises
    ValueError without tickets, Unavailable if WeasyPrint cannot be loaded, and Incomplete instead of returning a
    ticket without its QR code.
    """
    if not contents:
        raise ValueError("A PDF needs at least one ticket.")
    pages = [
        TicketPage(content=content, bookmarks=[(1, bookmark_title(content), (0, 0), "open")])
        for content in contents
    ]
    title = bookmark_title(contents[0]) if len(contents) == 1 else document_title(contents)
    return engine().write(pages, title=title, language=contents[0].language)


def bookmark_title(content: TicketContent) -> str:
    return f"{printable(content.person)} · {printable(content.event)}"


def document_title(contents: Sequence[TicketContent]) -> str:
    with translation.override(contents[0].language):
        return gettext("%(count)d tickets · %(fest)s") % {
            "count": len(contents),
            "fest": printable(contents[0].fest_name),
        }


def html_of(content: TicketContent) -> str:
    """Returns the ticket as one HTML document, in its language and in its fest's time zone."""
    with translation.override(content.language), timezone.override(content.time_zone):
        return render_to_string(
            "tickets/pdf/ticket.html", template_context(content) | {"title": bookmark_title(content)}
        )


def template_context(content: TicketContent) -> dict[str, object]:
    """Returns the context of `ticket.html` for one ticket."""
    texts = {
        "fest": fitted(content.fest_name, FEST),
        "event": fitted(content.event, EVENT),
        "venue": fitted(content.venue, VENUE),
        "place": fitted(content.place, PLACE),
        "person": fitted(content.person, PERSON),
        "school": fitted(content.school, SCHOOL),
        "section": fitted(content.section, SECTION),
        "contact": fitted(content.contact, CONTACT),
    }
    return {
        **texts,
        "accent": content.accent,
        "logo": logo_address(content.logo),
        "grade": content.grade,
        "starts_at": content.starts_at,
        "ends_at": content.ends_at,
        "zone": zone_name(content.starts_at, content.time_zone),
        "reference": grouped(content.reference),
        "language": content.language,
        "is_substituted": any(has_substitute(text.text) for text in texts.values()),
    }


@dataclass(slots=True, kw_only=True)
class TicketPage(BlankPage):
    """A page with one ticket."""

    content: TicketContent

    def paint(self, stream: Any, scale: float = 1) -> None:
        paint_ticket(stream, self.content, scale)


def paint_ticket(stream: Any, content: TicketContent, scale: float) -> None:
    """Lays out one ticket and paints it at the stream's current origin, its code last."""
    (page,) = engine().lay_out(html_of(content))
    page.paint(stream, scale)
    draw_code(stream, content.url, scale, width=CODE, left=CODE_LEFT, top=CODE_TOP)


SHRINK = 0.5**0.5
"""The scale from A5 to A6, of which four fill an A4 sheet. The dark part of a code is then 35 mm wide."""


CORNERS = tuple((left, top) for top in (0, A4_HEIGHT / 2) for left in (0, A4_WIDTH / 2))


def render_sheets(
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


def warm() -> None:
    """Makes one ticket, so that everything is loaded before the first real one. Raises Unavailable."""
    now = datetime.now(UTC)
    render(
        [
            TicketContent(
                fest_name="",
                accent="",
                logo=None,
                person="Á",
                grade=1,
                section="",
                school="",
                event="",
                starts_at=now,
                ends_at=now,
                time_zone="UTC",
                venue="",
                place="",
                reference="",
                url="http://localhost/",
                language="en",
                contact="",
            )
        ]
    )
