"""Checking in without a network: the codes a phone carries, the upload of its scans, and conflicts between the two.

The file of codes is one line of JSON, `{"events": [...], "keyboards": {...}}`, followed by 18 bytes per code, sorted:
the first 16 bytes of its SHA-256, and two with the index of its event in that list and its state. Neither codes nor
names can be recovered from it.
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
from django.utils.translation import gettext as _

from events.models import Event
from techfest.core.db.clock import database_now
from techfest.core.formatting import clock_time, moment
from tickets import alerts
from tickets.checkin import keyboards
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.scan import Offline, check_in
from tickets.checkin.verdicts import staff_name, when
from tickets.models import Alert, CheckIn, Scan

STATES = ("live", "already", "cancelled", "reissued", "waiting")
"""States of a code in the order of their numbers in the file: eight times the index of the event, plus one of these."""
RECORD = 18
"""Bytes per code: 5,000 tickets take 90 kB."""
PREFIX = 16
"""Bytes of a code's SHA-256 that identify it on the device and in its uploads."""

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
    """The file, and the database time at which it was correct."""

    at: dt.datetime
    content: bytes


def live_codes(checkpoint: Checkpoint) -> LiveCodes:
    """Every code of the checkpoint's fest, in two queries."""
    rows = Event.objects.filter(fest=checkpoint.fest).exclude(state=Event.State.DRAFT)
    events = list(rows.select_related("venue").order_by("pk"))
    given: dict[str, Any] = {
        "ids": [event.pk for event in events],
        "cancelled": [event.state == Event.State.CANCELLED for event in events],
    }
    with connection.cursor() as cursor:
        cursor.execute(_CODES, given)
        at, codes = cursor.fetchone()
    related = [_related(event, checkpoint) for event in events]
    head = json.dumps({"events": related, "keyboards": keyboards.as_data()}, separators=(",", ":"))
    return LiveCodes(at, head.encode() + b"\n" + bytes(codes))


def _related(event: Event, checkpoint: Checkpoint) -> dict[str, Any]:
    """What a device must know about an event; times in milliseconds, as scripts count."""
    opens = event.entry_opens_at
    first = _midnight(min(opens, event.starts_at), checkpoint)
    last = _midnight(_midnight(event.ends_at, checkpoint) + dt.timedelta(hours=36), checkpoint)
    return {
        "event": event.name,
        "hall": event.venue.name,
        "when": when(event),
        "doors": clock_time(opens),
        "here": checkpoint.covers(event),
        "opens": _milliseconds(opens),
        "from": _milliseconds(first),
        "until": _milliseconds(last),
    }


def _midnight(moment: dt.datetime, checkpoint: Checkpoint) -> dt.datetime:
    """When this day began in the time zone of the fest."""
    return timezone.localtime(moment, checkpoint.fest.zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


Verdict = Scan.Verdict
MAX_SCANS = 500
"""Scans per upload; a device sends a hundred at a time."""
MAX_BYTES = 128 * 1024
"""Bytes of an upload; a scan has about 150."""
_DIGEST = re.compile(f"[0-9a-f]{{{2 * PREFIX}}}")


class Malformed(Exception):
    """Not a valid upload, with what is wrong. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Queued:
    """One scan stored on a device: the digest of the code, the time by its clock, and the verdict it showed."""

    key: uuid.UUID
    digest: str
    at: dt.datetime
    device_verdict: str


def read_upload(body: bytes) -> list[Queued]:
    """Reads `{"scans": [{"key", "digest", "at", "device_verdict"}, ...]}`. Raises `Malformed`."""
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
    """Decides each of these scans by the check-in rules at its own time, oldest first.

    A known key gets its first answer and changes nothing. A time in the future counts as now. Where the device
    showed a verdict of another colour than the rules give, the scan is a conflict for an organiser. Commits after
    each scan, so an interrupted upload can be continued; raises `LockTimeout` if the database does not answer in
    time.
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
        # A digest without a ticket is no code either, so the verdict is unknown.
        code=codes.get(queued.digest, queued.digest[:22]),
        key=queued.key,
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
    """Adds the device's verdict to a scan whose online answer reached the device too late."""
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
        key, at = uuid.UUID(row["key"]), parse_datetime(row["at"])
        digest, device_verdict = row["digest"], row["device_verdict"]
    except (TypeError, ValueError, KeyError, AttributeError):
        raise Malformed(f"Scan {number} is not complete.") from None
    if at is None or at.tzinfo is None or not 1900 < at.year < 9000:
        raise Malformed(f"Scan {number} has no time.")
    if (
        not isinstance(digest, str)
        or not _DIGEST.fullmatch(digest)
        or device_verdict not in Scan.Verdict.values
    ):
        raise Malformed(f"Scan {number} is not complete.")
    return Queued(key, digest, at, device_verdict)


def describe_conflict(scan: Scan) -> str:
    """The time and event of a wrong verdict, what the phone showed and what the rules give. Names no one."""
    event = scan.registration.event.name if scan.registration else _("an unknown code")
    words = {"at": moment(scan.at), "event": event, "where": scan.where}
    words |= {"said": scan.get_device_verdict_display(), "verdict": scan.get_verdict_display()}
    if scan.device_verdict != Verdict.IN and scan.verdict == scan.device_verdict:
        return _("%(at)s, %(event)s, %(where)s: the phone said: %(said)s, but the ticket was valid.") % words
    return _("%(at)s, %(event)s, %(where)s: the phone said: %(said)s, the rules say: %(verdict)s.") % words


def report_foreign(checkpoint: Checkpoint, *, user: Any) -> str:
    """Raises an alert about scans that were uploaded by an account that may not open their gate; returns a sentence."""
    words = {"where": checkpoint.name, "user": staff_name(user)}
    # The user first: a subject is cut at the end.
    alerts.raise_alert(Alert.Kind.UPLOAD, _("by %(user)s: %(where)s") % words)
    return _("Scans made at %(where)s were uploaded with your login. The organisers are told.") % words


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
"""Computed, not indexed.

5,000 digests cost PostgreSQL a few milliseconds per upload; an index would slow down every registration.
"""


def _codes_of(digests: Sequence[str], checkpoint: Checkpoint) -> dict[str, str]:
    """The codes with these digests, in one query."""
    given: dict[str, Any] = {
        "fest": checkpoint.fest.pk,
        "prefixes": [bytes.fromhex(digest) for digest in set(digests)],
    }
    with connection.cursor() as cursor:
        cursor.execute(_OF_DIGESTS, given)
        return dict(cursor.fetchall())


def resolve(scan_ids: Sequence[int], *, user: Any, note: str, now: dt.datetime) -> int:
    """Closes these conflicts with a note; returns how many were open. The scans stay as they are."""
    open_ones = Scan.objects.filter(pk__in=scan_ids, is_conflict=True, resolved_at=None)
    return open_ones.update(resolved_at=now, resolved_by=user, note=note)
