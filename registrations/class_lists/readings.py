"""The encodings among which a teacher chooses by the names, if the file does not say which one it uses."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from registrations.booking.errors import ActionRejected
from registrations.class_lists.drafts import lock_idle_list
from registrations.models import ClassList, ClassListRow
from registrations.spreadsheets.encodings import Decoding, decode_again, decodings, is_ambiguous
from registrations.spreadsheets.event_index import EventIndex
from registrations.spreadsheets.meanings import NAME_MEANINGS, Meaning
from registrations.spreadsheets.titles import meaning_of
from registrations.students.names import clean_text

SAMPLES = 6


@dataclass(frozen=True, slots=True)
class ShownDecoding:
    """A reading on the page: its encoding in words, and texts that differ from those of every other reading."""

    encoding: str
    label: str
    samples: tuple[str, ...]


def shown_decodings(class_list: ClassList, rows: Iterable[ClassListRow]) -> list[ShownDecoding]:
    """Return the readings of a list whose encoding was guessed, the most plausible first; else none."""
    if not class_list.is_guess:
        return []
    found = _decodings(class_list, rows)
    at = _telling(found)
    return [
        ShownDecoding(one.encoding, one.label, tuple(clean_text(one.texts[n])[:60] for n in at))
        for one in found
    ]


def choose_decoding(class_list: ClassList, encoding: str, *, events: Mapping[str, str]) -> None:
    """Read the list in the chosen encoding; nothing changes if a colleague has chosen before.

    Without a choice, the only reading is taken. Raises `ActionRejected` if there are several, or while a worker
    registers the list, and `ListDeleted`.
    """
    with transaction.atomic():
        locked = lock_idle_list(class_list, _("The list is being registered. Wait until that is done."))
        if not locked.is_guess:
            return
        rows = list(locked.rows.filter(done_at=None).order_by("number"))
        offered = [one.encoding for one in _decodings(locked, rows)]
        if encoding not in offered and len(offered) > 1:
            raise ActionRejected(_("Choose the line in which the names are right."))
        if encoding in offered and encoding != locked.encoding:
            _read_rows(locked, rows, encoding)
            _read_titles(locked, encoding, events)
            locked.encoding = encoding
        locked.is_guess, locked.updated_at = False, Now()
        locked.save(update_fields=["columns", "encoding", "is_guess", "updated_at"])


def _decodings(class_list: ClassList, rows: Iterable[ClassListRow]) -> list[Decoding]:
    """Return the readings of the doubtful cells, names first."""
    encoding, columns = class_list.encoding, class_list.columns
    names = {at for at, (_title, meaning, _event) in enumerate(columns) if meaning in NAME_MEANINGS}
    cells = [(at not in names, cell) for row in rows for at, cell in enumerate(row.cells)]
    cells += [(True, title) for title, _meaning, _event in columns]
    doubtful = [(is_other, cell) for is_other, cell in cells if is_ambiguous(cell, encoding)]
    return decodings((cell for _is_other, cell in sorted(doubtful, key=lambda one: one[0])), encoding)


def _telling(found: Sequence[Decoding]) -> list[int]:
    """Return the positions of some texts, among which two readings always differ."""
    at: list[int] = []
    for one, other in itertools.combinations(found, 2):
        if all(one.texts[n] == other.texts[n] for n in at):
            at.append(next(n for n, text in enumerate(one.texts) if text != other.texts[n]))
    more = (n for n in range(len(found[0].texts) if found else 0) if n not in at)
    return sorted([*at, *itertools.islice(more, max(0, SAMPLES - len(at)))])


def _read_rows(class_list: ClassList, rows: Iterable[ClassListRow], encoding: str) -> None:
    changed = []
    for row in rows:
        cells = [decode_again(cell, class_list.encoding, encoding) for cell in row.cells]
        if cells != row.cells:
            row.cells = cells
            changed.append(row)
    ClassListRow.objects.bulk_update(changed, ["cells"], batch_size=500)


def _read_titles(class_list: ClassList, encoding: str, events: Mapping[str, str]) -> None:
    """Read the titles too, and recognise those that were unknown before."""
    index = EventIndex(events)
    for column in class_list.columns:
        title = decode_again(column[0], class_list.encoding, encoding)
        if title == column[0]:
            continue
        column[0] = title
        if column[1] == Meaning.NONE:
            event = index.title(title)
            column[1:] = [str(Meaning.EVENT_MARK if event else meaning_of(title)), event]
