"""One ticket as a PDF page: its content, its layout and its QR code."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext

from registrations.students.names import grouped
from tickets.pdf.engine import engine
from tickets.pdf.layout import Box, fitted, has_substitute, logo_address, printable, zone_name
from tickets.pdf.page import MM, BlankPage, draw_code

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
