"""Sending: hands due mails to the provider, many at a time and never inside a transaction."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from anymail.exceptions import AnymailAPIError
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from techfest.core import rush, stopping
from tickets import alerts
from tickets.mail.breaker import Breaker, ProviderPaused, pause_left, requested_pause
from tickets.mail.compose import Composer
from tickets.mail.queue import (
    LEASE,
    POISON_ATTEMPTS,
    Claim,
    Result,
    claim,
    free_claims_of_the_dead,
    later,
    record,
    untried,
)
from tickets.mail.verdicts import is_ours, is_permanent
from tickets.models import Alert, Delivery

State = Delivery.State
Answer = TypeVar("Answer")

IN_FLIGHT = 100
"""Concurrent hand-overs; at most this many mails are repeated after a worker is killed."""
QUEUE_SECONDS = 20
"""How long a claimed mail may wait for its turn; well within its lease."""
BUDGET = 15.0
"""Seconds after which no further mails are claimed, so that other tasks get their turn and a worker can stop."""
HAND_OVER_SECONDS = 20.0
"""The longest duration of a hand-over: connecting, waiting for the response, and a margin."""
FRESH = LEASE.total_seconds() - HAND_OVER_SECONDS
"""Seconds after its claim until a hand-over may begin."""
CLAIMS = 10
"""How many claims fill the mails in flight. A claim costs the same for one mail as for many."""
OLDEST_EVERY = 4
"""Every so many claims, one takes the oldest mails of a backlog first; the others take new mails."""
LOOK_PAUSE = 0.02
"""Seconds between two claims that took nothing."""
STEP_BACK = 30.0
"""Seconds that mails wait during a rush: at the default rate, half a minute is left for those of 1,500 clicks.

