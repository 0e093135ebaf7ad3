"""The sentence that is agreed to, as it stands today."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from events.models import Fest
from registrations.models import Consent, ConsentText, Registration, Student
from techfest.core.db.bulk import insert

DEFAULT = (
    "I am the student or act for the student, and a parent or guardian agrees that the fest keeps these "
    "details to run the event and deletes them afterwards."
)

GIVEN = Exists(Consent.objects.filter(student=OuterRef("pk")))
"""Asked of students: whether a consent of any basis is on record."""


def missing(students: QuerySet[Student]) -> QuerySet[Student]:
    """Of these the ones with an active registration, and nobody's consent on record."""
    active = Exists(Registration.objects.active().filter(student=OuterRef("pk")))
    return students.filter(~GIVEN, active, erased_at=None)


def current_text(fest: Fest) -> ConsentText:
    """The newest wording of this fest, kept with the fest object it was asked for (and so with the snapshot)."""
    kept = getattr(fest, "_consent_text", None)
    if kept is None:
        kept = fest.consent_texts.order_by("-version").first()
        if kept is None:
            kept, _made = ConsentText.objects.get_or_create(fest=fest, version=1, defaults={"text": DEFAULT})
        fest._consent_text = kept  # type: ignore[attr-defined]  # lives as long as the snapshot's fest
    return kept


def next_version(fest: Fest) -> int:
    """The number of this fest's next wording. Locks the fest, so that no two get one; needs a transaction."""
    Fest.objects.select_for_update(no_key=True).get(pk=fest.pk)
    newest = fest.consent_texts.order_by("-version").values_list("version", flat=True).first()
    return (newest or 0) + 1


def declare(students: Iterable[Student], *, text: ConsentText, user: Any) -> None:
    """A teacher's word for all of these, in one statement; who has given it before is not asked again."""
    rows = [Consent(student=one, text=text, basis=Consent.Basis.TEACHER, user=user) for one in students]
    insert(rows, keep_others=True)
