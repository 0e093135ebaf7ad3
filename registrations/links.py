"""Secret links: signed with keys of their own, and invalid once the student's link version changes.

The signed value is random per row. A primary key would be assigned again after a backup is restored, and the link of
a student who registered after the backup would then open another student's page.
"""

import base64
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse
from django.utils.translation import get_language

from registrations.models import Student, Submission


class Linked(Protocol):
    """What a link to My registrations is made from: a student, or a row with the same values."""

    @property
    def link_id(self) -> uuid.UUID: ...

    @property
    def link_version(self) -> int: ...


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


def secret_path(name: str, secret: str, *args: str) -> str:
    """The path of this name with a token or a code as its first argument.

    The same as `reverse`, which takes ten times as long. The secret must consist of characters that URLs do not
    escape, as all our tokens and codes do.
    """
    before, after = _around_secret(name, get_language(), *args)
    return f"{before}{secret}{after}"


@lru_cache(maxsize=1024)
def _around_secret(name: str, language: str | None, *args: str) -> tuple[str, str]:
    """What comes before and after the secret. Paths differ by the active language."""
    before, _secret, after = reverse(name, args=[_SOME_SECRET, *args]).partition(_SOME_SECRET)
    return before, after


_SOME_SECRET = "0" * 22
"""It has the form of a ticket's code, which is the narrowest of all."""


def confirmation_path(submission: Submission) -> str:
    """The URL of what one submission obtained, and no more. `submission.student` must be loaded."""
    token = _CONFIRMATION.sign(submission.link_id, submission.student.link_version)
    return secret_path("tickets:confirmation", token)


def my_path(student: Linked) -> str:
    """The URL of all registrations of one student."""
    return secret_path("tickets:my", _MY.sign(student.link_id, student.link_version))


def confirm_address_path(student: Student) -> str:
    """The URL that confirms the address of one student. It is sent by mail and never shown on a page."""
    return secret_path("registrations:confirm", _CONFIRM.sign(student.link_id, student.link_version))


def read_confirmation(token: str) -> tuple[uuid.UUID, int]:
    """The link id of a submission, and the version of its student's links. Raises `DeadLink`."""
    return _CONFIRMATION.read(token)


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
