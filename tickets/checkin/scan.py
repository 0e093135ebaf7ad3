"""A scan from code to verdict: one conditional update decides, and each scan has exactly one answer."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from registrations.models import Registration
from techfest.core.db.bulk import insert_new
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from tickets import delegations
from tickets.checkin import lookup
from tickets.checkin.checkpoints import Checkpoint, count_one
from tickets.checkin.entry import enter
from tickets.checkin.lookup import Found, Kind, Reading, read
from tickets.checkin.other_keyboards import by_other_keyboard, school_by_other_keyboard
from tickets.checkin.verdicts import ELSEWHERE, candidates, decide, held_now
from tickets.models import CheckIn, Delegation, Scan

Verdict = Scan.Verdict
ATTEMPTS = 3
"""How often a scan is decided anew when a concurrent request changed the ticket before the update."""


class DuplicateScan(Exception):
    """This scan was answered before; the current attempt is rolled back."""


@dataclass(frozen=True, slots=True)
class Offline:
    """What a device did without a network: when by its clock, and which verdict it showed."""

    at: dt.datetime
    device_verdict: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A reference with several valid tickets here: nothing was written, and a person must choose one."""

    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class SchoolList:
    """The code of a school's delegation: nothing was written; its list opens."""

    delegation: Delegation


@dataclass(frozen=True, slots=True)
class _Request:
    """One scan request."""

    checkpoint: Checkpoint
    text: str
    reading: Reading
    key: uuid.UUID
    user: Any
    registration_id: int | None
    offline: Offline | None
    how: str


def check_in(
    checkpoint: Checkpoint,
    *,
    code: str,
    key: uuid.UUID,
    user: Any,
    registration_id: int | None = None,
    offline: Offline | None = None,
    how: str = CheckIn.How.SCAN,
) -> Scan | Choice | SchoolList:
    """Decides what was scanned or typed at this checkpoint, and checks the person in if the verdict is `IN`.

    A repeated `key` is the same scan: it returns the first answer and changes nothing. `registration_id` chooses
    among the registrations of one reference.

    With `offline` the answer is always a `Scan`, decided for the time on the device. If the device admitted someone
    against the rules, or turned away someone they would admit, the scan is a conflict for an organiser. No one is
    checked in whom the device did not admit.

    Commits before it returns. Raises `TooManyUnknownCodes` after too many unknown codes from this user, and
    `LockTimeout` if the database does not answer in time.
    """
    reading = read(code)
    if not offline:
        lookup.refuse_guessing(user, reading)
    request = _Request(checkpoint, code, reading, key, user, registration_id, offline, how)
    try:
        answer = in_transaction(lambda: _attempt(request), deadline=Deadline())
    except (IntegrityError, DuplicateScan):
        # The same scan was faster, or a constraint refused the second check-in: decide anew.
        earlier = Scan.objects.filter(key=key).first()
        if earlier is not None:
            return earlier
        answer = in_transaction(lambda: _attempt(request), deadline=Deadline())
    if isinstance(answer, Scan):
        _after_scan(answer, checkpoint)
    return answer


def _after_scan(scan: Scan, checkpoint: Checkpoint) -> None:
    if scan.verdict == Verdict.IN:
        count_one(checkpoint)
    elif scan.verdict == Verdict.UNKNOWN and not scan.is_offline:
        lookup.record_unknown(scan.user)


def _attempt(request: _Request) -> Scan | Choice | SchoolList:
    found = _find(request)
    if not found and not request.offline and (school := _school(request)):
        return SchoolList(school)
    now = request.offline.at if request.offline else database_now()
    if request.reading.kind == Kind.REFERENCE:
        found = candidates(found, request.checkpoint, now)
    elif not request.offline:
        found = _todays_first(request, found, now)
    if len(found) > 1 and not request.offline:
        return Choice(tuple(found))
    if not found or len(found) > 1:
        nothing = request.reading.kind in (Kind.NOTHING, Kind.SCHOOL)
        return _answer(request, Verdict.UNREADABLE if nothing else Verdict.UNKNOWN, None, now)
    if request.offline and request.offline.device_verdict != Verdict.IN:
        return _answer(request, decide(found[0], request.checkpoint, now), found[0], now)
    return _let_in(request, found[0], now)


