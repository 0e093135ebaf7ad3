"""Checking in without a network: the codes a phone carries, the upload of its scans, and conflicts between the two.

The file of codes is one line of JSON, `{"events": [...], "keyboards": {...}}`, followed by 18 bytes per code, sorted:
the first 16 bytes of its SHA-256, and two with the index of its event in that list and its state. Neither codes nor
names can be recovered from it.
"""

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from events.models import Event
from registrations.booking.errors import ActionRejected
from techfest.core.db.clock import database_now
from techfest.core.formatting import clock_time, moment
from tickets import alerts
from tickets.checkin import keyboards
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.checkin.entry import AlreadyUndone, give_reason, undo
from tickets.checkin.queued import Malformed, Queued, QueuedUndo
from tickets.checkin.scan import Offline, check_in
from tickets.checkin.verdicts import staff_name, when
from tickets.models import Alert, CheckIn, Scan

STATES = ("live", "already", "cancelled", "reissued", "waiting")
"""States of a code in the order of their numbers in the file: eight times the index of the event, plus one of these."""
WAIT_FOR_SCAN = dt.timedelta(days=1)
"""How long an undo waits on the device for the upload of its scan."""
RECORD = 18
"""Bytes per code: 5,000 tickets take 90 kB."""

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


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of a `QueuedUndo`; a sentence if it changed nothing."""

    key: uuid.UUID
    sentence: str = ""


def upload(checkpoint: Checkpoint, scans: Sequence[Queued | QueuedUndo], *, user: Any) -> list[Scan | Undone]:
    """Decides each of these scans by the check-in rules at its own time, and undoes check-ins, oldest first.

    A known key gets its first answer and changes nothing. A time in the future counts as now. Where the device
    showed a verdict of another colour than the rules give, the scan is a conflict for an organiser. An undo whose
    scan is not here yet is left out of the answer, so that the device keeps it. Commits after each scan, so an
    interrupted upload can be continued; raises `LockTimeout` if the database does not answer in time.
    """
    now = database_now()
    codes = _codes_of([scan.digest for scan in scans if isinstance(scan, Queued)], checkpoint)
    done = [
        _replay(checkpoint, scan, codes, user=user, now=now)
        if isinstance(scan, Queued)
        else _replay_undo(checkpoint, scan, user=user, now=now)
        for scan in _in_order(scans)
    ]
    # Other gates count the same people.
    forget()
    return [one for one in done if one is not None]


def _in_order(scans: Sequence[Queued | QueuedUndo]) -> list[Queued | QueuedUndo]:
    """By time, but an undo after its scan, even if the device's clock was corrected in between."""
    scanned_at = {scan.key: scan.at for scan in scans if isinstance(scan, Queued)}

    def place(scan: Queued | QueuedUndo) -> tuple[dt.datetime, bool]:
        if isinstance(scan, Queued):
            return scan.at, False
        return max(scan.at, scanned_at.get(scan.undoes, scan.at)), True

    return sorted(scans, key=place)


def _replay_undo(checkpoint: Checkpoint, queued: QueuedUndo, *, user: Any, now: dt.datetime) -> Undone | None:
    """Undoes the check-in of this scan, or adds the reason if that is new. Repeating it changes nothing.

    Returns `None` while the scan may still be uploaded, so that the device keeps the undo.
    """
    scan = Scan.objects.select_related("registration__event").filter(key=queued.undoes).first()
    if scan is None:
        return None if queued.at > now - WAIT_FOR_SCAN else Undone(queued.key, _never_uploaded(queued))
    if (scan.gate_id, scan.verdict) != (checkpoint.gate.pk if checkpoint.gate else None, Verdict.IN):
        return Undone(queued.key)
    try:
        undo(scan, user=user, reason=queued.reason)
    except AlreadyUndone:
        if queued.reason:
            with suppress(ActionRejected):
                give_reason(scan, user=user, reason=queued.reason)
    except ActionRejected as error:
        return Undone(queued.key, str(error.text))
    return Undone(queued.key)


def _never_uploaded(queued: QueuedUndo) -> str:
    text = _("A check-in undone at %(at)s was never uploaded, so there was nothing to undo.")
    return text % {"at": moment(queued.at)}


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


def describe_conflict(scan: Scan) -> str:
    """The time and event of a wrong verdict, what the phone showed and what the rules give. Names no one."""
    event = scan.registration.event.name if scan.registration else _("an unknown code")
    words = {"at": moment(scan.at), "event": event, "where": scan.where}
    words |= {"said": scan.get_device_verdict_display(), "verdict": scan.get_verdict_display()}
    if scan.device_verdict != Verdict.IN and scan.verdict == scan.device_verdict:
        return (
            _("%(at)s, %(event)s, %(where)s: the phone showed “%(said)s”, but the ticket was valid.") % words
        )
    return _("%(at)s, %(event)s, %(where)s: the phone showed “%(said)s”; correct is “%(verdict)s”.") % words


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
