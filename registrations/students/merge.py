"""Merge two students who are the same person: one row is kept and takes over everything of the other."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, give_up
from registrations.booking.waitlist import promote
from registrations.holds.reserve import end_what_is_over
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
from registrations.questions.answers import move_answers
from registrations.signals import students_merged
from registrations.students.corrections import correct_many
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate

State = Registration.State
RegistrationPair = tuple[Registration, Registration]
"""Two active registrations of one student: the better one first, or two that overlap in time."""


@dataclass(frozen=True, slots=True)
class MergeContext:
    """Who merges, why and when, and whether the student is notified."""

    user: Any
    reason: str
    now: datetime
    deadline: Deadline
    notify: bool = True

    @property
    def origin(self) -> Origin:
        actor = Change.Actor.ORGANISER
        return Origin(Change.Cause.MERGED, actor, self.now, user=self.user, reason=self.reason)


def merge_students(
    kept_id: int, removed_id: int, *, user: Any, reason: str, deadline: Deadline, notify: bool = True
) -> Student:
    """Merge two students of one school. See `merge_rows` for what moves and which links and codes stay valid.

    Runs in one transaction; freed seats go to the waiting list. The printed reference of the removed student leads to
    the kept one from then on. Locks the Seats rows of all their events, then both students, then the registrations.
    Raises `ActionRejected` if one of them no longer exists or they belong to different schools or fests, and
    `LockTimeout` after 3 seconds.
    """
    work = partial(_merge_students, kept_id, removed_id, user, reason, deadline, notify)
    return in_transaction(work, deadline=deadline)


def _merge_students(
    kept_id: int, removed_id: int, user: Any, reason: str, deadline: Deadline, notify: bool
) -> Student:
    both = (kept_id, removed_id)
    event_ids = Registration.objects.filter(student__in=both).values_list("event_id", flat=True)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(list(event_ids))}
    deadline.limit_locks()
    known = Student.objects.filter(pk__in=both).select_related("school", "fest")
    kept, removed = _require_two({row.pk: row for row in known.locked()}, kept_id, removed_id)
    events, now = read_locked_events(seats)
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    context = MergeContext(user, reason, now or database_now(), deadline, notify)
    merge_rows(kept, removed, seats, context)
    promote_into_freed_seats(seats, context)
    return kept


def _require_two(found: dict[int, Student], kept_id: int, removed_id: int) -> tuple[Student, Student]:
    if len(found) != 2 or any(student.erased_at for student in found.values()):
        raise ActionRejected(_("One of these students no longer exists."))
    kept, removed = found[kept_id], found[removed_id]
    if (kept.fest_id, kept.school_id) != (removed.fest_id, removed.school_id):
        raise ActionRejected(_("These students belong to different schools. Merge the schools first."))
    return kept, removed


def promote_into_freed_seats(seats: dict[int, Seats], context: MergeContext) -> None:
    """Promote from the waiting lists into the seats that duplicate registrations gave up."""
    with change_ledger():
        for row in seats.values():
            promote(row, cause=Change.Cause.PROMOTED, now=context.now)


def duplicate_registrations(registrations: Iterable[Registration]) -> list[RegistrationPair]:
    """Return pairs of active registrations for the same event, the better one first.

    Confirmed is better than waiting; then the earlier queue position wins.
    """
    by_event: dict[int, list[Registration]] = defaultdict(list)
    for row in registrations:
        if row.is_active:
            by_event[row.event_id].append(row)
    pairs = [sorted(rows, key=_worth) for rows in by_event.values()]
    return [(pair[0], pair[1]) for pair in pairs if len(pair) > 1]


def clashes_among(registrations: Iterable[Registration], kept_id: int) -> list[RegistrationPair]:
    """Return pairs of registrations that overlap in time only because of this merge."""
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
    """Move everything to `kept` and delete `removed`. The caller holds all locks.

    Of two registrations for one event the better one stays. Ticket codes stay valid. Links to all registrations of
    `removed` become invalid, because they would show those of another student; links of single submissions keep
    showing what the submission obtained, unless an address has changed. No seat is given to the waiting list here.
    Raises `ConcurrentUpdate` if a registration was made for an event whose `seats` are not locked.
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
    _remember_reference(kept, removed, context.now)
    _move_rows(kept, removed)
    _record_clashes([pair for pair in clashes if all(row.is_active for row in pair)], context)
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
    _delete_row(removed)


def _share_verification(kept: Student, removed: Student, registrations: Sequence[Registration]) -> None:
    """Drop confirmation deadlines if the kept address is verified, or if one of two duplicates had no deadline."""
    if removed.email_key == kept.email_key and removed.email_verified_at and not kept.email_verified_at:
        kept.email_verified_at = removed.email_verified_at
        Student.objects.filter(pk=kept.pk).update(email_verified_at=kept.email_verified_at)
    duplicates = duplicate_registrations(registrations)
    vouched = {better.pk for better, worse in duplicates if worse.confirm_by is None}
    for row in registrations:
        if row.is_active and row.confirm_by and (kept.email_verified_at or row.pk in vouched):
            row.confirm_by = None
            Registration.objects.filter(pk=row.pk).update(confirm_by=None)


def _delete_row(row: Student) -> None:
    """Delete only this row: a remaining foreign key makes the merge fail instead of cascading."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {Student._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608


def _adopt_address(
    kept: Student, removed: Student, own: Sequence[Registration], context: MergeContext
) -> bool:
    """Take over the only address as a correction. Returns whether the student is notified by the correction."""
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
        with change_ledger():
            give_up(worse, seats, origin=context.origin)


def _move_results(duplicates: Sequence[RegistrationPair]) -> None:
    for better, worse in duplicates:
        if not Result.objects.filter(registration=better).exists():
            Result.objects.filter(registration=worse).update(registration=better)


def _move_rows(kept: Student, removed: Student) -> None:
    """Move the rows of `removed`.

    A submission that created `removed` loses its link to everything: it would show more than the submission obtained.
    """
    Registration.objects.filter(student=removed).update(student=kept)
    Submission.objects.filter(student=removed).update(student=kept, created_student=False)
    ClassListRow.objects.filter(student=removed).update(student=kept)
    move_answers(kept, removed)
    same = Consent.objects.filter(student=kept, text=OuterRef("text"), basis=OuterRef("basis"))
    Consent.objects.filter(Exists(same), student=removed).delete()
    Consent.objects.filter(student=removed).update(student=kept)


def _remember_reference(kept: Student, removed: Student, now: datetime) -> None:
    """Let every reference that was printed for `removed`, or for students merged into it earlier, lead to `kept`."""
    MergedReference.objects.filter(student=removed).update(student=kept, at=now)
    MergedReference.objects.create(reference=removed.reference, student=kept, at=now)


def _record_clashes(clashes: Collection[RegistrationPair], context: MergeContext) -> None:
    """Record the clashes as conflicts: both registrations keep their seats until one is chosen."""
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
