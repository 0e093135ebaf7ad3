"""What a device did without a network comes home: judged again here, each scan once, in the order of its time."""

import datetime as dt
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.dateparse import parse_datetime

from techfest.core.db.clock import database_now
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.live_codes import PREFIX
from tickets.checkin.scan import Offline, check_in
from tickets.models import CheckIn, Scan

Verdict = Scan.Verdict
MAX_SCANS = 500
"""Scans of one upload; a device sends a hundred at a time."""
LARGEST = 128 * 1024
"""Bytes of an upload; a scan has about 150."""
_DIGEST = re.compile(f"[0-9a-f]{{{2 * PREFIX}}}")


class Malformed(Exception):
    """Not an upload of a door; says what is wrong with it. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One scan as a device kept it: which code by its digest, when by its clock, and what it said."""

    nonce: uuid.UUID
    digest: str
    at: dt.datetime
    device_verdict: str


def read_upload(body: bytes) -> list[Queued]:
    """The scans of an upload, `{"scans": [{"nonce", "digest", "at", "told"}, ...]}`. Raises `Malformed`."""
    if len(body) > LARGEST:
        raise Malformed(f"The upload must be smaller than {LARGEST // 1024} kB.")
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("The upload is not JSON.") from None
    rows = content.get("scans") if isinstance(content, dict) else None
    if not isinstance(rows, list):
        raise Malformed("The upload has no list of scans.")
    if len(rows) > MAX_SCANS:
        raise Malformed(f"The upload has more than {MAX_SCANS} scans.")
    return [_read(row, number) for number, row in enumerate(rows, start=1)]


def upload(checkpoint: Checkpoint, scans: Sequence[Queued], *, user: Any) -> list[Scan]:
    """Judges each of these scans by the rules of the door for its own moment, the oldest first.

    A nonce that was here before is answered as then and changes nothing. A time in the future is taken as
    now; one before the doors lets nobody in, as it would have online. Where the device had said something of
    another colour than the rules do, the scan is a conflict for a human. Commits after each scan, so that an
    upload that breaks off goes on where it was; raises `LockTimeout` when the database did not answer in time.
    """
    now = database_now()
    codes = _codes_of([scan.digest for scan in scans], checkpoint)
    in_order = sorted(scans, key=lambda scan: scan.at)
    return [_replay(checkpoint, scan, codes, user=user, now=now) for scan in in_order]


def _replay(
    checkpoint: Checkpoint, queued: Queued, codes: dict[str, str], *, user: Any, now: dt.datetime
) -> Scan:
    scan = check_in(
        checkpoint,
        # A digest that no ticket has is not a code either, and is answered as unknown.
        code=codes.get(queued.digest, queued.digest[:22]),
        nonce=queued.nonce,
        user=user,
        offline=Offline(at=min(queued.at, now), device_verdict=queued.device_verdict),
        how=CheckIn.How.OFFLINE,
    )
    if not isinstance(scan, Scan):
        raise Malformed("This code is not a ticket's.")
    return (
        scan
        if scan.is_offline or scan.user_id != user.pk
        else _differs_from_device(scan, queued.device_verdict)
    )


def _differs_from_device(scan: Scan, device_verdict: str) -> Scan:
    """A scan whose answer came too late for the device: it was judged here at once, and there by itself."""
    is_conflict = device_verdict != Verdict.ALREADY and (device_verdict == Verdict.IN) != (
        scan.verdict == Verdict.IN
    )
    if Scan.objects.filter(pk=scan.pk, device_verdict="").update(
        device_verdict=device_verdict, is_conflict=is_conflict
    ):
        scan.device_verdict, scan.is_conflict = device_verdict, is_conflict
    return scan


def _read(row: Any, number: int) -> Queued:
    try:
        nonce, at = uuid.UUID(row["nonce"]), parse_datetime(row["at"])
        digest, device_verdict = row["digest"], row["device_verdict"]
    except (TypeError, ValueError, KeyError, AttributeError):
        raise Malformed(f"Scan {number} is not complete.") from None
    if at is None or at.tzinfo is None or not 2000 < at.year < 9000:
        raise Malformed(f"Scan {number} has no time.")
    if (
        not isinstance(digest, str)
        or not _DIGEST.fullmatch(digest)
        or device_verdict not in Scan.Verdict.values
    ):
        raise Malformed(f"Scan {number} is not complete.")
    return Queued(nonce, digest, at, device_verdict)


_OF_DIGESTS = """
    SELECT encode(prefix, 'hex'), code FROM (
        SELECT t.code, substring(sha256(t.code::bytea) FOR 16) AS prefix
        FROM events_event e
        JOIN registrations_registration r ON r.event_id = e.id
        JOIN tickets_ticket t ON t.registration_id = r.id
        WHERE e.fest_id = %(fest)s
    ) AS ticket
    WHERE prefix = ANY(%(prefixes)s)
"""
"""Computed, not indexed: 5,000 digests cost PostgreSQL a few milliseconds, once an upload, while an index would cost
every registration."""


def _codes_of(digests: Sequence[str], checkpoint: Checkpoint) -> dict[str, str]:
    """The codes of these digests, in one query."""
    given: dict[str, Any] = {
        "fest": checkpoint.fest.pk,
        "prefixes": [bytes.fromhex(digest) for digest in set(digests)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_OF_DIGESTS, given)
        return dict(cursor.fetchall())
