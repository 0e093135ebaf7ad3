"""Correcting a student's details; the seats stay."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.db.models import F
from django.utils.translation import gettext as _

from events.clock import database_now
from events.models import GRACE, Seats
from registrations.errors import NotPossible, Overtaken
from registrations.locking import Deadline, in_transaction
from registrations.models import Change, Registration, Student
from registrations.signals import registrations_changed
from registrations.transitions import Origin, note

CORRECTABLE = ("name", "grade", "section", "roll_number", "email")


def correct(
    student_id: int, *, values: dict[str, Any], actor: str, deadline: Deadline, user: Any = None
) -> Student:
    """Writes corrected details and records which fields changed, on every registration of the student.

    A new e-mail makes the old links die. After the last closing a student may change the e-mail only.
    Locks the Seats rows of the student's events, then the student. Raises `NotPossible` when an event is
    not for the new grade, another student has these details, or it is too late.
    """
    try:
        return in_transaction(lambda: _correct(student_id, values, actor, user, deadline), deadline=deadline)
    except IntegrityError as error:
        if _constraint(error) != "student_once_a_fest":
            raise
        raise NotPossible(_("Another student is registered with these details.")) from error


def _constraint(error: IntegrityError) -> str | None:
    """The name of the constraint that the database found broken."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return diagnosis.constraint_name if diagnosis else None


def _correct(student_id: int, values: dict[str, Any], actor: str, user: Any, deadline: Deadline) -> Student:
    rows = Registration.objects.filter(student=student_id).order_by("pk")
    deadline.limit_locks()
    locked = {seats.pk for seats in Seats.objects.locked(rows.values_list("event_id", flat=True))}
    deadline.limit_locks()
    student = Student.objects.filter(pk=student_id).select_related("school").locked().get()
    old_email = student.email
    wanted = Student(**values)
    wanted.set_keys()
    fields = [name for name in CORRECTABLE if getattr(wanted, name) != getattr(student, name)]
    if not fields:
        return student
    registrations = list(rows.with_facts())
    if {registration.event_id for registration in registrations} - locked:
        # A press was faster than our locks; with its event among them it is as if it had come before.
        raise Overtaken
    now = database_now()
    if actor == Change.Actor.STUDENT and fields != ["email"]:
        _require_open(registrations, now)
    if "grade" in fields:
        _require_grade(registrations, wanted.grade)
    _save(student, wanted, fields)
    for registration in registrations:
        registration.student = student
    origin = Origin(Change.Cause.CORRECTED, actor, now, user=user, fields=fields)
    changes = note(registrations, origin=origin)
    registrations_changed.send(
        sender=Registration, changes=changes, now=now, old_emails={student.pk: old_email}
    )
    return student


def _require_open(registrations: list[Registration], now: datetime) -> None:
    """After the last closing a name is no slip of the pen any more: the organisers decide."""
    closings = [row.event.registration_closes_at for row in registrations if row.is_active]
    if closings and now >= max(closings) + GRACE:
        raise NotPossible(
            _(
                "Registration is closed. Only the e-mail address can still be changed here; ask the organisers."
            )
        )


def _require_grade(registrations: list[Registration], grade: int) -> None:
    for registration in registrations:
        if registration.is_active and not registration.event.has_room_for_grade(grade):
            raise NotPossible(
                _("%(event)s is for %(grades)s. Cancel it first, or keep the grade.")
                % {"event": registration.event.name, "grades": registration.event.grades_text.lower()}
            )


def _save(student: Student, wanted: Student, fields: list[str]) -> None:
    for name in CORRECTABLE:
        setattr(student, name, getattr(wanted, name))
    student.set_keys()
    written = [*fields, "name_key", "email_key"]
    if "email" in fields:
        student.link_version = F("link_version") + 1
        written.append("link_version")
    student.save(update_fields=written)
    student.refresh_from_db(fields=["link_version"])
