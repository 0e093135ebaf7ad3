"""What the page of a draft says above the table: rows that were left out, and columns that are not used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy

from registrations.class_lists.columns import ShownColumn, shown_columns
from registrations.class_lists.parse import Draft
from registrations.spreadsheets.left_out import Reason, row_text
from registrations.spreadsheets.meanings import Meaning

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_ASKED = 6
"""Unknown columns that are asked about above the table; “How we read the columns” has all of them."""
MAX_NAMED = 20
"""Left-out rows of one kind that are named above the table; the tab of left-out rows has all of them."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Left-out rows of one kind: the reason, number and text of the first of them, and how many there are more."""

    words: str
    rows: Sequence[tuple[int, str]]
    more: int


REASONS: Mapping[Reason, "_StrPromise"] = {
    Reason.HIDDEN: gettext_lazy("Hidden in the spreadsheet, perhaps by a filter"),
    Reason.STRUCK: gettext_lazy("Struck out in the spreadsheet"),
    Reason.ROLE: gettext_lazy("Not a student, according to the column of roles"),
    Reason.STATUS: gettext_lazy("No longer at the school, according to the list"),
    Reason.EARLIER: gettext_lazy("An earlier answer: the same student answered again later"),
    Reason.SUMMARY: gettext_lazy("A total, signature or note, not a student"),
    Reason.NOTHING: gettext_lazy("Nothing in the columns that are read"),
    Reason.TITLES: gettext_lazy("The titles repeated"),
}


def left_out_by_reason(draft: Draft) -> list[LeftOut]:
    """Return the rows that were left out when the file was read, by reason."""
    found: dict[str, list[tuple[int, str]]] = {}
    for row in draft.left_out:
        found.setdefault(row.left_out_reason, []).append((row.number, row_text(row.cells)))
    return [
        LeftOut(str(words), found[reason][:MAX_NAMED], max(0, len(found[reason]) - MAX_NAMED))
        for reason, words in REASONS.items()
        if reason in found
    ]


def unknown_columns(draft: Draft) -> list[ShownColumn]:
    """Return the columns with content that are not used and about which the teacher has not decided yet."""
    rows = [row for row in draft.rows if not row.is_left_out]
    return [
        one
        for one in shown_columns(draft)
        if one.column.meaning == Meaning.NONE and any(row.cell(one.column.position) for row in rows)
    ]