def _find(request: _Request) -> list[Found]:
    kind, value, fest = request.reading.kind, request.reading.value, request.checkpoint.fest
    if kind == Kind.REFERENCE:
        found = lookup.by_reference(value, fest)
        if request.registration_id is not None:
            return [one for one in found if one.registration.pk == request.registration_id]
        return found
    found = lookup.by_code(value, fest) if kind in (Kind.TICKET, Kind.CODE) else []
    return found if found or request.offline else by_other_keyboard(request.text, fest)


def _todays_first(request: _Request, found: list[Found], now: dt.datetime) -> list[Found]:
    """The tickets of the same person for what takes place here now, if a live ticket for something else was shown."""
    if len(found) != 1 or decide(found[0], request.checkpoint, now) not in ELSEWHERE:
        return found
    if request.registration_id not in (None, found[0].registration.pk):
        return [one for one in _others(request, found) if one.registration.pk == request.registration_id]
    return held_now(found[0], _others(request, found), request.checkpoint, now) or found


def _others(request: _Request, found: list[Found]) -> list[Found]:
    return lookup.by_reference(found[0].registration.student.reference, request.checkpoint.fest)


def _school(request: _Request) -> Delegation | None:
    if request.reading.kind == Kind.REFERENCE:
        return None
    found = None
    if request.reading.kind in (Kind.SCHOOL, Kind.CODE):
        found = delegations.by_code(request.reading.value)
    if found is None:
        # A phone sends what it has read from a code, and its own table of keyboards was tried already.
        return None if request.offline else school_by_other_keyboard(request.text, request.checkpoint.fest)
    return found if found.fest_id == request.checkpoint.fest.pk else None


def _let_in(request: _Request, found: Found, now: dt.datetime) -> Scan:
    """Decides, and tries the update if the verdict is `IN`; decides anew if a concurrent request was faster."""
    for _attempt_number in range(ATTEMPTS):
        verdict = decide(found, request.checkpoint, now)
        if verdict != Verdict.IN or found.ticket is None:
            return _answer(request, verdict, found, now)
        at = request.offline.at if request.offline else None
        entered = enter(
            [found.ticket.code], checkpoint=request.checkpoint, user=request.user, how=request.how, at=at
        )
        if found.ticket.pk in entered:
            return _answer(request, Verdict.IN, found, entered[found.ticket.pk])
        found = lookup.again(found)
    return _answer(request, decide(found, request.checkpoint, now), found, now)


def _answer(request: _Request, verdict: str, found: Found | None, at: dt.datetime) -> Scan:
    """Writes the scan. A verdict shown offline is a conflict if the decision has another colour."""
    device_verdict = request.offline.device_verdict if request.offline else ""
    scan = Scan(
        key=request.key,
        at=at,
        user=request.user,
        gate=request.checkpoint.gate,
        where=request.checkpoint.name[:100],
        ticket=found.ticket if found else None,
        registration=found.registration if found else None,
        verdict=device_verdict
        if device_verdict and device_verdict != Verdict.IN and verdict == Verdict.IN
        else verdict,
        device_verdict=device_verdict,
        is_offline=request.offline is not None,
        is_conflict=bool(request.offline) and (device_verdict == Verdict.IN) != (verdict == Verdict.IN),
    )
    if (
        device_verdict == Verdict.ALREADY
    ):  # a repeat on one device, whose first scan may not have been uploaded yet
        scan.is_conflict = False
    insert_scan(scan)
    return scan


def insert_scan(scan: Scan) -> None:
    """Inserts the scan; raises `DuplicateScan` if it was answered before."""
    if not insert_new([scan]):
        raise DuplicateScan


def insert_entered(
    tickets: Sequence[tuple[int, Registration, dt.datetime]], *, checkpoint: Checkpoint, user: Any
) -> list[Scan]:
    """Inserts the scans of tickets checked in together: ticket id, registration and time of each.

    Runs in the caller's transaction.
    """
    rows = [
        Scan(
            at=at,
            user=user,
            gate=checkpoint.gate,
            where=checkpoint.name[:100],
            ticket_id=ticket_id,
            registration=registration,
            verdict=Verdict.IN,
        )
        for ticket_id, registration, at in tickets
    ]
    return Scan.objects.bulk_create(rows)
