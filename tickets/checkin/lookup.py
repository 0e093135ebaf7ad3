"""Finding registrations at a checkpoint: by a scanned or typed code, by reference, or by name."""

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
    """A registration with its event, venue, student and school loaded; a waiting registration has no ticket."""

    registration: Registration
    ticket: Ticket | None


def by_code(code: str, fest: Fest) -> list[Found]:
    """The ticket with this code, live or void; at most one."""
    tickets = Ticket.objects.select_related("registration__event__venue", "registration__student__school")
    return [Found(one.registration, one) for one in tickets.filter(code=code, registration__event__fest=fest)]


def by_reference(reference: str, fest: Fest) -> list[Found]:
    """The registrations of the student with this reference, or of the student it was merged into.

    A cancelled registration is left out if the student holds the same event again.
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
    """Reloads the registration and its ticket."""
    registration = Registration.objects.select_related("event__venue", "student__school").get(
        pk=found.registration.pk
    )
    ticket = Ticket.objects.filter(pk=found.ticket.pk).first() if found.ticket else None
    return Found(registration, ticket)


MAX_LENGTH = 500
"""Characters; longer text is not looked at. The address in a ticket's QR is shorter."""
_ADDRESS = re.compile(r"/(t|delegation)/([A-Za-z0-9_-]{22})(?:[/?#]|$)")
_CODE = re.compile(r"[A-Za-z0-9_-]{22}")
_REFERENCE = re.compile(r"[A-Z0-9]{7}")


class Kind(Enum):
    """What the text can be; a bare code may belong to a ticket or to a school."""

    CODE = "code"
    TICKET = "ticket"
    SCHOOL = "school"
    REFERENCE = "reference"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Reading:
    """Scanned or typed text, interpreted."""

    kind: Kind
    value: str = ""


def read(text: str) -> Reading:
    """Interprets scanned or typed text.

    Case, dashes and spaces in a typed reference do not matter; a code must match exactly.
    """
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
"""Rows shown; more letters narrow the search."""
MIN_CHARACTERS = 2
"""Letters needed to search."""


def search(checkpoint: Checkpoint, text: str) -> list[Registration]:
    """Confirmed and waiting registrations of this checkpoint by name or reference.

    A name must contain all the words. Student, school, event and venue are loaded. Finds no one from another
    checkpoint and never searches addresses. Returns one row more than `MAX_RESULTS` if there are more.
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
