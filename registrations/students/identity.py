"""Find a student or insert one, without ever mistaking one student for another."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q

from registrations.booking.errors import AmbiguousIdentity
from registrations.models import School, Student
from registrations.querysets import StudentQuerySet
from registrations.students.fields import StudentValues
from registrations.students.names import email_key, school_key
from registrations.students.references import random_reference
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import column_arrays, column_list, insert_fields, row_values, unnested
from techfest.core.errors import ConcurrentUpdate

_TABLE = Student._meta.db_table
_DESCRIBING = ("name_key", "grade", "section", "roll_number", "email_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details(StudentValues):
    """The details of a student as a form gives them: cleaned, not yet compared with existing students."""

    school: str
    language: str = "en"


class Labelled(Protocol):
    """A student, or a row of a class list, with the labels that tell namesakes apart, normalised by `label_key`."""

    @property
    def section(self) -> str: ...

    @property
    def roll_number(self) -> str: ...


def may_be_same(one: Labelled, other: Labelled) -> bool:
    """Whether two namesakes may be the same student: neither section nor roll number is given for both and differs.

    Names and grades are compared by the caller. Every rule about namesakes builds on this one.
    """
    pairs = ((one.section, other.section), (one.roll_number, other.roll_number))
    return all(not left or not right or left == right for left, right in pairs)


def identify(details: Details, *, fest_id: int, school: School) -> tuple[Student, bool]:
    """Return the student with these details, and whether this call inserted the row.

    The same name, grade and school with the same e-mail address is the same person, unless both sections or both roll
    numbers are given and differ. Otherwise it is a new student if the section or roll number differs from that of
    every namesake. Raises `AmbiguousIdentity` if neither holds. Never changes or locks an existing student.
    """
    wanted = described_student(details, fest_id=fest_id, school=school)
    if _insert(wanted, beside_namesakes=False):
        return wanted, True
    while (known := _recognise(wanted)) is None:
        wanted.reference = random_reference()
        if _insert(wanted, beside_namesakes=True):
            return wanted, True
    known.school = school
    return known, False


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


def _recognise(wanted: Student) -> Student | None:
    """Return which of the namesakes this is, or `None` for a new student."""
    exact, same, unsure = None, [], None
    for student in Student.objects.namesakes(wanted).order_by("pk"):
        if (student.section, student.roll_number) == (wanted.section, wanted.roll_number):
            exact = student
        if wanted.email_key and student.email_key == wanted.email_key and may_be_same(student, wanted):
            same.append(student)
        elif not _is_distinct(wanted, student):
            unsure = unsure or student
    if exact in same:
        return exact
    if exact or len(same) > 1:
        raise AmbiguousIdentity(exact or same[0], is_exact=exact is not None)
    if unsure and not same:
        raise AmbiguousIdentity(unsure, is_exact=False)
    return same[0] if same else None


def _is_distinct(wanted: Student, student: Student) -> bool:
    """Whether a given section or roll number differs from the recorded student's. An omitted one does not count."""
    pairs = ((wanted.section, student.section), (wanted.roll_number, student.roll_number))
    return any(given and given != recorded for given, recorded in pairs)


def _insert(student: Student, *, beside_namesakes: bool) -> bool:
    """Insert the row. Returns `False` if a key is taken, or if a namesake exists and `beside_namesakes` is false."""
    batch = Batch()
    inserted = batch.add(insert_statement(), _parameters(student, beside_namesakes=beside_namesakes))
    batch.send()
    return take_key(student, inserted)


def take_key(row: Model, inserted: Result) -> bool:
    """Give the row the primary key with which it was inserted; `False` if it was not."""
    for (row.pk,) in inserted.rows:
        row._state.adding = False
    return bool(inserted.rows)


def _parameters(student: Student, *, beside_namesakes: bool) -> list[Any]:
    """The parameters of `insert_statement`."""
    namesake: list[Any] = [student.fest_id, student.school_id, student.grade, student.name_key]
    return [*row_values(student, insert_fields(Student)), beside_namesakes, *namesake]


@cache
def insert_statement() -> str:
    """`ON CONFLICT` waits for a concurrent insert of the same student, but locks no existing row."""
    fields = insert_fields(Student)
    return (
        f"INSERT INTO {_TABLE} ({column_list(fields)})"  # noqa: S608 - names of ours only
        f" SELECT {', '.join(['%s'] * len(fields))} WHERE %s OR NOT EXISTS"
        f" (SELECT FROM {_TABLE} WHERE fest_id = %s AND school_id = %s AND grade = %s AND name_key = %s)"
        " ON CONFLICT DO NOTHING RETURNING id"
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


def with_namesakes(students: StudentQuerySet) -> StudentQuerySet:
    """Return the students who have a namesake in the same fest and school, in one query."""
    others = Student.objects.filter(
        fest=OuterRef("fest"), school=OuterRef("school"), name_key=OuterRef("name_key"), erased_at=None
    )
    return students.filter(Exists(others.exclude(pk=OuterRef("pk"))), erased_at=None)


NAMESAKE_ORDER = ("school__name", "name_key", "grade", "section", "pk")
"""Ordering that lists namesakes next to each other."""
