"""Correct a student's details. Their registrations keep their seats."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from events.models import Seats
from registrations.booking.errors import ActionRejected
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, note
from registrations.models import Change, Registration, Student
from registrations.students.fields import STUDENT_FIELDS
from registrations.students.names import email_key
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate


def correct(
    student_id: int, *, values: dict[str, Any], actor: str, deadline: Deadline, user: Any = None
) -> Student:
    """Write corrected details and record the changed fields on every registration of the student.

    A new e-mail address invalidates the old links. After the last closing time a student may change only the address.
    Locks the Seats rows of the student's events, then the student. Raises `ActionRejected` if an event is not open to
    the new grade, if another student has the same details, or if it is too late.
    """
    try:
        return in_transaction(lambda: _correct(student_id, values, actor, user, deadline), deadline=deadline)
    except IntegrityError as error:
        if constraint_of(error) != "student_once_a_fest":
            raise
        raise ActionRejected(_("Another student is registered with these details.")) from error


def constraint_of(error: IntegrityError) -> str | None:
    """Return the name of the violated database constraint."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return diagnosis.constraint_name if diagnosis else None


def _correct(student_id: int, values: dict[str, Any], actor: str, user: Any, deadline: Deadline) -> Student:
    return correct_many({student_id: values}, actor=actor, user=user, deadline=deadline)[student_id]


def correct_many(
    values: Mapping[int, Mapping[str, Any]],
    *,
    actor: str,
    deadline: Deadline,
    user: Any = None,
    also_lock: Iterable[int] = (),
    also_lock_students: Iterable[int] = (),
) -> dict[int, Student]:
    """Write corrected details, given by primary key of the student, in the caller's transaction.

    Locks the Seats rows of all their events, then the students. What the caller needs as well is locked in the same
    order, so that no deadlock is possible. The number of queries does not grow with the students. Raises what
    `correct` raises, and `ConcurrentUpdate` if a registration was made before the locks were taken.
    """
    rows = Registration.objects.filter(student__in=values).order_by("pk")
    deadline.limit_locks()
    locked = {
        seats.pk for seats in Seats.objects.locked([*also_lock, *rows.values_list("event_id", flat=True)])
    }
    students = _locked_students(values, also_lock=also_lock_students, deadline=deadline)
    wanted = {pk: _wanted(student, values[pk]) for pk, student in students.items()}
    fields = {pk: names for pk, one in students.items() if (names := _differing(one, wanted[pk]))}
    if not fields:
        return students
    registrations = [row for row in rows.with_related() if row.student_id in fields]
    if {registration.event_id for registration in registrations} - locked:
        # A registration was made before the locks were taken. The caller tries again.
        raise ConcurrentUpdate
    origin = Origin(Change.Cause.CORRECTED, actor, database_now(), user=user)
    old_emails = {pk: students[pk].email for pk in fields}
    for pk, names in fields.items():
        _require_lawful([row for row in registrations if row.student_id == pk], wanted[pk], names, origin)
    _save([(students[pk], wanted[pk], names) for pk, names in fields.items()])
    for registration in registrations:
        registration.student = students[registration.student_id]
    with change_ledger() as ledger:
        ledger.old_emails |= old_emails
        note(registrations, origin=origin, fields=fields)
    return students


def _locked_students(
    wanted: Collection[int], *, also_lock: Iterable[int], deadline: Deadline
) -> dict[int, Student]:
    """Lock the students, and those that the caller needs as well, in one order; return the former by primary key."""
    deadline.limit_locks()
    known = Student.objects.filter(pk__in=[*wanted, *also_lock]).select_related("school")
    students = {one.pk: one for one in known.locked() if one.pk in wanted}
    if len(students) < len(wanted):
        raise ActionRejected(_("This student was merged with another one. Search for the name again."))
    if any(student.erased_at for student in students.values()):
        raise ActionRejected(_("This student was erased."))
    return students


def _wanted(student: Student, values: Mapping[str, Any]) -> Student:
    """Return the student with the corrected details. Fields that are not given or given as stored keep their value."""
    kept = {name: getattr(student, name) for name in STUDENT_FIELDS}
    given = kept | dict(values)
    wanted = Student(**given)
    wanted.set_keys()
    for name in ("section", "roll_number"):
        if given[name] == kept[name]:
            setattr(wanted, name, kept[name])
    return wanted


def _differing(student: Student, wanted: Student) -> list[str]:
    return [name for name in STUDENT_FIELDS if getattr(wanted, name) != getattr(student, name)]


def _require_lawful(
    registrations: list[Registration], wanted: Student, fields: list[str], origin: Origin
) -> None:
    if origin.actor == Change.Actor.STUDENT and fields != ["email"]:
        _require_open(registrations, origin.at)
    if "grade" in fields:
        _require_grade(registrations, wanted.grade)


def _require_open(registrations: list[Registration], now: datetime) -> None:
    """Refuse corrections by the student after the last closing time: the organisers decide then."""
    closings = [row.event.registration_accepted_until for row in registrations if row.is_active]
    if closings and now >= max(closings):
        raise ActionRejected(
            _(
                "Registration is closed. Only the e-mail address can still be changed here; ask the organisers."
            )
        )


def _require_grade(registrations: list[Registration], grade: int) -> None:
    for registration in registrations:
        if registration.is_active and not registration.event.has_room_for_grade(grade):
            raise ActionRejected(
                _("%(event)s is for %(grades)s. Cancel it first, or keep the grade.")
                % {"event": registration.event.name, "grades": registration.event.grades_text.lower()}
            )


_WITHOUT_KEYS = frozenset({"email", "language"})
"""Fields whose correction leaves the keys of names and labels alone: an upgrade may have kept two apart."""


def _save(corrections: list[tuple[Student, Student, list[str]]]) -> None:
    """Save all corrections in one statement. A new e-mail address invalidates the old links."""
    for student, wanted, fields in corrections:
        for name in STUDENT_FIELDS:
            setattr(student, name, getattr(wanted, name))
        if not _WITHOUT_KEYS.issuperset(fields):
            student.set_keys()
        if "email" in fields:
            student.email_key = email_key(student.email)
            # The row is locked, so no concurrent update is lost.
            student.link_version += 1
            student.email_verified_at = None
    changed = {name for _student, _wanted, fields in corrections for name in fields}
    written = [*changed, "name_key", "initials", "roll_key", "email_key", "link_version", "email_verified_at"]
    Student.objects.bulk_update([student for student, _wanted, _fields in corrections], written)
