"""Badges: eight on an A4 sheet with cutting marks, each with the code of its ticket."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from registrations.students.names import grouped
from tickets.pdf.layout import Box, fitted, logo_address, printable
from tickets.pdf.page import MM, Code, PrintPage, ProgressCallback, write
from tickets.pdf.ticket import TicketContent

WIDTH, HEIGHT = 95, 68
LEFT, TOP = 10.0, 12.5
CORNERS = tuple((LEFT + WIDTH * column, TOP + HEIGHT * row) for row in range(4) for column in range(2))
"""The top left corners of the badges on a sheet, in millimetres."""
# The code with its quiet zone inside a badge, in millimetres: its dark part is 25 mm wide and more.
CODE, CODE_LEFT, CODE_TOP = 32, 60.5, 35
MARK = 4
"""Length of a cutting mark at the edge of the sheet, in millimetres."""
# The boxes of badges.css, in points.
FEST = Box(190, 26, (13, 11, 9, 8))
PERSON = Box(235, 54, (32, 28, 24, 20, 17, 14, 12, 10, 9))
SCHOOL = Box(141, 28, (10, 9, 8, 7))
EVENT = Box(141, 21, (9, 8, 7))
SECTION = Box(80, 16, (11, 9))


def render_badges(contents: Sequence[TicketContent], *, on_progress: ProgressCallback) -> bytes:
    """Returns a PDF of these badges in order; all of them belong to one fest."""
    sheets = [contents[start : start + len(CORNERS)] for start in range(0, len(contents), len(CORNERS))]
    pages = [
        PrintPage(
            bookmarks=[],
            html=partial(_html, sheet),
            style="badges.css",
            codes=[_code(content, *corner) for content, corner in zip(sheet, CORNERS, strict=False)],
            marks=_draw_marks,
            names=len(sheet),
        )
        for sheet in sheets
    ]
    language = contents[0].language if contents else "en"
    with translation.override(language):
        title = gettext("Badges") + (f" · {printable(contents[0].fest_name)}" if contents else "")
    return write(pages, title=title, language=language, on_progress=on_progress)


def _code(content: TicketContent, left: float, top: float) -> Code:
    return Code(content.url, (left + CODE_LEFT) * MM, (top + CODE_TOP) * MM, CODE * MM)


def _html(sheet: Sequence[TicketContent]) -> str:
    first = sheet[0]
    with translation.override(first.language):
        context = {
            "accent": first.accent,
            "logo": logo_address(first.logo),
            "language": first.language,
            "badges": [_badge(content, *corner) for content, corner in zip(sheet, CORNERS, strict=False)],
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
    """Draws cutting marks at the edges of the sheet, and small crosses between the badges."""
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
