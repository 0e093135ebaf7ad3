"""Finding a student, or making one, without ever mistaking one for another."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q

from registrations.booking.errors import AmbiguousIdentity, ConcurrentUpdate
from registrations.models import School, Student
from registrations.students.names import email_key, random_reference, school_key

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
"""`ON CONFLICT` waits for a duplicate that is being inserted, but locks no row that is there."""


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
    """What a form says of a student, cleaned but not yet compared with anybody."""

    name: str
    school: str
    grade: int
    section: str = ""
    roll_number: str = ""
    email: str = ""
    language: str = "en"


def identify(details: Details, *, fest_id: int, school: School) -> tuple[Student, bool]:
    """The student of these details, and whether this call inserted the row.

    The same name, grade and school with the same e-mail is the same person, unless both sections or both
    roll numbers are given and differ. Anybody else is a new student if section or roll number tells them
    apart. Raises `AmbiguousIdentity` otherwise. Never changes a student that was there, and locks none.
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
    """Whether all of these details are this student's, compared as when a student is looked for."""
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
    """Who this is among the namesakes; `None` for somebody new."""
    exact, same, unsure = None, [], None
    for student in Student.objects.namesakes(wanted).order_by("pk"):
        if (student.section, student.roll_number) == (wanted.section, wanted.roll_number):
            exact = student
        if wanted.email_key and student.email_key == wanted.email_key and _may_be_one(student, wanted):
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


def _may_be_one(student: Student, wanted: Student) -> bool:
    """Whether neither section nor roll number tells the two apart."""
    pairs = ((student.section, wanted.section), (student.roll_number, wanted.roll_number))
    return all(not (left and right and left != right) for left, right in pairs)


def _is_distinct(wanted: Student, student: Student) -> bool:
    """Whether a section or roll number was given that is not this student's. Leaving one out tells nothing."""
    pairs = ((wanted.section, student.section), (wanted.roll_number, student.roll_number))
    return any(given and given != recorded for given, recorded in pairs)


def _insert(student: Student, *, beside_namesakes: bool) -> bool:
    """Inserts the row unless one of its keys is taken, or a namesake is there who was not looked at."""
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
    """Inserts new students in one statement, in an order that is the same for everybody.

    Raises `ConcurrentUpdate` when one of them was inserted by somebody else meanwhile. Locks nobody who is there.
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


def forget_all(students: Iterable[Student]) -> None:
    """Takes back students whom this very transaction has inserted."""
    if keys := [student.pk for student in students]:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {Student._meta.db_table} WHERE id = ANY(%s)", [keys])  # noqa: S608


def with_email(email: str, *, fest_id: int) -> list[Student]:
    """All students whose address on record this is, compared without case; whoever came first is first."""
    rows = Student.objects.filter(~Q(email_key=""), fest_id=fest_id, email_key=email_key(email))
    return list(rows.order_by("pk"))
