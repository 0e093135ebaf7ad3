"""Find a student or insert one, without ever mistaking one student for another."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Model, Q

from registrations.booking.errors import AmbiguousIdentity
from registrations.models import School, Student
from registrations.students.fields import StudentValues
from registrations.students.likeness import (
    Labels,
    Likeness,
    adds_label,
    has_same_labels,
    likeness,
    likeness_of,
    may_be_same,
)
from registrations.students.name_parts import SEARCHED, parts_of
from registrations.students.names import email_key, school_key
from registrations.students.references import random_reference
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import column_arrays, column_list, insert_fields, row_values, unnested
from techfest.core.errors import ConcurrentUpdate

_TABLE = Student._meta.db_table
_DESCRIBING = ("name_key", "grade", "section", "roll_key", "email_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details(StudentValues):
    """The details of a student as a form gives them: cleaned, not yet compared with existing students.

    `is_another` is the answer that no student with a similar name is meant.
    """

    school: str
    language: str = "en"
    is_another: bool = False


def identify(
    details: Details, *, fest_id: int, school: School, is_staff: bool = False
) -> tuple[Student, bool]:
    """Return the student with these details, and whether this call inserted the row.

    The same name, grade and school with the same e-mail address is the same person, also if the name is spelt
    differently, unless both sections or both roll numbers are given and differ. Otherwise it is a new student if the
    section or roll number differs from that of every namesake. Raises `AmbiguousIdentity` if neither holds, or if a
    student with a similar name is registered and the details do not say that it is another. Never changes or locks an
    existing student.
    """
    wanted = described_student(details, fest_id=fest_id, school=school)
    while True:
        known, has_namesakes = _recognise(wanted, is_another=details.is_another, is_staff=is_staff)
        if known:
            known.school = school
            return known, False
        if _insert(wanted, beside_namesakes=has_namesakes):
            return wanted, True
        wanted.reference = random_reference()


def described_student(details: Details, *, fest_id: int, school: School) -> Student:
    """An unsaved student with these details and the keys by which students are compared."""
    student = Student(fest_id=fest_id, school=school, language=details.language, **details.student_values)
    student.set_keys()
    return student


def queue_newcomer(batch: Batch, student: Student) -> Result:
    """Queue the insert of a student without a namesake; the result has no row if there is one.

    Nearly every student who registers is new and has no namesake. For the others use `identify`.
    """
    return batch.add(insert_statement(), _parameters(student, beside_namesakes=False))


def is_described(student: Student, details: Details) -> bool:
    """Whether all details match this student, compared as `identify` compares them."""
    wanted = Student(**details.student_values)
    wanted.set_keys()
    if any(getattr(student, name) != getattr(wanted, name) for name in _DESCRIBING):
        return False
    key = school_key(details.school)
    named = Q(key=key) | Q(aliases__key=key)
    return School.objects.filter(named, pk=student.school_id).exists()


def _recognise(wanted: Student, *, is_another: bool, is_staff: bool) -> tuple[Student | None, bool]:
    """Return the student this is, or `None` for a new one, and whether there are namesakes."""
    perhaps = Student.objects.perhaps_alike(wanted, parts_of(wanted.name_key).initials_alike)
    students = list(perhaps.order_by("pk"))
    namesakes = [student for student in students if student.name_key == wanted.name_key]
    exact = next((student for student in namesakes if has_same_labels(student, wanted)), None)
    same = [one for one in namesakes if _shares_address(one, wanted) and may_be_same(one, wanted)]
    if exact in same:
        return exact, True
    if exact or len(same) > 1:
        raise AmbiguousIdentity(exact or same[0], is_exact=exact is not None)
    unsure = [student for student in namesakes if not adds_label(wanted, student)]
    if unsure and not same:
        raise AmbiguousIdentity(unsure[0])
    if not same and not is_another:
        same = _respelt([one for one in students if one not in namesakes], wanted, is_staff=is_staff)
    return (same[0] if same else None), bool(namesakes)


def _respelt(others: Iterable[Student], wanted: Student, *, is_staff: bool) -> list[Student]:
    """Return the one student of the same address whose name is spelt differently, if there is one.

    Raises `AmbiguousIdentity` if it may be another student of a similar name.
    """
    asked = asked_from(is_staff=is_staff)
    alike = [(found, one) for one in others if (found := likeness(one, wanted, at_least=asked)) >= asked]
    same = [one for found, one in alike if found == Likeness.RESPELT and _shares_address(one, wanted)]
    if len(same) == 1:
        return same
    for found, one in sorted(alike, key=lambda pair: -pair[0]):
        raise AmbiguousIdentity(one, likeness=found)
    return []


def _shares_address(one: Student, other: Student) -> bool:
    return bool(one.email_key) and one.email_key == other.email_key


def asked_from(*, is_staff: bool) -> Likeness:
    """How alike a registered student must be to be asked about; staff see a mere possibility too."""
    return Likeness.POSSIBLE if is_staff else Likeness.PROBABLE


def _insert(student: Student, *, beside_namesakes: bool) -> bool:
    """Insert the row. Returns `False` if a key is taken, or if a namesake exists and `beside_namesakes` is false."""
    batch = Batch()
    inserted = batch.add(insert_statement(), _parameters(student, beside_namesakes=beside_namesakes))
    batch.send()
    return take_key(student, inserted)


def take_key(row: Model, inserted: Result) -> bool:
    """Give the row the primary key with which it was inserted; `False` if it was not."""
    for pk, *_others in inserted.rows:
        row.pk = pk
        row._state.adding = False
    return bool(inserted.rows)


def is_clearly_new(student: Student, inserted: Result, *, is_another: bool, is_staff: bool) -> bool:
    """Whether the student was inserted and there is no similar student to ask about, as `identify` would."""
    if not take_key(student, inserted):
        return False
    found: str | None = inserted.rows[0][1]
    if not found or is_another:
        return True
    name, asked = parts_of(student.name_key), asked_from(is_staff=is_staff)
    others = (one.split(_FIELD_END) for one in found.split(_ROW_END))
    return not any(
        likeness_of(name, parts_of(key), student, Labels(section, roll), at_least=asked) >= asked
        for key, section, roll in others
    )


_FIELD_END, _ROW_END = "\x1f", "\x1e"
"""Characters that no key contains."""


def _parameters(student: Student, *, beside_namesakes: bool) -> list[Any]:
    """The parameters of `insert_statement`."""
    group: list[Any] = [student.fest_id, student.school_id, student.grade]
    alike = parts_of(student.name_key).initials_alike
    written = row_values(student, insert_fields(Student))
    return [*written, beside_namesakes, *group, student.initials, student.name_key, *group, *alike]


@cache
def insert_statement() -> str:
    """`ON CONFLICT` waits for a concurrent insert of the same student, but locks no existing row.

    Returns with the new primary key the names and labels of students whose names may be similar: one more search in
    the index that the insert writes to.
    """
    fields = insert_fields(Student)
    group = "fest_id = %s AND school_id = %s AND grade = %s"
    found = ", ".join(["%s"] * SEARCHED)
    return (
        f"INSERT INTO {_TABLE} ({column_list(fields)})"  # noqa: S608 - names of ours only
        f" SELECT {', '.join(['%s'] * len(fields))} WHERE %s OR NOT EXISTS"
        f" (SELECT FROM {_TABLE} WHERE {group} AND initials = %s AND name_key = %s)"
        " ON CONFLICT DO NOTHING RETURNING id,"
        f" (SELECT string_agg(name_key || E'\\x1f' || section || E'\\x1f' || roll_key, E'\\x1e')"
        f" FROM {_TABLE} WHERE {group} AND initials IN ({found}))"
    )


def insert_all(students: Iterable[Student]) -> None:
    """Insert new students in one statement, always in the same order.

    Raises `ConcurrentUpdate` if one of them was inserted concurrently. Locks no existing row.
    """
    rows = sorted(students, key=lambda one: (one.grade, one.name_key, one.section, one.roll_number))
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(insert_all_statement(), column_arrays(rows, insert_fields(Student)))
        keys = dict(cursor.fetchall())
    if len(keys) < len(rows):
        raise ConcurrentUpdate
    for student in rows:
        student.pk = keys[student.reference]
        student._state.adding = False


@cache
def insert_all_statement() -> str:
    """The same for many rows, with one array for each column."""
    fields = insert_fields(Student)
    return (
        f"INSERT INTO {_TABLE} ({column_list(fields)}) SELECT * FROM {unnested(fields)}"  # noqa: S608 - names of ours only
        " ON CONFLICT DO NOTHING RETURNING reference, id"
    )


def delete_inserted(students: Iterable[Student]) -> None:
    """Delete students that the current transaction has inserted."""
    if keys := [student.pk for student in students]:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {_TABLE} WHERE id = ANY(%s)", [keys])  # noqa: S608


def with_email(email: str, *, fest_id: int) -> list[Student]:
    """Return all students with this e-mail address, compared case-insensitively, oldest first."""
    rows = Student.objects.filter(~Q(email_key=""), fest_id=fest_id, email_key=email_key(email))
    return list(rows.order_by("pk"))
