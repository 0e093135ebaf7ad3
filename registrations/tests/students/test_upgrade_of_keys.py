"""The migration that makes the keys of names anew, on students who were registered before it."""

import importlib
from typing import Any

import pytest
from django.apps import apps

from events.models import Fest
from registrations.booking.errors import AmbiguousIdentity
from registrations.models import School, Student
from registrations.students.identity import Details, identify
from registrations.tests.builders import build_fest, build_school

pytestmark = pytest.mark.django_db

migration: Any = importlib.import_module("registrations.migrations.0003_student_likeness")


def before(name: str, key: str, **values: Any) -> Student:
    """A student with the key that was made before the upgrade."""
    fest = Fest.objects.first() or build_fest()
    values["roll_key"] = values.get("roll_number", "")  # the constraint of today is in force already
    return Student.objects.create(
        name=name, name_key=key, grade=7, fest=fest, school=build_school(), **values
    )


def keys(student: Student) -> tuple[str, str, str]:
    student.refresh_from_db()
    return student.name_key, student.initials, student.roll_key


def test_students_get_the_keys_by_which_they_are_found_today() -> None:
    student = before("Sean O'Brien", "sean o brien", roll_number="007")
    migration.make_keys(apps, None)
    assert keys(student) == ("sean obrien", "os", "7")
    details = Details(name="sean o’brien", school="", grade=7, roll_number="7")
    with pytest.raises(AmbiguousIdentity) as asked:
        identify(details, fest_id=student.fest_id, school=student.school)
    assert asked.value.student == student


def test_two_students_who_have_one_key_now_both_stay() -> None:
    one, two = before("OBrien", "obrien"), before("O'Brien", "o brien")
    three = before("Asha", "asha", roll_number="7"), before("Asha", "asha", roll_number="07")
    migration.make_keys(apps, None)
    assert [keys(student)[0] for student in (one, two)] == ["obrien", "o brien"]
    assert [keys(student)[2] for student in three] == ["7", "07"]


def test_schools_are_found_under_every_apostrophe() -> None:
    school = build_school("St Mary´s")
    School.objects.filter(pk=school.pk).update(key="st mary ́s")
    migration.make_school_keys(apps, None)
    assert School.objects.get().key == "st marys"


def test_sections_are_read_as_today_unless_two_students_would_become_one() -> None:
    student = before("Asha Rao", "asha rao", section="7B")
    one, two = before("Ben Das", "ben das", section="B"), before("Ben Das", "ben das", section="SECTIONB")
    migration.make_keys(apps, None)
    for row in (student, one, two):
        row.refresh_from_db()
    assert [row.section for row in (student, one, two)] == ["B", "B", "SECTIONB"]
    details = Details(name="Asha Rao", school="", grade=7, section="7B")
    with pytest.raises(AmbiguousIdentity) as asked:
        identify(details, fest_id=student.fest_id, school=student.school)
    assert asked.value.student == student
