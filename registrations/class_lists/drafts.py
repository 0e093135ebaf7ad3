"""Class lists as drafts: create, lock, discard and purge.

Lock order: seats, schools, students, registrations, then class lists by primary key, then their jobs and rows. Only
the worker of a job locks that job before the seats, and only this worker changes an unfinished job.
"""

import datetime as dt
import unicodedata
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Fest
from registrations.booking.errors import ActionRejected
from registrations.class_lists.parse import ParsedList
from registrations.models import ClassList, ClassListJob, ClassListRow, School, Teacher
from registrations.models.class_lists import DRAFT_KEPT
from registrations.spreadsheets.errors import FileRefused
from registrations.spreadsheets.headers import Header
from registrations.spreadsheets.left_out import NO_STUDENT
from registrations.spreadsheets.meanings import STUDENT_MEANINGS
from registrations.spreadsheets.sheet import MAX_ROWS, Row
from registrations.students.names import clean_text
from techfest.core.db.bulk import copy
from techfest.core.errors import UserFacingError


class ListDeleted(UserFacingError):
    """The list was deleted after its page was shown; nothing was changed."""

    text = gettext_lazy("A colleague deleted this list.")


def lock_list(class_list: ClassList) -> ClassList:
    """Return the list as it is now, locked until the transaction ends. Raises `ListDeleted`.

    The list is found by its primary key alone: under READ COMMITTED any other condition would be checked against the
    row as it was before the wait.
    """
    (locked,) = lock_lists(ClassList.objects.filter(pk=class_list.pk)) or (None,)
    if locked is None:
        raise ListDeleted
    return locked


def lock_lists(lists: QuerySet[ClassList]) -> list[ClassList]:
    """Lock these lists in primary-key order and return those that still exist, each with its fest."""
    rows = lists.order_by("pk").select_related("fest")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def is_at_work(class_list: ClassList) -> bool:
    """Return whether an unfinished job has rows of this locked list."""
    return class_list.jobs.filter(finished_at=None).exists()


def lock_idle_list(class_list: ClassList, words: str) -> ClassList:
    """Return the locked list. Raises `ActionRejected` with this text while a worker registers it, and `ListDeleted`."""
    locked = lock_list(class_list)
    if is_at_work(locked):
        raise ActionRejected(words)
    return locked


_UNDONE = Exists(ClassListRow.objects.filter(class_list=OuterRef("pk"), done_at=None))
_OPEN = Exists(
    ClassListRow.objects.filter(class_list=OuterRef("pk"), done_at=None).exclude(
        left_out_reason__in=sorted(NO_STUDENT)
    )
)
_DONE = Exists(ClassListRow.objects.filter(class_list=OuterRef("pk"), done_at__isnull=False))
_AT_WORK = Exists(ClassListJob.objects.filter(class_list=OuterRef("pk"), finished_at=None))


@dataclass(frozen=True, slots=True)
class Upload:
    """A parsed class list with its title and the digest of its bytes."""

    parsed: ParsedList
    title: str
    digest: bytes
    events_for_all: tuple[str, ...] = ()


def open_drafts(teacher: Teacher) -> "QuerySet[ClassList]":
    """Return the lists of the teacher's school in the current fest with unregistered students, newest work first.

    Each has `rows_left`: the number of rows that are neither registered nor left out.
    """
    left = Q(rows__done_at=None, rows__is_left_out=False)
    return (
        ClassList.objects.filter(_OPEN, school=teacher.school_id, fest__is_current=True)
        .annotate(rows_left=Count("rows", filter=left))
        .select_related("owner")
        .order_by("-updated_at", "-pk")
    )


def save_draft(upload: Upload, *, teacher: Teacher, fest: Fest) -> tuple[ClassList, bool]:
    """Return the upload as a draft, and whether it was created.

    An open draft of the same bytes and events is returned instead of a second one; the lock on the school makes two
    requests wait for each other. Nothing is registered. Raises `FileRefused` for a list without students.
    """
    parsed = upload.parsed
    if not parsed.header.problem and not parsed.has_students:
        raise FileRefused("no students", is_paste=parsed.sheet.encoding == "paste")
    if len(rows := _stored_rows(parsed)) > MAX_ROWS + 1 + len(parsed.left_out):
        raise FileRefused("rows", is_paste=parsed.sheet.encoding == "paste")
    with transaction.atomic():
        School.objects.select_for_update(no_key=True).get(pk=teacher.school_id)
        if known := _find_open_draft(upload, teacher, fest):
            return known, False
        class_list = _create(upload, teacher, fest)
        copy([_row(class_list, row, parsed) for row in rows], ClassListRow)
    return class_list, True


