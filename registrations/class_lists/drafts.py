"""A list between upload and registration: kept as its cells, read anew with the same code each time."""

import datetime as dt
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from events.models import Fest
from registrations.class_lists.checking import CheckedList, events_offered
from registrations.class_lists.locking import lock_list, lock_lists, require_idle
from registrations.models import ClassList, ClassListJob, ClassListRow, School, Teacher
from registrations.models.class_lists import DRAFT_KEPT
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.headers import Column, Header, Meaning
from registrations.spreadsheets.rows import listing_of
from registrations.spreadsheets.sheet import MAX_ROWS, Row, Sheet
from registrations.spreadsheets.students import Listing
from registrations.students.names import clean_text

_UNDONE = Exists(ClassListRow.objects.filter(class_list=OuterRef("pk"), done_at=None))
_DONE = Exists(ClassListRow.objects.filter(class_list=OuterRef("pk"), done_at__isnull=False))
_AT_WORK = Exists(ClassListJob.objects.filter(class_list=OuterRef("pk"), finished_at=None))


@dataclass(frozen=True, slots=True)
class Upload:
    """A list that was handed over, as it was read, and what names it: its title and the digest of its bytes."""

    found: CheckedList
    title: str
    digest: bytes
    events_for_all: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A class list with its rows that are not registered, and what is read of those that are not left out."""

    class_list: ClassList
    rows: tuple[ClassListRow, ...]
    found: CheckedList

    @property
    def left_out(self) -> list[ClassListRow]:
        return [row for row in self.rows if row.is_left_out]

    @property
    def sheet(self) -> Sheet:
        return self.found.sheet

    @property
    def listing(self) -> Listing:
        return self.found.listing

    @property
    def header(self) -> Header:
        return self.found.header


def open_drafts(teacher: Teacher) -> "QuerySet[ClassList]":
    """The lists of the teacher's school in the current fest with a row that is not registered, newest work first.

    Each has `rows_left`: those that are neither registered nor left out.
    """
    left = Q(rows__done_at=None, rows__is_left_out=False)
    return (
        ClassList.objects.filter(_UNDONE, school=teacher.school_id, fest__is_current=True)
        .annotate(rows_left=Count("rows", filter=left))
        .select_related("owner")
        .order_by("-updated_at", "-pk")
    )


def keep_draft(upload: Upload, *, teacher: Teacher, fest: Fest) -> tuple[ClassList, bool]:
    """The list as a draft, and whether it is a new one: an open one of the same bytes and choices is not made again.

    Two presses of one button come one after the other, since both lock the school. Raises FileRefused for a
    list without students; registers nothing.
    """
    found = upload.found
    if not found.header.problem and not found.listing.students:
        raise FileRefused("nobody", is_paste=found.sheet.encoding == "paste")
    if len(rows := _kept_rows(found)) > MAX_ROWS + 1:
        raise FileRefused("rows", is_paste=found.sheet.encoding == "paste")
    with transaction.atomic():
        School.objects.select_for_update(no_key=True).get(pk=teacher.school_id)
        if known := _known(upload, teacher, fest):
            return known, False
        class_list = _create(upload, teacher, fest)
        ClassListRow.objects.bulk_create([_row(class_list, row, found.header) for row in rows])
    return class_list, True


def _known(upload: Upload, teacher: Teacher, fest: Fest) -> ClassList | None:
    """The open draft of this very upload, held, so that nobody deletes it before this press is answered."""
    same = {"fest": fest, "digest": upload.digest, "events_for_all": list(upload.events_for_all)}
    drafts = open_drafts(teacher).filter(**same)
    locked = lock_lists(ClassList.objects.filter(pk__in=[draft.pk for draft in drafts]))
    return drafts.filter(pk__in=[one.pk for one in locked]).first()


def read_draft(class_list: ClassList) -> Draft:
    """What is read of the rows as they stand now; two queries. The judging is that of every other list.

    Rows that are registered are judged along: a row that was like one of them stays so when that one is done.
    """
    events = events_offered(class_list.fest)
    rows = tuple(class_list.rows.order_by("number").select_related("job"))
    left = tuple(row for row in rows if row.done_at is None)
    found = read_rows(class_list, rows, events)
    return Draft(class_list, left, found.only({row.number for row in left}))


def read_rows(class_list: ClassList, rows: Sequence[ClassListRow], events: Mapping[str, str]) -> CheckedList:
    """These rows of the list, without those left out, judged together. No query."""
    header = header_of_list(class_list, events)
    texts = tuple(Row(row.number, tuple(row.cells)) for row in rows if not row.is_left_out)
    sheet = Sheet(texts, class_list.encoding, class_list.is_guess)
    listing = Listing(())
    if not header.problem:
        listing = listing_of(
            sheet,
            header,
            grades=class_list.fest.grades,
            events=events,
            events_for_all=[slug for slug in class_list.events_for_all if slug in events],
        )
    return CheckedList(sheet, header, listing, dict(events))


def header_of_list(class_list: ClassList, events: Mapping[str, str] | None = None) -> Header:
    """The columns as they are read; the row of titles itself is not among the rows that are kept.

    Given the `events` that may be named, a column of marks for another one is not used, and says so.
    """
    columns = [
        Column(
            at,
            title,
            *(
                (Meaning.NONE, "")
                if events is not None and event not in ("", *events)
                else (Meaning(meaning), event)
            ),
        )
        for at, (title, meaning, event) in enumerate(class_list.columns)
    ]
    return Header(0, tuple(columns))


def is_title_row(row: ClassListRow, columns: Sequence[Sequence[str]]) -> bool:
    """Whether the row is the one that was taken for titles, although nothing in it was recognised."""
    titles = [title for title, _meaning, _event in columns]
    return any(titles) and [" ".join(cell.split()) for cell in row.cells] == titles[: len(row.cells)]


def purge_drafts(now: dt.datetime) -> int:
    """Deletes what nobody worked on for a week: rows that are not registered, and lists without any other.

    Rows that were registered stay as a record. A list that a worker is at, or somebody just now, is left alone.
    """
    with transaction.atomic():
        old = ClassList.objects.filter(~_AT_WORK, updated_at__lt=now - DRAFT_KEPT).filter(_UNDONE | ~_DONE)
        held = old.order_by("pk").select_for_update(no_key=True, skip_locked=True)
        # Asked again of those that are held: somebody may have confirmed one between the look and the lock.
        still_old = old.filter(pk__in=list(held.values_list("pk", flat=True)))
        return _drop(list(still_old.values_list("pk", flat=True)))


def discard(class_list: ClassList) -> None:
    """Deletes the rows that are not registered, and the list if there is no other.

    Raises `ActionRejected` while a worker is at it, and `ListDeleted` where somebody was faster.
    """
    with transaction.atomic():
        locked = lock_list(class_list)
        require_idle(locked, _("The list is being registered. It can be deleted once that is done."))
        _drop([locked.pk])


def storable(text: str) -> str:
    """The text with a replacement for what no database keeps and nobody typed: it is then refused by the row."""
    bad = {
        character
        for character in set(text)
        if unicodedata.category(character) in ("Cc", "Cs") and not character.isspace()
    }
    return "".join("\ufffd" if character in bad else character for character in text) if bad else text


def _drop(pks: list[int]) -> int:
    ClassListRow.objects.filter(class_list__in=pks, done_at=None).delete()
    gone, _by_model = ClassList.objects.filter(~_DONE, pk__in=pks).delete()
    return gone


def _kept_rows(found: CheckedList) -> list[Row]:
    """The rows below the titles. Titles that nobody understood are kept, too: they may be a student."""
    header = found.header
    first = header.row if header.problem else header.row + 1
    titles = [column.title for column in header.columns]
    return [
        row
        for row in found.sheet.rows
        if row.number >= first
        and (
            row.number == header.row
            or [" ".join(cell.split()) for cell in row.cells] != titles[: len(row.cells)]
        )
    ]


def _create(upload: Upload, teacher: Teacher, fest: Fest) -> ClassList:
    sheet, header = upload.found.sheet, upload.found.header
    return ClassList.objects.create(
        fest=fest,
        school=teacher.school,
        owner=teacher.user,
        title=clean_text(storable(upload.title))[:200],
        digest=upload.digest,
        columns=[_column(column, upload.found.events) for column in header.columns],
        events_for_all=list(upload.events_for_all),
        encoding=sheet.encoding,
        is_guess=sheet.is_guess,
        sheet=storable(sheet.name)[:200],
        other_sheets=[storable(name)[:200] for name in sheet.other_names],
    )


def _column(column: Column, events: Mapping[str, str]) -> list[str]:
    """The column as it is kept: a mark by the event's slug, since a name may be corrected meanwhile."""
    slug = next((slug for slug, name in events.items() if column.event == name), "")
    return [storable(column.title), str(column.meaning), slug]


def _row(class_list: ClassList, row: Row, header: Header) -> ClassListRow:
    return ClassListRow(
        class_list=class_list,
        number=row.number,
        cells=[storable(cell) for cell in row.cells],
        is_left_out=bool(header.problem) and row.number == header.row,
    )
