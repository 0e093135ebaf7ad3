"""Letting somebody in: one conditional update decides, and each scan is answered once, for ever."""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from tickets.door.places import Place
from tickets.models import Scan


@dataclass(frozen=True, slots=True)
class Offline:
    """What a device without a network did: when, by its clock, and which verdict it told."""

    at: dt.datetime
    told: str


def check_in(
    place: Place,
    *,
    code: str,
    nonce: uuid.UUID,
    user: Any,
    ticket_id: int | None = None,
    offline: Offline | None = None,
) -> Scan:
    """Judges what was scanned or typed at this place, and lets the person in where all is well.

    The same `nonce` is the same scan: whoever sends it again, at once or later, gets the first answer, and
    nothing is done twice. `ticket_id` chooses among several tickets of one reference.
    """
    raise NotImplementedError
