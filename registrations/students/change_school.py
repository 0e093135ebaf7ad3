"""Correct the school of a student. The registrations keep their seats."""

from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from events.models import Seats
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, note
from registrations.models import Change, ClassListRow, Registration, School, Student
from registrations.students.corrections import constraint_of
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate


def change_school(student_id: int, *, school: School, user: Any, reason: str, deadline: Deadline) -> Student:
    """Give the student another school, and record it on every registration and in the audit log.

    Locks the Seats rows of the student's events, then the school, then the student. Raises `ActionRejected` if the
    student is in a class list of the former school, has a seat held for it, or is a student of the new school already.
    """
    try:
        return in_transaction(lambda: _change(student_id, school, user, reason, deadline), deadline=deadline)
    except IntegrityError as error:
        if constraint_of(error) != "student_once_a_fest":
            raise
        words = _(
            "A student with these details is registered for %(school)s already. Add a roll number that tells them "
            "apart, correct the school, and merge the two."
        )
        raise ActionRejected(words % {"school": school.name}) from error


def _change(student_id: int, school: School, user: Any, reason: str, deadline: Deadline) -> Student:
    rows = Registration.objects.filter(student=student_id).order_by("pk")
    deadline.limit_locks()
    locked = {seats.pk for seats in Seats.objects.locked(rows.values_list("event_id", flat=True))}
    deadline.limit_locks()
    there = School.objects.select_for_update(no_key=True).filter(pk=school.pk).first()
    deadline.limit_locks()
    student = Student.objects.known().select_related("fest", "school").filter(pk=student_id).locked().first()
    if there is None or student is None:
        raise ActionRejected(
            _("This school or student was merged with another one. Search for the name again.")
        )
    registrations = list(rows.with_related())
    if {row.event_id for row in registrations} - locked:
        raise ConcurrentUpdate  # registered before the locks were taken
    if student.school_id == there.pk:
        return student
    _require_free(student, registrations)
    before, student.school = student.school, there
    student.save(update_fields=["school"])
    for row in registrations:
        row.student = student
    _log(student, registrations, before, user, reason)
    return student


def _require_free(student: Student, registrations: list[Registration]) -> None:
    """Refuse what the former school still counts: rows of its class lists, and seats held for it."""
    listed = ClassListRow.objects.filter(student=student).select_related("class_list").first()
    if listed:
        words = _(
            "The student is in the class list “%(title)s” of %(school)s. Cancel the registrations there, and add them "
            "again for the right school."
        )
        raise ActionRejected(words % {"title": listed.class_list.title, "school": student.school.name})
    for row in registrations:
        if row.is_active and row.hold_id:
            words = _(
                "The seat in %(event)s is held for %(school)s. Cancel it, and add it again for the right school."
            )
            raise ActionRejected(words % {"event": row.event.name, "school": student.school.name})


def _log(student: Student, registrations: list[Registration], before: School, user: Any, reason: str) -> None:
    now = database_now()
    origin = Origin(Change.Cause.CORRECTED, Change.Actor.ORGANISER, now, user=user, reason=reason)
    with change_ledger() as ledger:
        ledger.old_emails |= {student.pk: student.email}
        note(registrations, origin=origin, fields={student.pk: ["school"]})
    record(
        student,
        what="school corrected",
        now=now,
        user=user,
        before={"school": before.pk},
        after={"school": student.school_id},
        reason=reason,
    )
