"""The attendance sheet of an event: names with a box to tick, the waiting list on pages of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from registrations.students.names import grouped
from tickets.pdf.layout import Box, fitted, printable, zone_name
from tickets.pdf.page import PrintPage, ProgressCallback, write

ROWS = 25
"""Rows on a page."""
# The boxes of attendance.css, in points.
EVENT = Box(374, 36, (18, 15, 12, 10, 9))
WHERE = Box(150, 13, (10, 9, 8, 7))
FEST = Box(126, 44, (10, 9, 8))
PERSON = Box(168, 26, (12, 11, 10, 9, 8, 7))
SCHOOL = Box(120, 26, (9, 8, 7))
SECTION = Box(22, 13, (9, 8))


@dataclass(frozen=True, slots=True)
class AttendanceRow:
    """One line; `note` says what is known already, such as the time of a check-in."""

    number: int
    person: str
    reference: str
    grade: int
    section: str
    school: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """The attendance sheet of one event. Times are aware and printed in `time_zone`."""

    event: str
    fest_name: str
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    venue: str
    printed_at: datetime
    language: str
    seats: Sequence[AttendanceRow]
    waiting: Sequence[AttendanceRow]


def render_attendance(sheets: Sequence[Attendance], *, on_progress: ProgressCallback) -> bytes:
    """Returns an A4 PDF of these sheets: each has its seats, then its waiting list on pages of its own.

    With more than one, each has a bookmark and counts its own pages.
    """
    pages = [page for sheet in sheets for page in _pages_of(sheet, is_marked=len(sheets) > 1)]
    first = sheets[0]
    with translation.override(first.language):
        title = gettext("Attendance sheet") if len(sheets) == 1 else gettext("Attendance sheets")
        title += f" · {printable(first.event if len(sheets) == 1 else first.fest_name)}"
    return write(pages, title=title, language=first.language, on_progress=on_progress)


def _pages_of(sheet: Attendance, *, is_marked: bool) -> list[PrintPage]:
    parts = [(False, rows) for rows in _pages(sheet.seats)] + [(True, rows) for rows in _pages(sheet.waiting)]
    mark: tuple[int, str, tuple[float, float], str] = (1, printable(sheet.event), (0.0, 0.0), "open")
    return [
        PrintPage(
            bookmarks=[mark] if is_marked and number == 1 else [],
            html=partial(_html, sheet, rows, is_waiting=is_waiting, number=number, pages=len(parts)),
            style="attendance.css",
            names=len(rows),
        )
        for number, (is_waiting, rows) in enumerate(parts, 1)
    ]


def _pages(rows: Sequence[AttendanceRow]) -> list[Sequence[AttendanceRow]]:
    return [rows[start : start + ROWS] for start in range(0, len(rows), ROWS)]


def _html(
    sheet: Attendance, rows: Sequence[AttendanceRow], *, is_waiting: bool, number: int, pages: int
) -> str:
    with translation.override(sheet.language), timezone.override(sheet.time_zone):
        context = {
            "event": fitted(sheet.event, EVENT),
            "fest": fitted(sheet.fest_name, FEST),
            "where": fitted(sheet.venue, WHERE),
            "starts_at": sheet.starts_at,
            "ends_at": sheet.ends_at,
            "zone": zone_name(sheet.starts_at, sheet.time_zone),
            "heading": gettext("Waiting list") if is_waiting else gettext("Attendance sheet"),
            "is_waiting": is_waiting,
            "rows": [_row(row) for row in rows],
            "counts": _counts(sheet),
            "printed": date_format(timezone.localtime(sheet.printed_at), "DATETIME_FORMAT"),
            "number": number,
            "pages": pages,
            "language": sheet.language,
        }
        return render_to_string("tickets/pdf/attendance.html", context)


def _row(row: AttendanceRow) -> dict[str, object]:
    return {
        "number": row.number,
        "person": fitted(row.person, PERSON),
        "reference": grouped(row.reference),
        "grade": row.grade,
        "section": fitted(row.section, SECTION),
        "school": fitted(row.school, SCHOOL),
        "note": row.note,
    }


def _counts(sheet: Attendance) -> str:
    seats, waiting = len(sheet.seats), len(sheet.waiting)
    words = ngettext("%(count)d with a seat", "%(count)d with a seat", seats) % {"count": seats}
    if waiting:
        words += ", " + ngettext("%(count)d waiting", "%(count)d waiting", waiting) % {"count": waiting}
    return words
