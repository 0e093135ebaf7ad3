"""What a phone at the door carries for when there is no network: which codes are live, and nothing about anybody.

The file is one line of JSON, `{"events": [...]}`, and after it 18 bytes for each code, in order: the first 16 of its
SHA-256, and two with the place of its event in that list and its state. Nobody can make a code or a name of it.
"""

import datetime as dt
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from events.models import Event
from techfest.core.db.clock import database_now
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.messages import clock, when
from tickets.checkin.scan import Offline, check_in
from tickets.models import CheckIn, Scan

STATES = ("live_codes", "already", "cancelled", "reissued", "waiting")
"""Numbered as in the file: eight times the event's place, and one of these."""
RECORD = 18
"""Bytes a code: 5,000 tickets are 90 kB."""
PREFIX = 16
"""Bytes of a code's SHA-256 that name it on the device, and in what the device sends back."""

_CODES = """
    SELECT statement_timestamp(), coalesce(string_agg(prefix || int2send((8 * n + state)::int2), ''::bytea
        ORDER BY prefix), ''::bytea)
    FROM (
        SELECT substring(sha256(t.code::bytea) FOR 16) AS prefix, e.n - 1 AS n, CASE
            WHEN r.state = 'cancelled' OR e.cancelled THEN 2
            WHEN r.state <> 'confirmed' THEN 4
            WHEN t.voided_at IS NOT NULL THEN 3
            WHEN t.checked_in_at IS NOT NULL THEN 1 ELSE 0 END AS state
        FROM unnest(%(ids)s::bigint[], %(cancelled)s::boolean[]) WITH ORDINALITY AS e (id, cancelled, n)
        JOIN registrations_registration r ON r.event_id = e.id
        JOIN tickets_ticket t ON t.registration_id = r.id
    ) AS code
"""


class LiveCodes(NamedTuple):
    """The file, and the database's time at which it was true."""

    at: dt.datetime
    content: bytes


def live_codes(checkpoint: Checkpoint) -> LiveCodes:
    """Every code of the place's fest, as of now, in one query beside that of the events."""
    rows = Event.objects.filter(fest=checkpoint.fest).exclude(state=Event.State.DRAFT)
    events = list(rows.select_related("venue").order_by("pk"))
    given: dict[str, Any] = {
        "ids": [event.pk for event in events],
        "cancelled": [event.state == Event.State.CANCELLED for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CODES, given)
        at, codes = cursor.fetchone()
    head = json.dumps({"events": [_related(event, checkpoint) for event in events]}, separators=(",", ":"))
    return LiveCodes(at, head.encode() + b"\n" + bytes(codes))


def _related(event: Event, checkpoint: Checkpoint) -> dict[str, Any]:
    """What a device must know of an event; times in milliseconds, as scripts count."""
    opens = event.entry_opens_at
    first = _midnight(min(opens, event.starts_at), checkpoint)
    last = _midnight(_midnight(event.ends_at, checkpoint) + dt.timedelta(hours=36), checkpoint)
    return {
        "event": event.name,
        "hall": event.venue.name,
        "when": when(event),
        "doors": clock(opens),
        "here": checkpoint.covers(event),
        "opens": _milliseconds(opens),
        "from": _milliseconds(first),
        "until": _milliseconds(last),
    }


def _midnight(moment: dt.datetime, checkpoint: Checkpoint) -> dt.datetime:
    """When this day began in the fest's zone."""
    return timezone.localtime(moment, checkpoint.fest.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


Verdict = Scan.Verdict
MAX_SCANS = 500
"""Scans of one upload; a device sends a hundred at a time."""
MAX_BYTES = 128 * 1024
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
    if len(body) > MAX_BYTES:
        raise Malformed(f"The upload must be smaller than {MAX_BYTES // 1024} kB.")
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


def resolve(scan_ids: Sequence[int], *, user: Any, note: str, now: dt.datetime) -> int:
    """Ends these conflicts with a note; how many of them were open still. The scans stay as they are."""
    open_ones = Scan.objects.filter(pk__in=scan_ids, is_conflict=True, resolved_at=None)
    return open_ones.update(resolved_at=now, resolved_by=user, note=note)
