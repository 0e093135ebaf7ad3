"""Erase students: no personal data is left, and every count stays true."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from events.models import Seats
from registrations.booking.cancel import cancel_along
from registrations.models import (
    Answer,
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
from registrations.privacy import erasure_register, redact
from registrations.privacy.redact import empty_student, erasing
from registrations.signals import student_erased, traces_swept
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

AT_ONCE = 25
"""Students of a register in one transaction: most of the work is the same for one and for many, and a restored site
shows no page before it is done. More would hold the seats for longer than a click waits."""


def erase(
    student_ids: Iterable[int],
    *,
    deadline: Deadline,
    user: Any = None,
    reason: str = "",
    guard: Callable[[], None] | None = None,
) -> list[str]:
    """Erase these students in one transaction and return the references they had. Erased students are skipped.

    Active registrations of future events are cancelled and the waiting list moves up; others keep their state, so
    that attendance stays true. The Student row stays, without personal data. Consents, submissions, conflicts and
    whatever class lists and free text contain of the person are deleted; receivers of `student_erased` do the same
    for other apps. After the commit the references are added to the register of erasures and files are removed;
    `sweep` removes what a crash leaves behind. Locks the Seats rows of all their events, then the students. `guard`
    is called under these locks and may raise to stop the erasure. Raises `LockTimeout` after 3 seconds.
    """
    ids = sorted(set(student_ids))
    return in_transaction(lambda: _erase(ids, user, reason, deadline, guard), deadline=deadline)


def _erase(
    ids: Sequence[int], user: Any, reason: str, deadline: Deadline, guard: Callable[[], None] | None = None
) -> list[str]:
    students = _lock_students(ids, deadline)
    if guard:
        guard()
    keys = [student.pk for student in students]
    with erasing():
        _cancel(keys, user=user, deadline=deadline)
        now = database_now()
        erased_words = [word for student in students for word in redact.identifying_words(student)]
        reason = redact.redacted(reason, erased_words)
        references = [
            one for student in students for one in _erase_student(student, now=now, user=user, reason=reason)
        ]
        redact.redact_text(erased_words)
    transaction.on_commit(partial(erasure_register.append, references), robust=True)
    return references


def _lock_students(ids: Sequence[int], deadline: Deadline) -> list[Student]:
    """Return those of these students who are not erased, locked after their events.

    Raises `ConcurrentUpdate` if a registration was made before the locks were taken.
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
    """Cancel the registrations of future events; past ones keep their state."""
    ahead = Registration.objects.active().filter(student__in=ids, event__starts_at__gt=database_now())
    cancel_along(
        list(ahead.values_list("pk", flat=True)),
        actor=Change.Actor.ORGANISER if user else Change.Actor.SYSTEM,
        user=user,
        deadline=deadline,
        cause=Change.Cause.ERASED,
    )


def _erase_student(student: Student, *, now: dt.datetime, user: Any, reason: str) -> list[str]:
    """Erase one locked student and return all references that named the student."""
    student_erased.send(sender=Student, student=student, now=now)
    merged = MergedReference.objects.filter(student=student)
    references = [student.reference, *merged.order_by("reference").values_list("reference", flat=True)]
    merged.delete()
    Conflict.objects.filter(registration__student=student).delete()
    redact.redact_class_lists(student)
    Answer.objects.filter(student=student).delete()
    Submission.objects.filter(student=student).delete()
    empty_student(student, now=now)
    Consent.objects.filter(student=student).delete()  # the database refuses it before
    # The same student may have been erased before a backup was restored.
    Erasure.objects.bulk_create(
        [Erasure(reference=one, fest=student.fest, at=now, user=user, reason=reason) for one in references],
        ignore_conflicts=True,
    )
    record(student, what="erased", now=now, user=user, reason=reason)
    return references


def erase_listed(*, registers: Sequence[Path] = (), deadline_seconds: float = 30) -> int:
    """Erase students whose references are in the registers or in the database's own list; return how many.

    After a restore such students exist again. The register in the data folder then holds the lines of all
    `registers`. Raises `RegisterError` if none of them is known to be complete.
    """
    gathered = erasure_register.gather(registers)
    known = set(erasure_register.read_register())
    erasure_register.append(one for one in gathered if one not in known)
    listed = [*gathered, *Erasure.objects.values_list("reference", flat=True)]
    rows = Student.objects.known()
    ids = set(rows.filter(reference__in=listed).values_list("pk", flat=True))
    ids |= set(rows.filter(merged_references__in=listed).values_list("pk", flat=True))
    in_order = sorted(ids)
    for start in range(0, len(in_order), AT_ONCE):
        chunk = in_order[start : start + AT_ONCE]
        erase(chunk, deadline=Deadline(deadline_seconds), reason="on the list of the erased")
    DatabaseMarker.objects.filter(held_since__isnull=False).update(register_applied_at=database_now())
    return len(ids)


def sweep() -> None:
    """Finish what a crash right after an erasure left behind: lines of the register, and files."""
    erasure_register.complete()
    traces_swept.send(sender=Student)
