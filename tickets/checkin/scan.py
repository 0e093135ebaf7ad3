"""A scan from the code to the verdict: one conditional update decides, and each scan is answered once, for ever."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError

from registrations.locking import Deadline, in_transaction
from registrations.models import Registration
from techfest.core.db.bulk import insert_new
from techfest.core.db.clock import database_now
from tickets import delegations
from tickets.checkin import lookup, throttle
from tickets.checkin.checkpoints import Checkpoint, count_one
from tickets.checkin.entry import enter
from tickets.checkin.lookup import Found, Kind, Reading, read
from tickets.checkin.policy import candidates, decide
from tickets.models import CheckIn, Delegation, Scan

Verdict = Scan.Verdict
ATTEMPTS = 3
"""How often a scan is judged that somebody else overtakes between the look and the update."""


class NonceTaken(Exception):
    """This scan was answered before; what this attempt has done is taken back."""


@dataclass(frozen=True, slots=True)
class Offline:
    """What a device without a network did: when, by its clock, and which verdict it told."""

    at: dt.datetime
    device_verdict: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A reference that stands for several tickets here: nothing was done, a person must choose one."""

    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class SchoolList:
    """The code of a school's delegation: nothing was done, its list opens."""

    delegation: Delegation


@dataclass(frozen=True, slots=True)
class _Request:
    """One scan as it came in."""

    checkpoint: Checkpoint
    reading: Reading
    nonce: uuid.UUID
    user: Any
    registration_id: int | None
    offline: Offline | None
    how: str


def check_in(
    checkpoint: Checkpoint,
    *,
    code: str,
    nonce: uuid.UUID,
    user: Any,
    registration_id: int | None = None,
    offline: Offline | None = None,
    how: str = CheckIn.How.SCAN,
) -> Scan | Choice | SchoolList:
    """Judges what was scanned or typed at this place, and lets the person in where all is well.

    The same `nonce` is the same scan: whoever sends it again, at once or later, gets the first
    answer, and nothing is done twice. `registration_id` chooses among several of one reference.

    With `offline` it is told afterwards what a device did, and the answer is always a Scan, judged for the
    moment of the device: where it had let somebody in that the rules would not, or sent somebody away whom they
    would let in, the scan is a conflict for a human. Nobody is let in by it whom the device did not let in.

    Commits before it returns. Raises `guessing.TooMany` after too many unknown codes of this person, `LockTimeout`
    when the database did not answer in time.
    """
    reading = read(code)
    if not offline:
        throttle.refuse_guessing(user, reading)
    request = _Request(checkpoint, reading, nonce, user, registration_id, offline, how)
    try:
        answer = in_transaction(lambda: _attempt(request), deadline=Deadline())
    except (IntegrityError, NonceTaken):
        # A repeat of this scan was faster, or the second guard held: then it is judged anew.
        earlier = Scan.objects.filter(nonce=nonce).first()
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
        throttle.record_unknown(scan.user)


def _attempt(request: _Request) -> Scan | Choice | SchoolList:
    found = _find(request)
    if not found and not request.offline and (school := _school(request)):
        return SchoolList(school)
    now = request.offline.at if request.offline else database_now()
    if request.reading.kind == Kind.REFERENCE:
        found = candidates(found, request.checkpoint, now)
    if len(found) > 1 and not request.offline:
        return Choice(tuple(found))
    if not found or len(found) > 1:
        nothing = request.reading.kind in (Kind.NOTHING, Kind.SCHOOL)
        return _answer(request, Verdict.UNREADABLE if nothing else Verdict.UNKNOWN, None, now)
    if request.offline and request.offline.device_verdict != Verdict.IN:
        return _answer(request, decide(found[0], request.checkpoint, now), found[0], now)
    return _let_in(request, found[0], now)


def _find(request: _Request) -> list[Found]:
    if request.reading.kind == Kind.REFERENCE:
        found = lookup.by_reference(request.reading.value, request.checkpoint.fest)
        if request.registration_id is not None:
            return [one for one in found if one.registration.pk == request.registration_id]
        return found
    if request.reading.kind in (Kind.TICKET, Kind.CODE):
        return lookup.by_code(request.reading.value, request.checkpoint.fest)
    return []


def _school(request: _Request) -> Delegation | None:
    if request.reading.kind not in (Kind.SCHOOL, Kind.CODE):
        return None
    found = delegations.by_code(request.reading.value)
    return found if found and found.fest_id == request.checkpoint.fest.pk else None


def _let_in(request: _Request, found: Found, now: dt.datetime) -> Scan:
    """Judges, and where the door is open tries; who was overtaken meanwhile is judged anew."""
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
    """Writes the scan down. What a device told is a conflict where the truth is another colour."""
    device_verdict = request.offline.device_verdict if request.offline else ""
    scan = Scan(
        nonce=request.nonce,
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
    if device_verdict == Verdict.ALREADY:  # a second look on one device; its first may be on the way still
        scan.is_conflict = False
    insert_scan(scan)
    return scan


def insert_scan(scan: Scan) -> None:
    """Writes the scan; raises `NonceTaken` where the same one was written before."""
    if not insert_new([scan]):
        raise NonceTaken


def insert_entered(
    tickets: Sequence[tuple[int, Registration, dt.datetime]], *, checkpoint: Checkpoint, user: Any
) -> list[Scan]:
    """The scans of tickets that were let in at once: number, registration and moment of each; part of the
    caller's transaction."""
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
