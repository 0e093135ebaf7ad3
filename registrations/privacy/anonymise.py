"""What is left of an erased student: an empty row that counts in its school and grade, and nothing that tells who."""

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext

from registrations.models import Student
from registrations.students.names import random_reference


@contextmanager
def erasing() -> Iterator[None]:
    """Inside, the append-only trails let what tells of a person be blanked. Needs a transaction."""
    _set_erasing("on")
    yield
    # After an error there is nothing to take back: the transaction is lost, and the setting with it.
    _set_erasing("off")


def _set_erasing(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('techfest.erasing', %s, true)", [value])


def empty(student: Student, *, now: dt.datetime) -> None:
    """Makes a shell of this student, who is locked. School, grade and fest stay, since they are counted.

    The name's key is random and holds a sign that no key of a name has, so nobody is ever taken for it; the
    links die, and what was printed names nobody any more.
    """
    student.name = student.email = student.email_key = student.section = student.roll_number = ""
    student.name_key = f"erased:{secrets.token_hex(16)}"
    student.language = settings.LANGUAGE_CODE
    student.reference = random_reference()
    student.link_version += 1
    student.email_verified_at, student.erased_at = None, now
    student.save(
        update_fields=[
            "name",
            "name_key",
            "section",
            "roll_number",
            "email",
            "email_key",
            "language",
            "reference",
            "link_version",
            "email_verified_at",
            "erased_at",
        ]
    )


def erased_word() -> str:
    """What stands in place of words that told of somebody, where a rule wants some."""
    return gettext("erased")
