"""A new field is either written by the hand-written INSERT of its table or named here as set later."""

import dataclasses
import re
import uuid
from typing import Any

import pytest
from django.db import models

from registrations.booking import state, submit
from registrations.booking.submit import BookingRequest
from registrations.models import Change, Registration, Student, Submission
from registrations.students import identity
from registrations.students.identity import Details
from tickets.checkin.verdict_view import _SENTENCES
from tickets.mail.kinds import new_kinds
from tickets.models import Delivery, Scan

SET_LATER = {
    Student: {"id", "created_at", "email_verified_at", "erased_at"},
    Submission: {"id", "created_at"},
    Registration: {"id", "confirm_mailed_at"},
    Change: {"id"},
}
"""Columns that the database fills, and those that are empty until something happens."""


def columns_of(statement: str, model: type[models.Model]) -> set[str]:
    found = re.search(rf"INSERT INTO {model._meta.db_table}\s*\(([^)]*)\)", statement)
    assert found, model
    return {column.strip() for column in found[1].split(",")}


@pytest.mark.parametrize(
    ("model", "statement"),
    [
        (Student, identity._INSERT),
        (Student, identity._INSERT_ALL),
        (Submission, submit._INSERT),
        (Registration, state._CREATE),
        (Change, state._CREATE),
    ],
)
def test_every_field_is_written_or_set_later(model: type[models.Model], statement: str) -> None:
    columns = {field.column for field in model._meta.concrete_fields}
    assert columns_of(statement, model) == columns - SET_LATER[model]


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
    assert set(_SENTENCES) == set(Scan.Verdict)
