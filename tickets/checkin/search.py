"""Who has a ticket for this place, by name or reference: for phones that are dead and papers that are lost."""

from django.db.models import Q, QuerySet

from registrations.models import Registration
from registrations.students.names import name_key
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.codes import Kind, read

MAX_RESULTS = 20
"""Rows shown; whoever is not among them is searched for by more letters."""
MIN_CHARACTERS = 2
"""Letters to search for."""


def search(checkpoint: Checkpoint, text: str) -> list[Registration]:
    """Registrations of this place, confirmed or waiting, whose student's name has all these words, or this reference.

    Each with student, school, event and venue. Nobody of another place is found, and no address is looked at.
    One row more than `MOST` where there are more.
    """
    wanted = _wanted(text)
    if wanted is None:
        return []
    rows = Registration.objects.filter(_here(checkpoint), wanted, state__in=("confirmed", "waiting"))
    ordered = rows.order_by("student__name_key", "event__starts_at", "pk")
    return list(_with_related(ordered)[: MAX_RESULTS + 1])


def _here(checkpoint: Checkpoint) -> Q:
    here = Q(event__fest=checkpoint.fest)
    return here & Q(event__in=checkpoint.event_ids) if checkpoint.event_ids else here


def _wanted(text: str) -> Q | None:
    key = name_key(text)
    words = key.split()
    if len(key) < MIN_CHARACTERS:
        return None
    named = Q()
    for word in words:
        named &= Q(student__name_key__contains=word)
    reading = read(text)
    if reading.kind == Kind.REFERENCE:
        merged = Q(student__merged_references__reference=reading.value)
        return named | Q(student__reference=reading.value) | merged
    return named


def _with_related(rows: "QuerySet[Registration]") -> "QuerySet[Registration]":
    return rows.select_related("student__school", "event__venue").prefetch_related("tickets").distinct()
