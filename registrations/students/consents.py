"""The consent text of a fest, and which students have consented."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from events.models import Fest
from registrations.models import Consent, ConsentText, Registration, Student
from techfest.core.db.bulk import insert

DEFAULT_TEXT = (
    "I am the student or act for the student, and a parent or guardian agrees that the fest keeps these "
    "details to run the event and deletes them afterwards."
)
GIVEN = Exists(Consent.objects.filter(student=OuterRef("pk")))
"""Annotation on students: whether any consent is on record."""


def without_consent(students: QuerySet[Student]) -> QuerySet[Student]:
    """Return the students who have an active registration but no consent on record."""
    active = Exists(Registration.objects.active().filter(student=OuterRef("pk")))
    return students.filter(~GIVEN, active, erased_at=None)


def current_text(fest: Fest) -> ConsentText:
    """Return the newest consent text of the fest. It is cached on the fest object and lives as long as that."""
    kept = getattr(fest, "_consent_text", None)
    if kept is None:
        kept = fest.consent_texts.order_by("-version").first()
        if kept is None:
            kept, _made = ConsentText.objects.get_or_create(
                fest=fest, version=1, defaults={"text": DEFAULT_TEXT}
            )
        fest._consent_text = kept  # type: ignore[attr-defined]  # lives as long as the snapshot's fest
    return kept


def next_version(fest: Fest) -> int:
    """Return the number of the fest's next text. Locks the fest, so that numbers are unique; needs a transaction."""
    Fest.objects.select_for_update(no_key=True).get(pk=fest.pk)
    newest = fest.consent_texts.order_by("-version").values_list("version", flat=True).first()
    return (newest or 0) + 1


def declare_by_teacher(students: Iterable[Student], *, text: ConsentText, user: Any) -> None:
    """Record the teacher's declaration for these students in one statement; existing consents stay."""
    rows = [Consent(student=one, text=text, basis=Consent.Basis.TEACHER, user=user) for one in students]
    insert(rows, keep_others=True)
