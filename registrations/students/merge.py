"""One student takes over all that another row of the same student has. The caller holds all the locks."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef

from events.audit_log import record
from events.models import Seats
from registrations.booking.errors import ConcurrentUpdate
from registrations.booking.seat_return import give_up
from registrations.booking.state import Origin
from registrations.locking import Deadline
from registrations.models import (
    Change,
    ClassListRow,
    Conflict,
    Consent,
    MergedReference,
    Registration,
    Result,
    Student,
    Submission,
)
from registrations.signals import registrations_changed, students_merged
from registrations.students.corrections import correct_many

State = Registration.State
RegistrationPair = tuple[Registration, Registration]
"""Two active registrations of one student for one event: the better one, and the other."""


@dataclass(frozen=True, slots=True)
class MergeContext:
    """Who decided it and why, when, and whether the student is told."""

    user: Any
    reason: str
    now: datetime
    deadline: Deadline
    notify: bool = True

    @property
    def origin(self) -> Origin:
        actor = Change.Actor.ORGANISER
        return Origin(Change.Cause.MERGED, actor, self.now, user=self.user, reason=self.reason)


def duplicate_registrations(registrations: Iterable[Registration]) -> list[RegistrationPair]:
    """The events that both hold, the better registration first: confirmed over waiting, then the earlier place."""
    by_event: dict[int, list[Registration]] = defaultdict(list)
    for row in registrations:
        if row.is_active:
            by_event[row.event_id].append(row)
    pairs = [sorted(rows, key=_worth) for rows in by_event.values()]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) > 1]


def clashes_among(registrations: Iterable[Registration], kept_id: int) -> list[RegistrationPair]:
    """Pairs that the student cannot both take part in and that only this merge brings together."""
    active = [row for row in registrations if row.is_active]
    own = [row for row in active if row.student_id == kept_id]
    others = [row for row in active if row.student_id != kept_id]
    return [
        (mine, theirs)
        for mine in own
        for theirs in others
        if mine.event_id != theirs.event_id and mine.event.overlaps(theirs.event)
    ]


def _worth(row: Registration) -> tuple[bool, int]:
    return not row.holds_seat, row.queue_position


def merge_rows(kept: Student, removed: Student, seats: dict[int, Seats], context: MergeContext) -> None:
    """Moves everything to `kept`; of two registrations for one event the better one stays. `removed` is deleted.

    Codes of tickets stay valid. Links to the registrations of `removed` die, since what they grant would be
    another student's; the links of single presses lead on to what these obtained, where nobody's address has
    changed. Nobody is promoted into freed seats here. Raises `ConcurrentUpdate` where a press was faster than the locks
    of the `seats`.
    """
    rows = Registration.objects.filter(student__in=(kept, removed)).with_related().order_by("pk")
    registrations = list(rows.select_for_update(no_key=True, of=("self",)))
    if {row.event_id for row in registrations} - set(seats):
        raise ConcurrentUpdate
    _share_verification(kept, removed, registrations)
    is_notified = _adopt_address(
        kept, removed, [row for row in registrations if row.student_id == kept.pk], context
    )
    clashes = clashes_among(registrations, kept.pk)
    duplicates = duplicate_registrations(registrations)
    _give_up([worse for _better, worse in duplicates], seats, context)
    _move_results(duplicates)
    _move_rows(kept, removed)
    _remember_reference(kept, removed, context.now)
    _conflict([pair for pair in clashes if all(row.is_active for row in pair)], context)
    students_merged.send(
        sender=Student,
        kept=kept,
        removed=removed,
        duplicates=duplicates,
        now=context.now,
        notify=context.notify and not is_notified,
    )
    details = {"student": removed.pk, "reference": removed.reference}
    record(kept, what="merged", now=context.now, user=context.user, before=details, reason=context.reason)
    delete_row(removed)


def _share_verification(kept: Student, removed: Student, registrations: Sequence[Registration]) -> None:
    """Nothing is left to confirm where the address that stays is proven, or one of a double needed no proof."""
    if removed.email_key == kept.email_key and removed.email_verified_at and not kept.email_verified_at:
        kept.email_verified_at = removed.email_verified_at
        Student.objects.filter(pk=kept.pk).update(email_verified_at=kept.email_verified_at)
    duplicates = duplicate_registrations(registrations)
    vouched = {better.pk for better, worse in duplicates if worse.confirm_by is None}
    for row in registrations:
        if row.is_active and row.confirm_by and (kept.email_verified_at or row.pk in vouched):
            row.confirm_by = None
            Registration.objects.filter(pk=row.pk).update(confirm_by=None)


def delete_row(row: Student) -> None:
    """The row and nothing else: whatever still points at it undoes the merge, and is not deleted along with it."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Student._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608


def _adopt_address(
    kept: Student, removed: Student, own: Sequence[Registration], context: MergeContext
) -> bool:
    """Takes the only address that there is, as a correction; whether that tells the student already."""
    if kept.email or not removed.email:
        return False
    values = {kept.pk: {"email": removed.email}}
    actor = Change.Actor.ORGANISER
    corrected = correct_many(values, actor=actor, user=context.user, deadline=context.deadline)[kept.pk]
    kept.email, kept.email_key, kept.link_version = (
        corrected.email,
        corrected.email_key,
        corrected.link_version,
    )
    return bool(own)


def _give_up(worse: list[Registration], seats: dict[int, Seats], context: MergeContext) -> None:
    if worse:
        changes = give_up(worse, seats, origin=context.origin)
        registrations_changed.send(sender=Registration, changes=changes, now=context.now)


def _move_results(duplicates: Sequence[RegistrationPair]) -> None:
    for better, worse in duplicates:
        if not Result.objects.filter(registration=better).exists():
            Result.objects.filter(registration=worse).update(registration=better)


def _move_rows(kept: Student, removed: Student) -> None:
    """A press that created `removed` no longer shows a link to everything: that would be more than it obtained."""
    Registration.objects.filter(student=removed).update(student=kept)
    Submission.objects.filter(student=removed).update(student=kept, created_student=False)
    ClassListRow.objects.filter(student=removed).update(student=kept)
    same = Consent.objects.filter(student=kept, text=OuterRef("text"), basis=OuterRef("basis"))
    Consent.objects.filter(Exists(same), student=removed).delete()
    Consent.objects.filter(student=removed).update(student=kept)


def _remember_reference(kept: Student, removed: Student, now: datetime) -> None:
    """What was printed for `removed`, or for whoever became `removed` before, names `kept` from now on."""
    MergedReference.objects.filter(student=removed).update(student=kept, at=now)
    MergedReference.objects.create(reference=removed.reference, student=kept, at=now)


def _conflict(clashes: Collection[RegistrationPair], context: MergeContext) -> None:
    """Both keep their seats until somebody chooses."""
    Conflict.objects.bulk_create(
        Conflict(
            registration=mine,
            other=theirs,
            kind=Conflict.Kind.CLASH,
            at=context.now,
            choose_by=max(context.now, min(mine.event.promotion_ends_at, theirs.event.promotion_ends_at)),
            user=context.user,
        )
        for mine, theirs in clashes
    )
