"""Find a student or insert one, without ever mistaking one student for another."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from registrations.booking.errors import AmbiguousIdentity
from registrations.models import School, Student
from registrations.querysets import StudentQuerySet
from registrations.students.names import email_key, random_reference, school_key
from techfest.core.errors import ConcurrentUpdate

_COLUMNS = (
    "fest_id",
    "school_id",
    "grade",
    "section",
    "name",
    "name_key",
    "roll_number",
    "email",
    "email_key",
    "language",
    "reference",
    "link_id",
    "link_version",
)
_INSERT = (
    f"INSERT INTO {Student._meta.db_table} ({', '.join(_COLUMNS)})"  # noqa: S608 - names of ours only
    f" SELECT {', '.join(['%s'] * len(_COLUMNS))} WHERE %s OR NOT EXISTS"
    f" (SELECT FROM {Student._meta.db_table}"
    " WHERE fest_id = %s AND school_id = %s AND grade = %s AND name_key = %s)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
"""`ON CONFLICT` waits for a concurrent insert of the same student, but locks no existing row."""
_INSERT_ALL = f"""
    INSERT INTO {Student._meta.db_table} ({", ".join(_COLUMNS)})
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::smallint[], %s::varchar[], %s::varchar[], %s::varchar[], %s::varchar[],
        %s::varchar[], %s::varchar[], %s::varchar[], %s::varchar[], %s::uuid[], %s::integer[]
    ) ON CONFLICT DO NOTHING RETURNING reference, id
"""  # noqa: S608 - names of ours only
_DESCRIBING = ("name_key", "grade", "section", "roll_number", "email_key")


@dataclass(frozen=True, slots=True)
class Details:
    """The details of a student as a form gives them: cleaned, not yet compared with existing students."""

    name: str
    school: str
    grade: int
    section: str = ""
    roll_number: str = ""
    email: str = ""
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
    wanted = Student(
        fest_id=fest_id,
        school=school,
        grade=details.grade,
        section=details.section,
        name=details.name,
        roll_number=details.roll_number,
        email=details.email,
        language=details.language,
    )
    wanted.set_keys()
    if _insert(wanted, beside_namesakes=False):
        return wanted, True
    while (known := _recognise(wanted)) is None:
        wanted.reference = random_reference()
        if _insert(wanted, beside_namesakes=True):
            return wanted, True
    known.school = school
    return known, False


def is_described(student: Student, details: Details) -> bool:
    """Whether all details match this student, compared as `identify` compares them."""
    wanted = Student(
        name=details.name,
        grade=details.grade,
        section=details.section,
        roll_number=details.roll_number,
        email=details.email,
    )
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
    values: list[Any] = [getattr(student, column) for column in _COLUMNS]
    namesake: list[Any] = [student.fest_id, student.school_id, student.grade, student.name_key]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [*values, beside_namesakes, *namesake])
        row = cursor.fetchone()
    if row:
        student.pk = row[0]
        student._state.adding = False
    return row is not None


def insert_all(students: Iterable[Student]) -> None:
    """Insert new students in one statement, always in the same order.

    Raises `ConcurrentUpdate` if one of them was inserted concurrently. Locks no existing row.
    """
    rows = sorted(students, key=lambda one: (one.grade, one.name_key, one.section, one.roll_number))
    if not rows:
        return
    values = [[getattr(student, column) for student in rows] for column in _COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_ALL, values)
        keys = dict(cursor.fetchall())
    if len(keys) < len(rows):
        raise ConcurrentUpdate
    for student in rows:
        student.pk = keys[student.reference]
        student._state.adding = False


def delete_inserted(students: Iterable[Student]) -> None:
    """Delete students that the current transaction has inserted."""
    if keys := [student.pk for student in students]:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {Student._meta.db_table} WHERE id = ANY(%s)", [keys])  # noqa: S608


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