A rush that lasts longer has more clicks than mails go in a minute, which trail behind it at their rate.
"""
TOGETHER = 0.05
"""Seconds after a result in which those behind it are stored with it: each transaction waits for the disk."""
NO_PAUSE = dt.timedelta()


def send_due(*, budget: float = BUDGET) -> int:
    """Sends due mails until none is due or the budget of seconds is spent; returns how many were tried.

    The threads talk to the provider and never to the database. Results are stored as they arrive, those within
    `TOGETHER` in one transaction, so killing the worker repeats at most the mails in flight and these.
    """
    patiently(free_claims_of_the_dead)
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="provider") as pool:
        run = Run(pool, Sender(), Composer())
        ends, is_going = time.monotonic() + budget, True
        while is_going:
            is_going = run.step(ends)
    return run.tried


class Run:
    """One run: claims, composes, hands over and records mails until none is left to claim."""

    def __init__(self, pool: ThreadPoolExecutor, sender: "Sender", composer: Composer) -> None:
        self.tried = 0
        self._pool, self._sender, self._composer = pool, sender, composer
        self._flying: dict[Future[str], Delivery] = {}
        self._claims = 0

    def step(self, ends: float) -> bool:
        """Claims mails while there is room, waits for the next result and records it; whether there is more to do.

        Claims nothing after `ends` of the monotonic clock, nor during a rush.
        """
        if not self._flying:
            rush.step_back(longest=STEP_BACK, until=ends, is_stopping=stopping.is_asked)
        until = boottime() + FRESH
        claimed = patiently(self._claim) if _may_claim(ends) else Claim([])
        self.tried += len(claimed.mails)
        for delivery, message in patiently(partial(self._composer.compose, claimed.mails)):
            self._flying[self._pool.submit(self._sender.hand_over, message, until=until)] = delivery
        results = self._composer.take_results()
        if not self._flying and not claimed.mails:
            return _is_worth_another_look(claimed)
        done = self._landed()
        for future in done:
            _note(future.exception())
        pause = patiently(pause_left) if breaker.is_open else dt.timedelta()
        results += [result_of(future, self._flying.pop(future), pause=pause) for future in done]
        patiently(partial(record, results))
        return True

    def _landed(self) -> list["Future[str]"]:
        """The hand-overs that have ended, after waiting for the first one, at most a second."""
        done, flying = wait(self._flying, return_when=FIRST_COMPLETED, timeout=1.0)
        if done and flying:
            time.sleep(TOGETHER)
        return [future for future in self._flying if future.done()]

    def _claim(self) -> Claim:
        free = max_in_flight() - len(self._flying)
        if self._flying and free < max_in_flight() / CLAIMS:
            return Claim([])
        allowed = breaker.allowed(free, in_flight=len(self._flying))
        if not allowed:
            return Claim([])
        self._claims += 1
        claimed = claim(allowed, oldest_first=self._claims % OLDEST_EVERY == 0)
        if not claimed.mails:
            breaker.give_back_try()
        return claimed


def _may_claim(ends: float) -> bool:
    return time.monotonic() < ends and not stopping.is_asked() and not rush.is_on(longest=STEP_BACK)


def _is_worth_another_look(claimed: Claim) -> bool:
    """Whether more may be due behind rows that were all held. Pauses first, in case another worker has them."""
    if claimed.looked_at:
        time.sleep(LOOK_PAUSE)
    return claimed.looked_at > 0


def patiently(work: Callable[[], Answer]) -> Answer:
    """Calls `work`, and again while the database is unavailable, for as long as a lease lasts.

    The results that the provider has reported must not be lost, or every mail in flight would be sent twice.
    """
    ends = time.monotonic() + LEASE.total_seconds()
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if time.monotonic() > ends:
                raise
            connection.close()
            time.sleep(0.5)


def max_in_flight() -> int:
    """As many as can be handed over in time at this pace."""
    return min(IN_FLIGHT, settings.EMAIL_RATE_PER_SECOND * QUEUE_SECONDS)


class LeaseOver(Exception):
    """The mail waited so long that another worker may have claimed it, for example in a suspended process."""


breaker = Breaker()
"""The breaker that all runs of this process share."""


def _is_held() -> bool:
    """Whether mails that wait for their turn go back into the queue."""
    return breaker.is_open or stopping.is_asked()


def boottime() -> float:
    """Seconds since boot, which also count while the process is stopped or the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Sender:
    """Hands mails over, with one connection per thread and one pace for all threads."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def hand_over(self, message: EmailMessage, *, until: float) -> str:
        """Hands the mail over; returns the provider's id. Raises ProviderPaused, LeaseOver, or a library error.

        After `until`, a moment of `boottime`, another worker may have claimed the mail, so it is not handed over.
        """
        self._keep_pace()
        if _is_held():
            raise ProviderPaused
        connection = self._connection()
        if boottime() > until:
            raise LeaseOver
        connection.send_messages([message])
        status = getattr(message, "anymail_status", None)
        return str(status.message_id or "") if status else ""

    def _connection(self) -> BaseEmailBackend:
        if not hasattr(self._local, "connection"):
            self._local.connection = get_connection()
            self._local.connection.open()
        connection: BaseEmailBackend = self._local.connection
        return connection

    def _keep_pace(self) -> None:
        with self._lock:
            start = max(self._next, time.monotonic())
            self._next = start + 1 / settings.EMAIL_RATE_PER_SECOND
        while (left := start - time.monotonic()) > 0 and not _is_held():
            time.sleep(min(left, 0.5))


def result_of(future: "Future[str]", delivery: Delivery, *, pause: dt.timedelta = NO_PAUSE) -> Result:
    """The result of one hand-over: sent, retried later, or failed for good."""
    error = future.exception()
    if error is None:
        return Result(delivery, State.SENT, provider_id=future.result())
    words = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    if isinstance(error, ProviderPaused | LeaseOver):
        return untried(delivery, retry_in=pause)
    if is_permanent(error) or (_is_poison(error) and delivery.attempts >= POISON_ATTEMPTS):
        return Result(delivery, State.FAILED, error=words)
    return later(delivery, words, seconds=requested_pause(error))


def _note(error: BaseException | None) -> None:
    """Reports to the breaker what one hand-over shows about the provider, if anything."""
    if is_ours(error):
        status = getattr(error, "status_code", "")
        subject = _("a mail was refused with status %(status)s") % {"status": status}
        patiently(partial(alerts.raise_alert, Alert.Kind.SENDER, subject))
    if error is None or is_permanent(error):
        patiently(breaker.note_answer)
    elif not isinstance(error, ProviderPaused | LeaseOver) and not _is_poison(error):
        patiently(partial(breaker.note_fault, error))


def _is_poison(error: BaseException) -> bool:
    """Whether the message itself cannot be handed over, rather than the provider, the disk or the network failing."""
    return not isinstance(error, AnymailAPIError | OSError)
