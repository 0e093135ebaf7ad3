"""A small fest for tests to damage, and helpers to audit it."""

from io import StringIO
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection

from events.models import Event
from registrations import invariants as registrations_auditing
from registrations.booking.cancel import cancel
from registrations.models import Change, Registration, Student
from registrations.students.corrections import correct
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core import invariants as events_auditing
from techfest.core.db.locking import Deadline
from tickets.invariants import tickets as tickets_auditing


def run(*arguments: str) -> list[str]:
    """The lines of one audit that name offenders."""
    out = StringIO()
    try:
        call_command("audit", *arguments, stdout=out)
    except CommandError:
        return [line for line in out.getvalue().splitlines() if not line.endswith(": ok")]
    return []


def offenders() -> list[str]:
    """Run all checks in the transaction of the test, which the command cannot see."""
    checks = [*events_auditing.CHECKS, *registrations_auditing.CHECKS, *tickets_auditing.CHECKS]
    return [sentence for check in checks for sentence in check.find()]


def damage(sql: str, *params: Any) -> None:
    """Execute SQL without triggers and foreign keys, as a faulty program or a manual change could."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, params or None)
        cursor.execute("SET session_replication_role = origin")


def correct_student(student: Student, **values: Any) -> None:
    known = {name: getattr(student, name) for name in ("name", "grade", "section", "roll_number", "email")}
    correct(student.pk, values=known | values, actor=Change.Actor.STUDENT, deadline=Deadline())


def cancel_first(event: Event) -> Registration:
    first = event.registrations.active().order_by("queue_position")[0]
    cancel([first.pk], actor=Change.Actor.STUDENT, deadline=Deadline())
    return first


def build_robo_race(*, capacity: int = 2) -> Event:
    """Two seats and four students: two confirmed, two waiting. With more seats, only the first two register."""
    event = build_event(build_fest(), capacity=capacity, name="Robo Race")
    for number in range(4 if capacity == 2 else 2):
        build_submission(event, name=f"Asha {'ABCD'[number]}", email=f"{number}@example.org")
    return event


def named(text: str, sentences: list[str]) -> bool:
    """Whether one of the sentences contains the text; references are random, so they are written (R)."""
    known = dict(Student.objects.values_list("reference", "pk"))
    for reference in known:
        sentences = [line.replace(f"({reference})", "(R)") for line in sentences]
    return any(text in line for line in sentences)
