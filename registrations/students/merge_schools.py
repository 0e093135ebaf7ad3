"""Merge schools that are one school under several spellings."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from events.locked_reads import read_locked_events
from events.models import Seats
from registrations import schools
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.holds.reserve import end_what_is_over
from registrations.models import (
    ClassList,
    Hold,
    Invitation,
    Registration,
    School,
    SchoolAlias,
    Student,
    Teacher,
)
from registrations.signals import schools_merged
from registrations.students.merge import MergeContext, merge_rows, promote_into_freed_seats
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction


def merge_schools(
    kept_id: int,
    removed_ids: Iterable[int],
    *,
    user: Any,
    reason: str,
    deadline: Deadline,
    notify: bool = True,
) -> School:
    """Move everything of these schools to the kept one. Their names become aliases of it.

    Students who exist in two of the schools are merged as `merge_rows` describes. Runs in one transaction: counts
    stay true and freed seats go to the waiting list. A registration for a removed school at the same moment counts
    for the kept one. Locks the Seats rows of the events of duplicate students and of held seats, then the schools,
    the students and the registrations. Raises `ActionRejected` if one of the schools no longer exists, and
    `LockTimeout` after 3 seconds.
    """
    removed = sorted(set(removed_ids) - {kept_id})
    return in_transaction(
        partial(_merge, kept_id, removed, user, reason, deadline, notify), deadline=deadline
    )


def duplicate_students(school_ids: Sequence[int], *, first: int) -> list[list[int]]:
    """Return groups of primary keys of students of these schools who are the same; the one to keep is first."""
    same: dict[tuple[Any, ...], list[tuple[bool, int]]] = defaultdict(list)
    rows = Student.objects.filter(school__in=school_ids, erased_at=None).values_list(
        "pk", "school_id", "fest_id", "grade", "name_key", "section", "roll_key"
    )
    for pk, school_id, *identity in rows:
        same[tuple(identity)].append((school_id != first, pk))
    return [[pk for _other, pk in sorted(group)] for group in same.values() if len(group) > 1]


def _merge(
    kept_id: int, removed_ids: list[int], user: Any, reason: str, deadline: Deadline, notify: bool
) -> School:
    every = [kept_id, *removed_ids]
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(_events_of(every, kept_id))}
    deadline.limit_locks()
    found = {row.pk: row for row in School.objects.filter(pk__in=every).order_by("pk").select_for_update()}
    if len(found) < len(every) or not removed_ids:
        raise ActionRejected(_("One of these schools no longer exists."))
    groups = duplicate_students(every, first=kept_id)
    deadline.limit_locks()
    concerned = Q(school__in=removed_ids) | Q(pk__in=[pk for group in groups for pk in group])
    students = {row.pk: row for row in Student.objects.filter(concerned).select_related("fest").locked()}
    events, now = read_locked_events(seats)
    release_late(seats.values(), events, now)
    end_what_is_over(seats.values(), events, now)
    context = MergeContext(user, reason, now or database_now(), deadline, notify)
    for first, *others in groups:
        for other in others:
            merge_rows(students[first], students[other], seats, context)
    for removed_id in removed_ids:
        _move(found[kept_id], found[removed_id], context)
    promote_into_freed_seats(seats, context)
    transaction.on_commit(schools.forget)
    return found[kept_id]


def _events_of(school_ids: list[int], kept_id: int) -> list[int]:
    """Return the events whose counts or holds may change: those of duplicate students and of holds that move."""
    duplicates = [pk for group in duplicate_students(school_ids, first=kept_id) for pk in group]
    registered = Registration.objects.filter(student__in=duplicates).values_list("event_id", flat=True)
    held = Hold.objects.filter(school__in=school_ids).exclude(school=kept_id)
    return [*registered, *held.values_list("event_id", flat=True)]


def _move(kept: School, removed: School, context: MergeContext) -> None:
    students = list(Student.objects.filter(school=removed).values_list("pk", flat=True))
    moved = {
        model._meta.model_name or "": model._default_manager.filter(school=removed).update(school=kept)
        for model in (Student, Teacher, ClassList, Hold, Invitation, SchoolAlias)
    }
    SchoolAlias.objects.bulk_create(
        [SchoolAlias(school=kept, name=removed.name, key=removed.key)], ignore_conflicts=True
    )
    if removed.state == School.State.ACCEPTED and kept.state != School.State.ACCEPTED:
        kept.state = School.State.ACCEPTED
        kept.save(update_fields=["state"])
    schools_merged.send(sender=School, kept=kept, removed=removed, students=students, now=context.now)
    before = {"school": removed.pk, "name": removed.name}
    record(
        kept,
        what="merged",
        now=context.now,
        user=context.user,
        before=before,
        after=moved,
        reason=context.reason,
    )
    _delete(removed)


def _delete(school: School) -> None:
    """Delete only this row: a remaining foreign key makes the merge fail instead of cascading."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {School._meta.db_table} WHERE id = %s", [school.pk])  # noqa: S608
