"""A circuit breaker for the mail provider: during an outage one mail at a time is tried, with growing pauses.

The outage is the row `ProviderOutage`, so that it outlives a restart and holds for all workers.
"""

import datetime as dt
import threading
import time

from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from techfest.core.db.clock import database_now
from tickets.models import ProviderOutage

FAILURES = 5
"""Failed hand-overs in a row after which an outage begins."""
SHORTEST, LONGEST = 5.0, 60.0
"""Seconds between two tries during an outage; doubled each time."""
MAX_REQUESTED = 900.0
"""Seconds of a pause that the provider may ask for."""
DEFAULT_PAUSE = 10.0
"""Seconds of pause after "too many requests" without a Retry-After header."""
IDLE = 600.0
"""Seconds without a mail to try after which the outage ends; failures would begin another."""
_OPEN = """
    INSERT INTO tickets_provideroutage (id, started_at, until, failures, reason)
    VALUES (1, clock_timestamp(), clock_timestamp() + %(pause)s * interval '1 second', 0, %(reason)s)
    ON CONFLICT (id) DO UPDATE SET until = greatest(tickets_provideroutage.until, excluded.until),
        reason = excluded.reason
"""
_PROBE = """
    UPDATE tickets_provideroutage SET failures = failures + 1,
        until = clock_timestamp() + least(%(longest)s, %(shortest)s * 2 ^ least(failures, 10)) * interval '1 second'
    WHERE until <= clock_timestamp()
"""


class ProviderPaused(Exception):
    """The provider went down or asked for a pause, or the worker was asked to stop, while this mail waited."""


class Breaker:
    """What one worker has seen of the provider; the sending threads only read `is_open`."""

    def __init__(self) -> None:
        self._failures = 0
        self._open = threading.Event()
        self._is_probing = False
        self._idle = (0.0, -1)  # since when there was no mail to try, and the failures at that time

    @property
    def is_open(self) -> bool:
        """Whether mails that wait for their turn go back into the queue."""
        return self._open.is_set()

    def allowed(self, free: int, *, in_flight: int) -> int:
        """How many mails may be claimed now: `free` of them, one for a try, or none."""
        outage = ProviderOutage.objects.first()
        if outage is None:
            self._open.clear()
            self._is_probing = False
            return free
        if not self._is_probing:  # another worker may have noticed first
            self._open.set()
        if in_flight or not self._may_probe():
            return 0
        self._open.clear()
        self._is_probing = True
        return min(free, 1)

    def give_back_try(self) -> None:
        """Returns the permission to try, because no mail was due. The next due mail is tried at once."""
        if not self._is_probing:
            return
        ProviderOutage.objects.update(until=Now(), failures=F("failures") - 1)
        outage = ProviderOutage.objects.first()
        if outage is None or outage.failures != self._idle[1]:
            self._idle = (time.monotonic(), outage.failures if outage else -1)
        elif time.monotonic() >= self._idle[0] + IDLE:
            self._is_probing = False
            ProviderOutage.objects.filter(failures=outage.failures).delete()

    def note_answer(self) -> None:
        """Records that the provider works: it accepted a mail, or rejected one because of its content."""
        self._failures = 0
        if self._is_probing:
            self._is_probing = False
            ProviderOutage.objects.all().delete()

    def note_fault(self, error: BaseException) -> None:
        """Records a failure of the provider or network. Pauses on request, after a failed try, or after several."""
        self._failures += 1
        requested = requested_pause(error)
        if requested is None and not self._is_probing and self._failures < FAILURES:
            return
        self._open.set()
        # The pause after a try has begun with the try.
        seconds = requested or (0.0 if self._is_probing else SHORTEST)
        with connection.cursor() as cursor:
            cursor.execute(_OPEN, {"pause": seconds, "reason": _words(error)})

    def _may_probe(self) -> bool:
        """Whether the pause is over and this worker may try. The next pause begins with the try."""
        with connection.cursor() as cursor:
            cursor.execute(_PROBE, {"shortest": SHORTEST, "longest": LONGEST})
            return bool(cursor.rowcount == 1)


def pause_left() -> dt.timedelta:
    """How long no mail is handed over from now on."""
    outage = ProviderOutage.objects.first()
    return max(dt.timedelta(), outage.until - database_now()) if outage else dt.timedelta()


def outage_age() -> dt.timedelta | None:
    """How long the outage has lasted, by the database clock; `None` without an outage."""
    outage = ProviderOutage.objects.first()
    return database_now() - outage.started_at if outage else None


def outage_sentences(now: dt.datetime) -> list[str]:
    """A sentence about the outage for the organisers; none without an outage. One query."""
    outage = ProviderOutage.objects.first()
    if outage is None:
        return []
    sentence = _(
        "The mail provider has taken no mails for %(since)s (%(reason)s). The mails stay queued and are sent"
        " later; at least one is tried every minute. Check the provider's page and the settings."
    )
    return [sentence % {"since": timesince(outage.started_at, now), "reason": outage.reason}]


def _words(error: BaseException) -> str:
    """The error in a few words, without the provider's text, which may contain an address or a key."""
    status = getattr(error, "status_code", None)
    return f"status {status}" if status else type(error).__name__


def requested_pause(error: BaseException) -> float | None:
    """The pause in seconds that the provider requests, within bounds; `None` if it requests none."""
    response = getattr(error, "response", None)
    value = response.headers.get("Retry-After", "") if response is not None else ""
    if value.isdecimal() and value.isascii():
        return min(MAX_REQUESTED, max(1.0, float(value)))
    return DEFAULT_PAUSE if value or getattr(error, "status_code", None) == 429 else None
