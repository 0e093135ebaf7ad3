"""The consent text of a fest, and which students have consented."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from events.models import Fest
from registrations.models import Consent, ConsentText, Registration, Student
from techfest.core.db.bulk import insert

DEFAULT_TEXT = (
    "I am the student or act for the student, and a parent or guardian agrees that the fest keeps these "
    "details to run the event and deletes them afterwards."
)
TEACHERS_TEXT = (
    "As their teacher I confirm: a parent or guardian of every student I register here has agreed that the fest keeps "
    "the student's details to run the event and deletes them afterwards."
)
QUOTING_TEXT = (
    "As their teacher I confirm: a parent or guardian of every student I register here has read the following and "
    "agrees: “%(text)s”"
)
"""Where the fest has a text of its own for students and guardians, teachers confirm that one."""
Audience = ConsentText.Audience
GIVEN = Exists(Consent.objects.filter(student=OuterRef("pk")))
"""Annotation on students: whether any consent is on record."""


def without_consent(students: QuerySet[Student]) -> QuerySet[Student]:
    """Return the students who have an active registration but no consent on record."""
    active = Exists(Registration.objects.active().filter(student=OuterRef("pk")))
    return students.filter(~GIVEN, active, erased_at=None)


def newest_text(fest: Fest) -> ConsentText | None:
    """Return the newest text for students and guardians, or `None` before there is one."""
    return fest.consent_texts.filter(audience=Audience.STUDENTS).order_by("-version").first()


def current_text(fest: Fest) -> ConsentText:
    """Return the newest text for students. It is cached on the fest object and lives as long as that."""
    kept = getattr(fest, "_consent_text", None)
    if kept is None:
        kept = newest_text(fest) or _store_default_text(fest)
        fest._consent_text = kept  # type: ignore[attr-defined]  # lives as long as the snapshot's fest
    return kept


@transaction.atomic
def _store_default_text(fest: Fest) -> ConsentText:
    """Return the newest text for students, and store the default one if there is none. Locks the fest."""
    version = next_version(fest)
    if known := newest_text(fest):  # another request was faster
        return known
    return ConsentText.objects.create(
        fest=fest, version=version, audience=Audience.STUDENTS, text=DEFAULT_TEXT
    )


def as_teacher(text: str) -> str:
    """Return what a teacher confirms about students whose families agree to this text."""
    if text == DEFAULT_TEXT:
        return TEACHERS_TEXT
    return QUOTING_TEXT % {"text": text}


def teachers_text(fest: Fest) -> ConsentText:
    """Return the text that teachers confirm; it is stored before it is shown.

    That is the newest one that an organiser wrote for teachers, or else the one that follows from the text for
    students. One query, unless the text for students is new.
    """
    return _known_teachers_text(fest) or _store_teachers_text(fest)


def _known_teachers_text(fest: Fest) -> ConsentText | None:
    texts = list(fest.consent_texts.order_by("-version"))
    students = [one.text for one in texts if one.audience == Audience.STUDENTS] or [DEFAULT_TEXT]
    newest = next((one for one in texts if one.audience == Audience.TEACHERS), None)
    is_outdated = newest and newest.text in {as_teacher(text) for text in students} - {
        as_teacher(students[0])
    }
    return None if is_outdated else newest


@transaction.atomic
def _store_teachers_text(fest: Fest) -> ConsentText:
    students = _store_default_text(fest)
    if known := _known_teachers_text(fest):  # another teacher was faster
        return known
    return ConsentText.objects.create(
        fest=fest, version=next_version(fest), audience=Audience.TEACHERS, text=as_teacher(students.text)
    )


def next_version(fest: Fest) -> int:
    """Return the number of the fest's next text. Locks the fest, so that numbers are unique; needs a transaction."""
    Fest.objects.select_for_update(no_key=True).get(pk=fest.pk)
    newest = fest.consent_texts.order_by("-version").values_list("version", flat=True).first()
    return (newest or 0) + 1


def declare_by_teacher(students: Iterable[Student], *, text: ConsentText, user: Any) -> None:
    """Record the teacher's declaration for these students in one statement; existing consents stay."""
    rows = [Consent(student=one, text=text, basis=Consent.Basis.TEACHER, user=user) for one in students]
    insert(rows, keep_others=True)
