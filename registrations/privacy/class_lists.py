"""Class lists that a person stands in: registered rows stay for the sums, with empty cells; drafts' rows go."""

import itertools
from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from registrations.class_lists.locking import lock_lists
from registrations.models import ClassList, ClassListJob, ClassListRow, Student
from registrations.students.names import email_key, name_key


def forget_rows(student: Student) -> None:
    """Empties the rows that became this student, and takes out those of the school's drafts that say the name.

    A draft's row is only text: whoever has this name, or this address, in any of its cells, alone or parted
    into two. A teacher who still wants a namesake enters the row again. Rows that were done and became nobody
    (refused ones) are emptied by the same signs.
    """
    lists = ClassList.objects.filter(fest=student.fest_id, school=student.school_id)
    lock_lists(lists)
    ClassListRow.objects.filter(student=student).update(cells=[])
    rows = ClassListRow.objects.filter(class_list__in=lists, student=None)
    mentioning = [row for row in rows.iterator() if _mentions(row.cells, student)]
    undone = [row.pk for row in mentioning if row.done_at is None and row.job_id is None]
    ClassListRow.objects.filter(pk__in=undone).delete()
    ClassListRow.objects.filter(pk__in=[row.pk for row in mentioning]).update(cells=[])
    drop_empty(lists.values_list("pk", flat=True))


def drop_empty(ids: Iterable[int]) -> None:
    """Deletes those of these lists that have no row any more, unless a worker is at one."""
    held = [one.pk for one in lock_lists(ClassList.objects.filter(pk__in=list(ids)))]
    rows = ClassListRow.objects.filter(class_list=OuterRef("pk"))
    jobs = ClassListJob.objects.filter(class_list=OuterRef("pk"))
    ClassList.objects.filter(~Exists(rows), ~Exists(jobs), pk__in=held).delete()


def _mentions(cells: list[str], student: Student) -> bool:
    longest = max(len(student.name_key), len(student.email_key))
    keys = [name_key(cell) if _may_match(cell, longest) else "" for cell in cells]
    pairs = [(left, right) for left, right in itertools.pairwise(keys)]
    parted = [f"{left} {right}" for left, right in pairs] + [f"{right} {left}" for left, right in pairs]
    if student.name_key in {*keys, *parted}:
        return True
    return bool(student.email_key) and student.email_key in {email_key(cell) for cell in cells}


def _may_match(cell: str, longest: int) -> bool:
    """Whether a cell is short enough to become a key of this length; a long one costs too much to normalise.

    Normalisation joins at most three letters to one (Hangul) and drops marks and punctuation only.
    """
    return len(cell) <= 3 * longest or sum(map(str.isalnum, cell)) <= 3 * longest
