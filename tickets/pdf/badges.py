"""Badges: eight on a sheet of A4 with marks to cut along, each with the code of its ticket."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from registrations.students.names import grouped
from tickets.pdf.characters import printable
from tickets.pdf.fitting import Box
from tickets.pdf.logo import logo_address
from tickets.pdf.pages import MM
from tickets.pdf.print_page import Code, Painted, PrintPage, write
from tickets.pdf.text import fitted
from tickets.pdf.ticket import TicketContent

WIDTH, HEIGHT = 95, 68
LEFT, TOP = 10.0, 12.5
PLACES = tuple((LEFT + WIDTH * column, TOP + HEIGHT * row) for row in range(4) for column in range(2))
"""The top left corners of the badges of a sheet, in millimetres."""
# The code with its quiet zone inside a badge, in millimetres: its dark part is 25 mm wide and more.
CODE, CODE_LEFT, CODE_TOP = 32, 60.5, 35
MARK = 4
"""Millimetres of a mark at the edge of the sheet."""
# Room in badges.css, in points.
FEST = Box(190, 26, (13, 11, 9, 8))
PERSON = Box(235, 54, (32, 28, 24, 20, 17, 14, 12, 10, 9))
SCHOOL = Box(141, 28, (10, 9, 8, 7))
EVENT = Box(141, 21, (9, 8, 7))
SECTION = Box(80, 16, (11, 9))


def render_badges(contents: Sequence[TicketContent], *, painted: Painted) -> bytes:
    """A PDF of these badges in their order; all are of one fest."""
    sheets = [contents[start : start + len(PLACES)] for start in range(0, len(contents), len(PLACES))]
    pages = [
        PrintPage(
            bookmarks=[],
            html=partial(_html, sheet),
            style="badges.css",
            codes=[_code(content, *place) for content, place in zip(sheet, PLACES, strict=False)],
            marks=_draw_marks,
            names=len(sheet),
        )
        for sheet in sheets
    ]
    language = contents[0].language if contents else "en"
    with translation.override(language):
        title = gettext("Badges") + (f" · {printable(contents[0].fest_name)}" if contents else "")
    return write(pages, title=title, language=language, painted=painted)


def _code(content: TicketContent, left: float, top: float) -> Code:
    return Code(content.url, (left + CODE_LEFT) * MM, (top + CODE_TOP) * MM, CODE * MM)


def _html(sheet: Sequence[TicketContent]) -> str:
    first = sheet[0]
    with translation.override(first.language):
        context = {
            "accent": first.accent,
            "logo": logo_address(first.logo),
            "language": first.language,
            "badges": [_badge(content, *place) for content, place in zip(sheet, PLACES, strict=False)],
        }
        return render_to_string("tickets/pdf/badges.html", context)


def _badge(content: TicketContent, left: float, top: float) -> dict[str, object]:
    return {
        "left": f"{left:.1f}",
        "top": f"{top:.1f}",
        "fest": fitted(content.fest_name, FEST),
        "person": fitted(content.person, PERSON),
        "school": fitted(content.school, SCHOOL),
        "event": fitted(content.event, EVENT),
        "grade": content.grade,
        "section": fitted(content.section, SECTION),
        "reference": grouped(content.reference),
    }


def _draw_marks(stream: Any, scale: float) -> None:
    """Short lines outside of the badges where the knife goes, and small crosses between them."""
    across = [LEFT + WIDTH * column for column in range(3)]
    down = [TOP + HEIGHT * row for row in range(5)]
    with stream.stacked():
        stream.set_color_rgb(0, 0, 0, stroke=True)
        stream.set_line_width(0.5)
        for x in across:
            for y in (down[0] - MARK - 1, down[-1] + 1):
                _line(stream, scale, (x, y), (x, y + MARK))
        for y in down:
            for x in (across[0] - MARK - 1, across[-1] + 1):
                _line(stream, scale, (x, y), (x + MARK, y))
            _line(stream, scale, (across[1], y - 1.5), (across[1], y + 1.5))
            _line(stream, scale, (across[1] - 1.5, y), (across[1] + 1.5, y))


def _line(stream: Any, scale: float, start: tuple[float, float], end: tuple[float, float]) -> None:
    stream.move_to(start[0] * MM * scale, start[1] * MM * scale)
    stream.line_to(end[0] * MM * scale, end[1] * MM * scale)
    stream.stroke()
