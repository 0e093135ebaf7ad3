"""Secret links: signed with keys of their own, and invalid once the student's link version changes.

The signed value is random per row. A primary key would be assigned again after a backup is restored, and the link of
a student who registered after the backup would then open another student's page.
"""

import base64
import uuid
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import connection
from django.urls import reverse

from registrations.models import School, Student, Submission
from techfest.core.db.bulk import columns


class DeadLink(Exception):
    """The link was not signed by us or is out of date. Both are answered with 404."""


@dataclass(frozen=True, slots=True)
class _Kind:
    salt: str

    def sign(self, link_id: uuid.UUID, version: int) -> str:
        named = base64.urlsafe_b64encode(link_id.bytes).rstrip(b"=").decode()
        return self._signer().sign(f"{named}.{version}")

    def read(self, token: str) -> tuple[uuid.UUID, int]:
        try:
            named, version = self._signer().unsign(token).split(".")
            return uuid.UUID(bytes=base64.urlsafe_b64decode(f"{named}==")), int(version)
        except (BadSignature, ValueError) as error:  # also links signed when they contained a primary key
            raise DeadLink from error

    def _signer(self) -> Signer:
        keys: list[str | bytes] = [*settings.LINK_KEYS]
        return Signer(key=keys[0], fallback_keys=keys[1:], salt=self.salt, sep="~")


_CONFIRMATION = _Kind("registrations.answer")
_MY = _Kind("registrations.my")
_CONFIRM = _Kind("registrations.confirm")


def confirmation_path(submission: Submission) -> str:
    """The URL of what one submission obtained, and no more. `submission.student` must be loaded."""
    token = _CONFIRMATION.sign(submission.link_id, submission.student.link_version)
    return reverse("tickets:confirmation", args=[token])


def my_path(student: Student) -> str:
    """The URL of all registrations of one student."""
    return reverse("tickets:my", args=[_MY.sign(student.link_id, student.link_version)])


def confirm_address_path(student: Student) -> str:
    """The URL that confirms the address of one student. It is sent by mail and never shown on a page."""
    return reverse("registrations:confirm", args=[_CONFIRM.sign(student.link_id, student.link_version)])


_MODELS = (Submission, Student, School)
_COLUMNS = [columns(model) for model in _MODELS]
_READ = (
    f"SELECT {', '.join(f't{n}.{name}' for n, names in enumerate(_COLUMNS) for name in names)}"  # noqa: S608 - names of columns only
    " FROM registrations_submission t0 JOIN registrations_student t1 ON t1.id = t0.student_id"
    " JOIN registrations_school t2 ON t2.id = t1.school_id WHERE t0.link_id = %s AND t1.link_version = %s"
)


def submission_of(token: str) -> Submission:
    """The submission behind a confirmation link, with student and school. Raises `DeadLink`."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, _CONFIRMATION.read(token))
        row = cursor.fetchone()
    if row is None:
        raise DeadLink
    submission: Submission
    student: Student
    submission, student, school = _read_models(row)
    student.school = school
    submission.student = student
    return submission


def _read_models(row: tuple[Any, ...]) -> list[Any]:
    values = iter(row)
    return [
        model.from_db(connection.alias, names, list(islice(values, len(names))))
        for model, names in zip(_MODELS, _COLUMNS, strict=True)
    ]


def student_of(token: str) -> Student:
    """The student behind a link to My registrations. Raises `DeadLink`."""
    return _student(*_MY.read(token))


def student_to_confirm(token: str) -> Student:
    """The student whose address a link from a mail confirms. Raises `DeadLink`."""
    return _student(*_CONFIRM.read(token))


def _student(link_id: uuid.UUID, version: int) -> Student:
    rows = Student.objects.filter(link_id=link_id, link_version=version)
    student = rows.select_related("school", "fest").first()
    if student is None:
        raise DeadLink
    return student
