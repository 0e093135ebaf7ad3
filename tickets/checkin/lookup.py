"""Finding registrations at a checkpoint: by a scanned or typed code, by reference, or by name, within limits.

A ticket's code has 128 random bits: ten million tries against 5,000 tickets find one with a probability of 10**7 *
5000 / 2**128, about 1.5 * 10**-28, so known codes are never refused. A reference (24**7, about 4.6 * 10**9) could be
guessed, though only by signed-in staff: after `MAX_UNKNOWN` unknown codes within `SPAN` no reference is looked up for
that user.

Name searches are counted per user and hour; the text is not stored. They are for dead phones and lost papers: even if
every ticket is missing, finding a person takes 15 seconds, four a minute. A user who reaches `MAX_A_MINUTE` or
`MAX_AN_HOUR` is reading out the list of names, so the owners get an alert. Scanning goes on meanwhile.
"""

import datetime as dt
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import connection
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Fest
from registrations.models import MergedReference, Registration, Student
from registrations.students.names import clean_text
from techfest.core.db.folding import in_dictionary_order
from techfest.core.errors import UserFacingError
from techfest.core.search import found_rows, typed_codes
from techfest.core.search import read as read_words
from tickets import alerts
from tickets.checkin import keyboards
from tickets.checkin.checkpoints import Checkpoint
from tickets.models import Alert, Scan, Ticket

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
CODE = re.compile(r"[A-Za-z0-9_-]{22}")
"""The code of a ticket or of a school, without its address."""
LONGEST_TYPED = 40
"""Characters of a reference with a label before it."""


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

    Case, dashes, spaces and a label ("Ref:") of a typed reference do not matter; a code must match exactly.
    """
    text = clean_text(text[: MAX_LENGTH + 1])
    if len(text) > MAX_LENGTH:
        return Reading(Kind.NOTHING)
    if found := _ADDRESS.search(text):
        return Reading(Kind.TICKET if found[1] == "t" else Kind.SCHOOL, found[2])
    if CODE.fullmatch(text):
        return Reading(Kind.CODE, text)
    return _read_reference(text)


def is_scanned(text: str) -> bool:
    """Whether a hand scanner typed this text: the code of a ticket or a school, or an address in any layout."""
    return read(text).kind in (Kind.TICKET, Kind.SCHOOL, Kind.CODE) or keyboards.is_address(text)


def _read_reference(text: str) -> Reading:
    """A typed reference; an address, also one typed on another keyboard, has none, whatever letters it has."""
    is_typed = len(text) <= LONGEST_TYPED and "/" not in text and "@" not in text
    codes = typed_codes(text) if is_typed and not keyboards.is_address(text) else []
    return Reading(Kind.REFERENCE, codes[0]) if len(codes) == 1 else Reading(Kind.NOTHING)


MAX_RESULTS = 20
"""Rows shown; more letters narrow the search."""
MIN_CHARACTERS = 2
"""Letters needed to search."""
_SEARCHED = ("student__name", "student__reference", "student__merged_references__reference")


@dataclass(frozen=True, slots=True)
class People:
    """What a search found, with one row more than `MAX_RESULTS` if there are more."""

    rows: list[Registration]
    is_similar: bool = False
    """Whether no name is as typed, and these differ from it by one letter of a word."""


def search(checkpoint: Checkpoint, text: str) -> People:
    """Registrations of this checkpoint by name or reference, with what was cancelled and is not held again.

    A name must contain all the words. Of one person, what takes place now comes first, then what is next, then what
    is over or cancelled. Student, school, event and venue are loaded. Finds no one from another checkpoint and never
    searches addresses.
    """
    if read_words(text).total < MIN_CHARACTERS:
        return People([])
    held = Registration.objects.active().filter(student=OuterRef("student"), event=OuterRef("event"))
    here = Registration.objects.filter(_here(checkpoint)).exclude(Q(state=State.CANCELLED) & Exists(held))
    rows, is_similar = found_rows(here, text, _SEARCHED)
    is_late = Case(When(Q(state=State.CANCELLED) | Q(event__ends_at__lte=Now()), then=1), default=0)
    ordered = rows.annotate(is_late=is_late).order_by(
        *in_dictionary_order("student__name"), "student_id", "is_late", "event__starts_at", "pk"
    )
    return People(list(_with_related(ordered)[: MAX_RESULTS + 1]), is_similar)


def _here(checkpoint: Checkpoint) -> Q:
    here = Q(event__fest=checkpoint.fest)
    return here & Q(event__in=checkpoint.event_ids) if checkpoint.event_ids else here


def _with_related(rows: "QuerySet[Registration]") -> "QuerySet[Registration]":
    return rows.select_related("student__school", "event__venue").prefetch_related("tickets").distinct()


MAX_UNKNOWN = 60
"""Unknown codes of one user within `SPAN`; honest scanning with a bad camera makes a handful."""
SPAN = dt.timedelta(minutes=10)


class TooManyUnknownCodes(UserFacingError):
    """Too many unknown codes; nothing was looked up."""

    text = _("Too many unknown codes. Wait ten minutes, or scan the QR of a ticket.")


def refuse_guessing(user: Any, reading: Reading) -> None:
    """Raises `TooManyUnknownCodes` if this user types a reference after too many unknown ones."""
    if reading.kind == Kind.REFERENCE and _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))
        raise TooManyUnknownCodes


def record_unknown(user: Any) -> None:
    """Raises an alert if this user has sent too many unknown codes. The scans themselves are the counter."""
    if _unknown_of(user) >= MAX_UNKNOWN:
        alerts.raise_alert(Alert.Kind.GUESSING, str(user))


def _unknown_of(user: Any) -> int:
    recent = Scan.objects.filter(user=user, verdict=Scan.Verdict.UNKNOWN, received_at__gt=Now() - SPAN)
    return recent.count()


MAX_A_MINUTE = 20
MAX_AN_HOUR = 300
"""Searches per user, refused ones included. Minutes and hours are those of the clock, so both limits end with them."""

_COUNT = """
    INSERT INTO tickets_searchcount AS counted (user_id, hour, minute, in_minute, searches, refused)
    SELECT %(user)s, date_trunc('hour', now, 'UTC'), date_part('minute', now), 1, 1, 0
    FROM (SELECT clock_timestamp() AS now) AS clock
    ON CONFLICT (user_id, hour) DO UPDATE SET
        minute = excluded.minute,
        in_minute = CASE WHEN counted.minute = excluded.minute THEN counted.in_minute + 1 ELSE 1 END,
        searches = counted.searches + 1
    RETURNING id, in_minute, searches
"""
_REFUSE = "UPDATE tickets_searchcount SET refused = refused + 1 WHERE id = %(id)s"


class TooManySearches(UserFacingError):
    """Too many name searches; nothing was looked up."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.text = text


def count_search(user: Any) -> None:
    """Counts one search by this user before it runs; beyond a limit raises `TooManySearches` and alerts the owners.

    A single statement counts, so that concurrent searches are all counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"user": user.pk})
        row_id, in_minute, in_hour = cursor.fetchone()
        if in_minute <= MAX_A_MINUTE and in_hour <= MAX_AN_HOUR:
            return
        cursor.execute(_REFUSE, {"id": row_id})
    alerts.raise_alert(Alert.Kind.SEARCHING, str(user))
    if in_hour > MAX_AN_HOUR:
        raise TooManySearches(
            _("You have searched for too many names. Scan tickets, or ask an organiser until the next hour.")
        )
    raise TooManySearches(_("You have searched for too many names. Wait a minute, or scan the ticket."))
