"""Erasing people: nothing that tells who they were is left, and every count stays true."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from events.audit_log import record
from events.models import Seats
from registrations.booking.cancel import cancel_along
from registrations.booking.errors import ConcurrentUpdate
from registrations.locking import Deadline, in_transaction
from registrations.models import (
    Change,
    Conflict,
    Consent,
    DatabaseMarker,
    Erasure,
    MergedReference,
    Registration,
    Student,
    Submission,
)
from registrations.privacy import class_lists, erasure_register, redact
from registrations.privacy.anonymise import empty, erasing
from registrations.signals import student_erased, traces_swept
from techfest.core.db.clock import database_now


def erase(
    student_ids: Iterable[int],
    *,
    deadline: Deadline,
    user: Any = None,
    reason: str = "",
    guard: Callable[[], None] | None = None,
) -> list[str]:
    """Erases these students in one transaction; the references that they had. Whoever is erased already stays so.

    Active registrations of events that have not begun are cancelled, and the next in line promoted; others
    keep their state, so that attendance stays true. The Student row stays as a shell; consents, presses,
    mails, flags, and what class lists and free text say of the person go, and the rooms above blank theirs
    (`student_erased`). After the commit the references are added to the list outside of the database, and
    files are removed; what a crash leaves of them is found by `sweep`. Locks the Seats rows of all their
    events, then the students. A `guard` is asked once these locks are held, and raises where nobody may be
    erased. Raises `LockTimeout` after 3 s.
    """
    ids = sorted(set(student_ids))
    return in_transaction(lambda: _erase(ids, user, reason, deadline, guard), deadline=deadline)


def _erase(
    ids: Sequence[int], user: Any, reason: str, deadline: Deadline, guard: Callable[[], None] | None = None
) -> list[str]:
    students = _locked(ids, deadline)
    if guard:
        guard()
    keys = [student.pk for student in students]
    with erasing():
        _cancel(keys, user=user, deadline=deadline)
        now = database_now()
        erased_words = [word for student in students for word in redact.words_of(student)]
        reason = redact.redacted(reason, erased_words)
        references = [
            one for student in students for one in _forget(student, now=now, user=user, reason=reason)
        ]
        redact.redact(erased_words)
    transaction.on_commit(partial(erasure_register.append, references), robust=True)
    return references


def _locked(ids: Sequence[int], deadline: Deadline) -> list[Student]:
    """The students of these that are not erased yet, locked after their events.

    Raises `ConcurrentUpdate` when a submission came between.
    """
    events = Registration.objects.filter(student__in=ids).values_list("event_id", flat=True)
    deadline.limit_locks()
    seats = {row.pk for row in Seats.objects.locked(list(events))}
    deadline.limit_locks()
    rows = Student.objects.known().filter(pk__in=ids).select_related("fest", "school")
    students = list(rows.order_by("pk").select_for_update(of=("self",)))
    if set(events.all()) - seats:
        raise ConcurrentUpdate
    return students


def _cancel(ids: Sequence[int], *, user: Any, deadline: Deadline) -> None:
    """What has not begun is given up, so that whoever waits comes to the seat; what is past stays as it was."""
    ahead = Registration.objects.active().filter(student__in=ids, event__starts_at__gt=database_now())
    cancel_along(
        list(ahead.values_list("pk", flat=True)),
        actor=Change.Actor.ORGANISER if user else Change.Actor.SYSTEM,
        user=user,
        deadline=deadline,
        cause=Change.Cause.ERASED,
    )


def _forget(student: Student, *, now: dt.datetime, user: Any, reason: str) -> list[str]:
    """Everything of one locked student; all references that named them."""
    student_erased.send(sender=Student, student=student, now=now)
    merged = MergedReference.objects.filter(student=student)
    references = [student.reference, *merged.order_by("reference").values_list("reference", flat=True)]
    merged.delete()
    Consent.objects.filter(student=student).delete()
    Conflict.objects.filter(registration__student=student).delete()
    class_lists.forget_rows(student)
    Submission.objects.filter(student=student).delete()
    empty(student, now=now)
    # The same student may have been erased before a backup was restored.
    Erasure.objects.bulk_create(
        [Erasure(reference=one, fest=student.fest, at=now, user=user, reason=reason) for one in references],
        ignore_conflicts=True,
    )
    record(student, what="erased", now=now, user=user, reason=reason)
    return references


def erase_listed(*, registers: Sequence[Path] = (), deadline_seconds: float = 30) -> int:
    """Erases the students whose references the registers or the database know as erased; how many they were.

    After a restore they are in the database all the same. The data folder's register then holds the lines of
    all `registers`. Raises `RegisterError` where none can be trusted to be whole.
    """
    gathered = erasure_register.gather(registers)
    known = set(erasure_register.read())
    erasure_register.append(one for one in gathered if one not in known)
    listed = [*gathered, *Erasure.objects.values_list("reference", flat=True)]
    rows = Student.objects.known()
    ids = set(rows.filter(reference__in=listed).values_list("pk", flat=True))
    ids |= set(rows.filter(merged_references__in=listed).values_list("pk", flat=True))
    for pk in sorted(ids):
        erase([pk], deadline=Deadline(deadline_seconds), reason="on the list of the erased")
    DatabaseMarker.objects.filter(held_since__isnull=False).update(register_applied_at=database_now())
    return len(ids)


def sweep() -> None:
    """Finishes what a crash right after an erasure has left: lines of the list, and files."""
    erasure_register.complete()
    traces_swept.send(sender=Student)
