"""One student was entered twice: one row stays, and takes over what the other has."""

from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from events.locked_reads import read_facts
from events.models import Seats
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.errors import ActionRejected
from registrations.booking.waitlist import promote
from registrations.holds.reserve import end_what_is_over
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Registration, Student
from registrations.signals import registrations_changed
from registrations.students.merge import MergeContext, merge_rows
from techfest.core.db.clock import database_now


def merge_students(
    kept_id: int, removed_id: int, *, user: Any, reason: str, deadline: Deadline, notify: bool = True
) -> Student:
    """Makes one student of two of one school; `merge_rows` says what moves, and which links and codes go on.

    One transaction; freed seats go to whoever waits for them. The printed reference of the one that is gone
    names the other from then on. Locks the Seats rows of all their events, then both students, then the
    registrations. Raises `ActionRejected` where one of them is not there any more or they are of two schools or
    fests, and `LockTimeout` after 3 s.
    """
    work = partial(_merge, kept_id, removed_id, user, reason, deadline, notify)
    return in_transaction(work, deadline=deadline)


def _merge(
    kept_id: int, removed_id: int, user: Any, reason: str, deadline: Deadline, notify: bool
) -> Student:
    both = (kept_id, removed_id)
    events = Registration.objects.filter(student__in=both).values_list("event_id", flat=True)
    deadline.limit_locks()
    seats = {row.pk: row for row in Seats.objects.locked(list(events))}
    deadline.limit_locks()
    known = Student.objects.filter(pk__in=both).select_related("school", "fest")
    kept, removed = _require_two({row.pk: row for row in known.locked()}, kept_id, removed_id)
    facts, now = read_facts(seats)
    release_late(seats.values(), facts, now)
    end_what_is_over(seats.values(), facts, now)
    context = MergeContext(user, reason, now or database_now(), deadline, notify)
    merge_rows(kept, removed, seats, context)
    give_freed_seats(seats, context)
    return kept


def _require_two(found: dict[int, Student], kept_id: int, removed_id: int) -> tuple[Student, Student]:
    if len(found) != 2 or any(student.erased_at for student in found.values()):
        raise ActionRejected(_("One of these students is not there any more."))
    kept, removed = found[kept_id], found[removed_id]
    if (kept.fest_id, kept.school_id) != (removed.fest_id, removed.school_id):
        raise ActionRejected(_("These students are of two schools. Merge the schools first."))
    return kept, removed


def give_freed_seats(seats: dict[int, Seats], context: MergeContext) -> None:
    """Promotes whoever waits for the seats that doubles gave up."""
    changes = []
    for row in seats.values():
        changes += promote(row, cause=Change.Cause.PROMOTED, now=context.now)
    if changes:
        registrations_changed.send(sender=Registration, changes=changes, now=context.now)
