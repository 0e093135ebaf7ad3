"""The context of the preview page: the chosen rows and everything about the list as a whole."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from registrations.class_lists import columns, notices, questions, row_status
from registrations.class_lists.forecast import forecast
from registrations.class_lists.parse import Draft
from registrations.class_lists.preview_rows import Page
from registrations.class_lists.readings import shown_decodings
from registrations.class_lists.row_status import RowStatus, Show, Status
from registrations.spreadsheets.encodings import label_of
from registrations.spreadsheets.listing import Code
from registrations.students.names import clean_text

ROWS = 50
"""Rows per page. A row has up to six fields, a hidden one and some choices, and Django accepts 500 fields."""


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """The requested part of the rows; unknown values mean all rows."""

    show: str = ""
    row: int = 0
    page: str = ""


def context_of(draft: Draft, wanted: PreviewRequest) -> dict[str, Any]:
    """Return the whole context; the number of queries does not depend on the rows."""
    expected = forecast(draft.class_list, draft.listing)
    found = row_status.row_statuses(draft, expected)
    tabs = row_status.tabs(found.values(), len(draft.left_out))
    show = wanted.show if wanted.show in [tab.show for tab in tabs] else str(Show.ALL)
    edited = wanted.row if wanted.row in found else 0
    chosen = [row for row in found.values() if row_status.is_shown(row, show)]
    page = Paginator([found[edited]] if edited else chosen, ROWS).get_page(wanted.page)
    bad = sum(row.status == Status.NEEDS_FIXING for row in found.values())
    return {
        "draft": draft,
        "class_list": draft.class_list,
        "summary": row_status.summary(found.values()),
        "tabs": tabs,
        "show": show,
        "edited": edited,
        "page": page,
        "forecast": expected,
        "bad": bad,
        "good": sum(row.status in row_status.TO_REGISTER for row in found.values()),
        "others": len(found) - bad,
        "events": draft.parsed.events,
        "left_out": left_out_rows(draft),
        **_tables(draft, list(page), edited),
        **_columns(draft),
        **_above(draft),
    }


@dataclass(frozen=True, slots=True)
class RepeatedName:
    """An unknown event name that occurs in several rows."""

    at: int
    piece: str
    rows: int
    suggestion: str


def repeated_names(draft: Draft) -> list[RepeatedName]:
    """Return the unknown event names that occur in more than one row, most frequent first."""
    unknown = [one for one in draft.listing.problems if one.code == Code.EVENT and len(one.value) <= 100]
    counts = Counter(problem.value for problem in unknown)
    meant = {problem.value: problem.events for problem in unknown}
    often = [(piece, count) for piece, count in counts.most_common(10) if count > 1]
    return [
        RepeatedName(at, piece, count, _only_event(meant[piece])) for at, (piece, count) in enumerate(often)
    ]


def _only_event(choices: Sequence[tuple[str, ...]]) -> str:
    """Return the slug if one event is the only choice, so that it can be chosen beforehand."""
    return choices[0][0] if len(choices) == 1 and len(choices[0]) == 1 else ""


def left_out_rows(draft: Draft) -> list[tuple[int, str]]:
    """Return number and text of each left-out row."""
    return [
        (row.number, " · ".join(text for cell in row.cells if (text := clean_text(cell)))[:120])
        for row in draft.left_out
    ]


def _tables(draft: Draft, rows: Sequence[RowStatus], edited: int) -> dict[str, Any]:
    """Return the rows of this page in three tables: to fix, to look at, and the rest."""
    shown = Page(draft, edited=edited).rows(rows)
    bad = [row for row in shown if row.status == Status.NEEDS_FIXING]
    rest = [row for row in shown if row.status != Status.NEEDS_FIXING]
    tables = [
        (_("Need fixing"), bad),
        (_("Ready, but check these"), [row for row in rest if row.needs_look]),
        (_("Other students") if bad else _("Students"), [row for row in rest if not row.needs_look]),
    ]
    return {
        "tables": [table for table in tables if table[1]],
        "has_fields": any(row.versions for row in shown),
        "everywhere": repeated_names(draft),
    }


def _above(draft: Draft) -> dict[str, Any]:
    """Return what is asked and said above the table."""
    unknown = [] if draft.header.problem else notices.unknown_columns(draft)
    return {
        "sheets": questions.sheets_of(draft),
        "title_rows": questions.title_rows(draft),
        "grade_question": questions.grade_question(draft),
        "address_columns": questions.address_columns(draft),
        "left_out_rows": notices.left_out_by_reason(draft),
        "unknown_columns": unknown[: notices.MAX_ASKED],
        "more_unknown": max(0, len(unknown) - notices.MAX_ASKED),
    }


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "columns": columns.shown_columns(draft),
        "column_choices": columns.choices(draft.parsed.events, draft.parsed.questions),
        "unused": columns.unused_titles(draft),
        "title_row": columns.title_row_of(draft),
        "encoding": label_of(draft.class_list.encoding),
        "readings": shown_decodings(draft.class_list, draft.rows),
    }
