"""Whose code or reference it is: registrations with their tickets, as they stand at this moment."""

import re
from dataclasses import dataclass
from enum import Enum

from django.db.models import Q, QuerySet

from events.models import Fest
from registrations.models import MergedReference, Registration, Student
from registrations.students.names import clean_text, name_key
from tickets.checkin.checkpoints import Checkpoint
from tickets.models import Ticket

State = Registration.State


@dataclass(frozen=True, slots=True)
class Found:
    """A registration with its event, venue, student and school at hand; who waits has no ticket."""

    registration: Registration
    ticket: Ticket | None


def by_code(code: str, fest: Fest) -> list[Found]:
    """The ticket of this code, live or void; one at most."""
    tickets = Ticket.objects.select_related("registration__event__venue", "registration__student__school")
    return [Found(one.registration, one) for one in tickets.filter(code=code, registration__event__fest=fest)]


def by_reference(reference: str, fest: Fest) -> list[Found]:
    """Everything of the student of this reference, or of the one whom it names since two were merged.

    What was cancelled is left out where the student holds the same event again.
    """
    merged = MergedReference.objects.filter(reference=reference).values("student")
    students = Student.objects.filter(Q(reference=reference) | Q(pk__in=merged), fest=fest)
    rows = Registration.objects.filter(student__in=students).order_by("event__starts_at", "pk")
    registrations = list(rows.select_related("event__venue", "student__school"))
    held = {row.event_id for row in registrations if row.is_active}
    kept = [row for row in registrations if row.is_active or row.event_id not in held]
    tickets: dict[int, Ticket] = {}
    for ticket in Ticket.objects.filter(registration__in=kept).order_by("created_at", "pk"):
        before = tickets.get(ticket.registration_id)
        if before is None or not before.is_live:
            tickets[ticket.registration_id] = ticket
    return [Found(row, tickets.get(row.pk)) for row in kept]


def again(found: Found) -> Found:
    """The same one, as it stands by now."""
    registration = Registration.objects.select_related("event__venue", "student__school").get(
        pk=found.registration.pk
    )
    ticket = Ticket.objects.filter(pk=found.ticket.pk).first() if found.ticket else None
    return Found(registration, ticket)


MAX_LENGTH = 500
"""Signs; a ticket's address has fewer, and nothing longer is looked at."""
_ADDRESS = re.compile(r"/(t|delegation)/([A-Za-z0-9_-]{22})(?:[/?#]|$)")
_CODE = re.compile(r"[A-Za-z0-9_-]{22}")
_REFERENCE = re.compile(r"[A-Z0-9]{7}")


class Kind(Enum):
    """What the text can be; a bare code may be a ticket's or a school's."""

    CODE = "code"
    TICKET = "ticket"
    SCHOOL = "school"
    REFERENCE = "reference"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Reading:
    kind: Kind
    value: str = ""


def read(text: str) -> Reading:
    """Case, dashes and spaces of a typed reference do not matter; a code is taken exactly as it stands."""
    text = clean_text(text[: MAX_LENGTH + 1])
    if len(text) > MAX_LENGTH:
        return Reading(Kind.NOTHING)
    if found := _ADDRESS.search(text):
        return Reading(Kind.TICKET if found[1] == "t" else Kind.SCHOOL, found[2])
    if _CODE.fullmatch(text):
        return Reading(Kind.CODE, text)
    reference = re.sub(r"[\W_]", "", text).upper()
    if _REFERENCE.fullmatch(reference):
        return Reading(Kind.REFERENCE, reference)
    return Reading(Kind.NOTHING)


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