def _find_open_draft(upload: Upload, teacher: Teacher, fest: Fest) -> ClassList | None:
    """Return the open draft of this upload, locked so that it cannot be deleted before the redirect to it."""
    same = {"fest": fest, "digest": upload.digest, "events_for_all": list(upload.events_for_all)}
    drafts = open_drafts(teacher).filter(**same)
    locked = lock_lists(ClassList.objects.filter(pk__in=[draft.pk for draft in drafts]))
    return drafts.filter(pk__in=[one.pk for one in locked]).first()


def purge_drafts(now: dt.datetime) -> int:
    """Delete the rows of drafts untouched for a week, and lists left without rows; return the number of lists.

    Registered rows stay as a record. Lists that are being registered or locked by another transaction are skipped.
    """
    with transaction.atomic():
        old = ClassList.objects.filter(~_AT_WORK, updated_at__lt=now - DRAFT_KEPT).filter(_UNDONE | ~_DONE)
        held = old.order_by("pk").select_for_update(no_key=True, skip_locked=True)
        # Checked again under the lock: a list may have been confirmed since the query.
        still_old = old.filter(pk__in=list(held.values_list("pk", flat=True)))
        return _delete_unregistered(list(still_old.values_list("pk", flat=True)))


def discard(class_list: ClassList) -> None:
    """Delete the unregistered rows, and the list if no other row is left.

    Raises `ActionRejected` while a worker registers it, and `ListDeleted` if it is gone.
    """
    with transaction.atomic():
        words = _("The list is being registered. It can be deleted once that is done.")
        locked = lock_idle_list(class_list, words)
        _delete_unregistered([locked.pk])


def storable(text: str) -> str:
    """Replace characters that a text cannot have; the row then reports the replacement as an error.

    The controls from U+0080 stay, because a name may be repaired with them.
    """
    if text.isprintable():
        return text
    bad = {
        character
        for character in set(text)
        if unicodedata.category(character) in ("Cc", "Cs")
        and not (character.isspace() or "\x80" <= character <= "\x9f")
    }
    return "".join("\ufffd" if character in bad else character for character in text) if bad else text


def _delete_unregistered(pks: list[int]) -> int:
    ClassListRow.objects.filter(class_list__in=pks, done_at=None).delete()
    gone, _by_model = ClassList.objects.filter(~_DONE, pk__in=pks).delete()
    return gone


def _stored_rows(parsed: ParsedList) -> list[Row]:
    """Return the rows below the titles. Unrecognised titles are kept as well: they may be a student."""
    header = parsed.header
    first = header.row if _may_be_student(header) else header.row + 1
    titles = [column.title for column in header.columns]
    return [
        row
        for row in parsed.sheet.rows
        if row.number >= first
        and (
            row.number == header.row
            or [" ".join(cell.split()) for cell in row.cells] != titles[: len(row.cells)]
        )
    ]


def _create(upload: Upload, teacher: Teacher, fest: Fest) -> ClassList:
    sheet, header = upload.parsed.sheet, upload.parsed.header
    return ClassList.objects.create(
        fest=fest,
        school=teacher.school,
        owner=teacher.user,
        title=clean_text(storable(upload.title))[:200],
        digest=upload.digest,
        columns=stored_columns(header),
        events_for_all=list(upload.events_for_all),
        encoding=sheet.encoding,
        is_guess=sheet.is_guess,
        sheet=storable(sheet.name)[:200],
        other_sheets=[storable(name)[:200] for name in sheet.other_names],
    )


def stored_columns(header: Header) -> list[list[str]]:
    """Return the columns as they are stored; one of marks names its event by slug, because event names may change."""
    return [[storable(one.title), str(one.meaning), one.event] for one in header.columns]


def _may_be_student(header: Header) -> bool:
    """Return whether the row of titles may be a student, because no title was recognised."""
    return bool(header.problem) and all(column.meaning not in STUDENT_MEANINGS for column in header.columns)


def _row(class_list: ClassList, row: Row, parsed: ParsedList) -> ClassListRow:
    return ClassListRow(
        class_list=class_list,
        number=row.number,
        cells=[storable(cell) for cell in row.cells],
        is_left_out=row.number == parsed.header.row or row.number in parsed.left_out,
        left_out_reason=str(parsed.left_out.get(row.number, "")),
    )
