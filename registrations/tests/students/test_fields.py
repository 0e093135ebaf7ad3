"""A detail of a student is declared once; everything that has to know it reads the declaration."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.test import RequestFactory
from django.utils import timezone

from registrations.models import Student
from registrations.privacy.export import export_tables
from registrations.privacy.redact import empty_student
from registrations.students.fields import STUDENT_FIELDS
from registrations.tests.builders import build_event, build_fest, build_submission

OTHERS = {"id", "fest", "school", "language", "reference"}
"""Fields of the model that are no details which a person types."""


def test_every_detail_of_the_model_is_declared() -> None:
    """One that is not would be neither erased nor exported nor corrected."""
    fields = [field for field in Student._meta.concrete_fields if field.editable]
    assert {field.name for field in fields} - OTHERS == set(STUDENT_FIELDS)


@pytest.mark.django_db
def test_every_declared_detail_is_exported_and_erased() -> None:
    student = build_submission(build_event(build_fest())).student
    for name in STUDENT_FIELDS:
        setattr(student, name, 9 if name == "grade" else f"{name}@x")
    student.save(update_fields=STUDENT_FIELDS)
    student.refresh_from_db()
    exported = export_tables(student)[0].rows[0]
    words = {one.name: str(one.verbose_name) for one in Student._meta.concrete_fields}
    assert [exported[words[name]] for name in STUDENT_FIELDS] == [
        getattr(student, name) for name in STUDENT_FIELDS
    ]
    empty_student(student, now=timezone.now())
    student.refresh_from_db()
    left = {name: value for name in STUDENT_FIELDS if (value := getattr(student, name))}
    assert left == {"grade": 9}


def test_every_declared_detail_can_be_corrected_in_the_admin(rf: RequestFactory) -> None:
    request: Any = rf.get("/admin/")
    request.user = get_user_model()(is_superuser=True, is_staff=True, is_active=True)
    form = admin.site._registry[Student].get_form(request)
    assert set(STUDENT_FIELDS) <= set(form.base_fields)
