"""Save the corrections made on the preview page.

The page shows each row that can be corrected with the versions of its cells, a short digest of each. The form sends
them back, and only a cell that still has the shown version is changed: two teachers may correct different cells of
one row at the same time, and neither undoes the other's work.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models.functions import Now
from django.http import QueryDict
from django.utils.translation import gettext as _

from registrations.class_lists.columns import RowCells, read_title_row_as_student
from registrations.class_lists.drafts import lock_list, storable
from registrations.class_lists.parse import events_offered, is_title_row, questions_offered, read_rows
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.event_names import EventNames
from registrations.spreadsheets.listing import Code
from registrations.spreadsheets.meanings import STUDENT_COLUMNS, Meaning
from registrations.spreadsheets.sheet import MAX_CHARACTERS
from techfest.core.three_way import Edit, compare

REMOVE = "-"
"""The choice that removes an unknown event name."""


@dataclass(slots=True)
class EditResult:
    """How many rows changed, and sentences about what was not saved."""

    changed: int = 0
    left_out: int = 0
    put_back: int = 0
    refused: list[str] = field(default_factory=list)


def cell_versions(cells: RowCells) -> dict[str, str]:
    """Return the version of each cell of a row by its meaning."""
    own = {str(meaning): _version(cells.text(meaning)) for meaning in (*STUDENT_COLUMNS, Meaning.EVENTS)}
    return own | {key: _version(cells.answer(key)) for key in cells.answer_keys}


def pack_versions(versions: Mapping[str, str]) -> str:
    """Return the versions as the value of a hidden field."""
    return " ".join(f"{meaning}:{version}" for meaning, version in versions.items())


def _unpack_versions(text: str) -> dict[str, str]:
    """Return the versions that a form sent back; parts that are not in the right format are ignored."""
    pairs = (part.partition(":") for part in text.split(" "))
    return {meaning: version for meaning, _colon, version in pairs}


def save_edits(class_list: ClassList, sent: QueryDict) -> EditResult:
    """Save what the form sent: typed fields, choices and the pressed button.

    A cell that a colleague changed after the page was shown stays as it is, and a sentence says so. Rows of an
    unfinished job and registered rows are not touched. The number of queries does not grow with the rows. Raises
    `ListDeleted`.
    """
    with transaction.atomic():
        locked = lock_list(class_list)
        rows = {
            row.number: row
            for row in locked.rows.filter(done_at=None).order_by("number").select_related("job")
        }
        edits = _Edits(locked, rows, sent)
        edits.apply()
        if edits.touched:
            ClassListRow.objects.bulk_update(
                edits.touched.values(), ["cells", "is_left_out", "left_out_reason"]
            )
            locked.updated_at = Now()
            locked.save(update_fields=["columns", "updated_at"])
    return edits.result


class _Edits:
    """One sent form, applied to the rows in memory."""

    def __init__(self, class_list: ClassList, rows: dict[int, ClassListRow], sent: QueryDict) -> None:
        self.class_list, self.rows, self.sent = class_list, rows, sent
        self.events = events_offered(class_list.fest)
        self.questions = questions_offered(class_list.fest)
        self.names = EventNames(self.events)
        self.result = EditResult()
        self.touched: dict[int, ClassListRow] = {}

    def apply(self) -> None:
        rows = tuple(self.rows.values())
        problems = read_rows(self.class_list, rows, self.events, self.questions).listing.problems
        self.unknown = [(one.row, one.value) for one in problems if one.code == Code.EVENT and one.value]
        for row in self._rows_named("versions"):
            self._correct(row)
        for row in self._rows_named("leave", "take"):
            self._leave_out_or_put_back(row)
        self._replace_everywhere()
        self.result.changed = len(self.touched) - self.result.left_out - self.result.put_back

    def _rows_named(self, *kinds: str) -> Iterator[ClassListRow]:
        """Yield the editable rows of this list that the form names; unknown and registered numbers are ignored."""
        for name in self.sent:
            found = re.fullmatch(rf"(?:{'|'.join(kinds)})-(\d{{1,7}})", name)
            if found and (row := self.rows.get(int(found[1]))):
                if _is_editable(row):
                    yield row
                else:
                    self._refuse(row, _("Row %(row)s is being registered, so it was not changed."))

    def _correct(self, row: ClassListRow) -> None:
        cells = RowCells(self.class_list, row)
        current = cell_versions(cells)
        shown = _unpack_versions(self.sent.get(f"versions-{row.number}", ""))
        for meaning in STUDENT_COLUMNS:
            if (text := self._typed(row, meaning)) is not None and self._may_write(
                row, text, cells.text(meaning), shown=shown.get(meaning)
            ):
                cells.write(meaning, text)
        for key in cells.answer_keys:
            sent = self.sent.get(f"{key}-{row.number}")
            text = None if sent is None else storable(sent).strip()
            if text is not None and self._may_write(row, text, cells.answer(key), shown=shown.get(key)):
                cells.write_answer(key, text)
        if self._names_events(row):
            if shown.get(Meaning.EVENTS) == current[Meaning.EVENTS]:
                self._correct_events(row, cells)
            else:
                self._refuse_outdated(row, cells.text(Meaning.EVENTS), "")
        if cell_versions(cells) != current:
            self.touched[row.number] = row

    def _may_write(self, row: ClassListRow, text: str, current: str, *, shown: str | None) -> bool:
        """Return whether the typed text is new and the cell still is what the page showed; refuse it otherwise."""
        edit = compare(shown=shown, stored=_version(current), wanted=_version(text))
        if edit is Edit.CONFLICT:
            self._refuse_outdated(row, current, text)
        elif edit is not Edit.NOTHING and len(text) > MAX_CHARACTERS:
            self._refuse(row, _("Row %(row)s: the text was too long and was not saved."))
        else:
            return edit is not Edit.NOTHING
        return False

    def _typed(self, row: ClassListRow, meaning: Meaning) -> str | None:
        """Return the text of a field or the value of the pressed button; None if the page did not show the field."""
        if meaning == Meaning.EMAIL and self.sent.get("no_email") == str(row.number):
            return ""
        number, _colon, text = self.sent.get(f"use_{meaning}", "").partition(":")
        if number == str(row.number):
            return storable(text)
        text_sent = self.sent.get(f"{meaning}-{row.number}")
        return None if text_sent is None else storable(text_sent).strip()

    def _names_events(self, row: ClassListRow) -> bool:
        start = (f"event-{row.number}-", f"mark-{row.number}-")
        chosen = any(self.sent[name] for name in self.sent if name.startswith(start))
        return (
            chosen
            or f"choice-{row.number}" in self.sent
            or self._used_events(row) is not None
            or bool(self.sent.get(f"add-{row.number}"))
        )

    def _used_events(self, row: ClassListRow) -> tuple[int, list[str]] | None:
        """Return the events of a pressed suggestion and the position of the name they replace."""
        number, at, slugs = (*self.sent.get("use_event", "").split(":"), "", "", "")[:3]
        return (int(at), slugs.split(",")) if number == str(row.number) and at.isdecimal() else None

    def _correct_events(self, row: ClassListRow, cells: RowCells) -> None:
        used = self._used_events(row)
        for at, piece in enumerate(value for number, value in self.unknown if number == row.number):
            slugs = used[1] if used and used[0] == at else [self.sent.get(f"event-{row.number}-{at}", "")]
            self._replace(cells, piece, slugs)
        for column in cells.unclear_marks():
            if says := self.sent.get(f"mark-{row.number}-{column.position}"):
                cells.mark(column.position, says == "yes")
        if (slug := self.sent.get(f"add-{row.number}", "")) in self.events:
            cells.add_event(slug, self.names)
        if f"choice-{row.number}" in self.sent:
            chosen = [slug for slug in self.sent.getlist(f"events-{row.number}") if slug in self.events]
            if sorted(chosen) != sorted(self.sent.get(f"choice-{row.number}", "").split()):
                cells.choose_events(list(dict.fromkeys(chosen)), self.names)

    def _replace(self, cells: RowCells, piece: str, slugs: Sequence[str]) -> None:
        if slugs == [REMOVE]:
            cells.replace_event(piece, [], self.names)
        elif all(slug in self.events for slug in slugs):
            cells.replace_event(piece, slugs, self.names)

    def _leave_out_or_put_back(self, row: ClassListRow) -> None:
        is_left_out = f"leave-{row.number}" in self.sent
        if row.is_left_out == is_left_out:
            return
        if is_title_row(row, self.class_list.columns):
            read_title_row_as_student(self.class_list)
        row.is_left_out, row.left_out_reason = is_left_out, ""
        self.touched[row.number] = row
        if is_left_out:
            self.result.left_out += 1
        else:
            self.result.put_back += 1

    def _replace_everywhere(self) -> None:
        """Replace one unknown name in all rows."""
        at = self.sent.get("everywhere", "")
        piece, slug = self.sent.get(f"piece-{at}"), self.sent.get(f"everywhere-{at}", "")
        for number, value in self.unknown:
            row = self.rows[number]
            if value == piece and _is_editable(row):
                cells = RowCells(self.class_list, row)
                before = cell_versions(cells)
                self._replace(cells, value, [slug])
                if cell_versions(cells) != before:
                    self.touched[number] = row

    def _refuse_outdated(self, row: ClassListRow, current: str, typed: str) -> None:
        words = {"now": current.strip() or _("nothing"), "typed": typed.strip() or _("your choice")}
        self._refuse(
            row,
            _(
                "Row %(row)s was changed after you opened this page. It now says “%(now)s”; “%(typed)s” was not saved."
            ),
            **words,
        )

    def _refuse(self, row: ClassListRow, text: str, **words: str) -> None:
        sentence = text % {"row": row.number, **{key: word[:100] for key, word in words.items()}}
        if sentence not in self.result.refused:
            self.result.refused.append(sentence)


def _is_editable(row: ClassListRow) -> bool:
    return row.job is None or row.job.finished_at is not None


def _version(text: str) -> str:
    """Return a short digest of a cell; white space at its ends does not count."""
    return hashlib.blake2b(text.strip().encode("utf-8", "replace"), digest_size=6).hexdigest()
