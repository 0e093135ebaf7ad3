"""What a phone at the door carries for when there is no network: which codes are live, and nothing about anybody.

The file is one line of JSON, `{"events": [...]}`, and after it 18 bytes for each code, in order: the first 16 of its
SHA-256, and two with the place of its event in that list and its state. Nobody can make a code or a name of it.
"""

import datetime as dt
import json
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from events.models import Event
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.messages import clock, when

STATES = ("live", "already", "cancelled", "reissued", "waiting")
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


class Live(NamedTuple):
    """The file, and the database's time at which it was true."""

    at: dt.datetime
    content: bytes


def live(checkpoint: Checkpoint) -> Live:
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
    return Live(at, head.encode() + b"\n" + bytes(codes))


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
