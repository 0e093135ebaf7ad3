"""A new field is either written by the INSERT of its table or named here as set later."""

import dataclasses
import re
import uuid
from typing import Any

import pytest
from django.db import DataError, models, transaction
from django.utils import timezone

from registrations.booking import submit
from registrations.booking.submit import BookingRequest
from registrations.models import Change, Consent, Registration, Student, Submission
from registrations.students import identity
from registrations.students.consents import current_text
from registrations.students.identity import Details
from registrations.tests.builders import build_event, build_fest, build_school, build_submission
from techfest.core.db import bulk
from tickets.checkin.sentences import SENTENCES
from tickets.mail.kinds import new_kinds
from tickets.models import Delivery, Scan, Ticket

SET_LATER = {
    Student: {"id", "created_at"},
    Submission: {"id", "created_at"},
    Registration: set(),
    Change: set(),
    Ticket: {"id"},
    Delivery: {"id", "queued_at"},
}
"""Columns that the database fills, and those that are empty until something happens."""


def columns_of(statement: str, model: type[models.Model]) -> set[str]:
    found = re.search(rf"INSERT INTO {model._meta.db_table}\s*\(([^)]*)\)", statement.replace('"', ""))
    assert found, model
    return {column.strip() for column in found[1].split(",")}


@pytest.mark.parametrize(
    ("model", "statement"),
    [
        (Student, identity.insert_statement()),
        (Student, identity.insert_all_statement()),
        (Ticket, bulk.insert_statement(Ticket, 2)),
        (Ticket, bulk.insert_statement(Ticket, 0)),
        (Delivery, bulk.insert_statement(Delivery, 2)),
        (Delivery, bulk.insert_statement(Delivery, 0)),
        (Submission, submit._INSERT),
        (Registration, bulk.queued_statement(Registration, 1, True)),
        (Registration, bulk.queued_statement(Registration, 0, True)),
        (Change, bulk.queued_statement(Change, 1, True)),
        (Change, bulk.queued_statement(Change, 0, True)),
    ],
)
def test_every_field_is_written_or_set_later(model: type[models.Model], statement: str) -> None:
    columns = {field.column for field in model._meta.concrete_fields}
    assert columns_of(statement, model) == columns - SET_LATER[model]


@pytest.mark.django_db
@pytest.mark.parametrize("many", [1, 20])
def test_every_field_of_a_student_is_stored(*, many: int) -> None:
    fest, school, now = build_fest(), build_school(), timezone.now()
    made = [_filled_student(fest.pk, school.pk, number, now) for number in range(many)]
    if many == 1:
        assert identity._insert(made[0], beside_namesakes=False)
    else:
        identity.insert_all(made)
    stored = {student.pk: student for student in Student.objects.all()}
    for field in Student._meta.concrete_fields:
        if field.column not in SET_LATER[Student]:
            written = [getattr(one, field.attname) for one in made]
            assert [getattr(stored[one.pk], field.attname) for one in made] == written, field.name


def _filled_student(fest_id: int, school_id: int, number: int, now: Any) -> Student:
    """A student none of whose fields has its default value."""
    values: dict[str, Any] = {"fest_id": fest_id, "school_id": school_id, "link_id": uuid.uuid4()}
    for field in Student._meta.concrete_fields:
        if isinstance(field, models.CharField):
            values[field.attname] = f"{field.name}{number}"[: field.max_length]
        elif isinstance(field, models.DateTimeField) and field.name != "erased_at":
            values[field.attname] = now
        elif isinstance(field, models.PositiveIntegerField | models.PositiveSmallIntegerField):
            values[field.attname] = 5 + number
    values["reference"] = f"r{number}"
    return Student(**values)


@pytest.mark.django_db
@pytest.mark.parametrize("many", [1, 20])
def test_text_longer_than_its_column_is_an_error_and_is_not_cut(*, many: int) -> None:
    """A cast of the array to varchar(20) would cut it in silence."""
    student = build_submission(build_event(build_fest())).student
    rows = [
        Consent(student=student, text=current_text(student.fest), basis=f"{number:011}")
        for number in range(many)
    ]
    with pytest.raises(DataError), transaction.atomic():
        bulk.insert(rows)


DETAILS = Details(name="Asha Rao", school="Riverside", grade=7)
REQUEST = BookingRequest(
    key=uuid.uuid4(), fest_id=1, event_ids=(1, 2), wants_waiting=True, details=DETAILS, consent_text_id=1
)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Details)])
def test_digest_covers_every_detail_that_the_form_can_send(name: str) -> None:
    """Without it a second form with another value would silently get the first submission."""
    value: Any = 8 if name == "grade" else f"{getattr(DETAILS, name)}x"
    changed = dataclasses.replace(REQUEST, details=dataclasses.replace(DETAILS, **{name: value}))
    assert changed.digest != REQUEST.digest


def test_every_kind_of_mail_can_be_composed() -> None:
    """A kind that is missing would fail the whole batch that it is claimed with."""
    assert set(new_kinds()) == set(Delivery.Kind)


def test_every_verdict_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Scan.Verdict)
