"""Sending: hands due mails to the provider, many at a time and never inside a transaction."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import InterfaceError, OperationalError, connection

from tickets import stopping
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
from tickets.models import Delivery

State = Delivery.State
Answer = TypeVar("Answer")

IN_FLIGHT = 100
"""Concurrent hand-overs; at most so many mails are repeated after a kill."""
QUEUE_SECONDS = 20
"""How long a claimed mail may wait for its turn; well within its lease."""
BUDGET = 15.0
"""Seconds after which no further mails are claimed, so that other tasks get their turn and a worker can stop."""
HAND_OVER_SECONDS = 20.0
"""What one hand-over takes at most: to connect and to wait for the answer, and more than that."""
FRESH = LEASE.total_seconds() - HAND_OVER_SECONDS
"""Seconds after its claim until a hand-over may begin."""
CLAIMS = 10
"""A claim costs the same for one mail and for many: so many of them fill all places in flight."""
OLDEST_EVERY = 4
"""One claim in so many takes the oldest of a backlog first; the others take new mails."""
LOOK_PAUSE = 0.02
"""Seconds between two claims that took nothing."""
NO_PAUSE = dt.timedelta()
_PERMANENT = frozenset({400, 413, 422})
"""The message is at fault. A wrong key or domain (401, 403, 404) is our fault: the mail waits until it is corrected."""


def send_due(*, budget: float = BUDGET) -> int:
    """Sends what is due until nothing is, or the budget of seconds is spent; how many were tried.

    The threads talk to the provider and never to the database. Each result is stored as it comes back, so
    a kill repeats at most what was in flight.
    """
    patiently(free_claims_of_the_dead)
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="provider") as pool:
        run = Run(pool, Sender(), Composer())
        ends, is_going = time.monotonic() + budget, True
        while is_going:
            is_going = run.step(may_claim=time.monotonic() < ends and not stopping.is_asked())
    return run.tried


class Run:
    """One run: mails are claimed, composed, handed over and recorded until nothing is left to claim."""

    def __init__(self, pool: ThreadPoolExecutor, sender: "Sender", composer: Composer) -> None:
        self.tried = 0
        self._pool, self._sender, self._composer = pool, sender, composer
        self._flying: dict[Future[str], Delivery] = {}
        self._claims = 0

    def step(self, *, may_claim: bool) -> bool:
        """Claims what there is room for, waits for the next answer and records it; whether there is more to do."""
        until = boottime() + FRESH
        claimed = patiently(self._claim) if may_claim else Claim([])
        self.tried += len(claimed.mails)
        for delivery, message in patiently(partial(self._composer.compose, claimed.mails)):
            self._flying[self._pool.submit(self._sender.hand_over, message, until=until)] = delivery
        results = self._composer.take_results()
        if not self._flying and not claimed.mails:
            return _is_worth_another_look(claimed)
        done, _ = wait(self._flying, return_when=FIRST_COMPLETED, timeout=1.0)
        for future in done:
            _note(future.exception())
        pause = patiently(pause_left) if breaker.is_open else dt.timedelta()
        results += [result_of(future, self._flying.pop(future), pause=pause) for future in done]
        patiently(partial(record, results))
        return True

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


def _is_worth_another_look(claimed: Claim) -> bool:
    """Whether more may be due behind rows that were all held back; never at once, in case another worker has them."""
    if claimed.looked_at:
        time.sleep(LOOK_PAUSE)
    return claimed.looked_at > 0


def patiently(work: Callable[[], Answer]) -> Answer:
    """Does the work, and again for as long as a lease lasts while the database is away.

    What the provider has said by then must not be forgotten, or every mail in flight would go twice.
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
    """So many that the last one's turn comes in time, however slow the pace."""
    return min(IN_FLIGHT, settings.EMAIL_RATE_PER_SECOND * QUEUE_SECONDS)


class LeaseOver(Exception):
    """The mail waited so long for its turn that another worker may have claimed it, as in a stopped process."""


breaker = Breaker()
"""Shared by all runs of this process."""


def _is_held() -> bool:
    """Whether mails that wait for their turn go back into the queue."""
    return breaker.is_open or stopping.is_asked()


def boottime() -> float:
    """Seconds that go on while the process is stopped and while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Sender:
    """One connection per thread, and one pace for all of them."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def hand_over(self, message: EmailMessage, *, until: float) -> str:
        """The provider's id of the accepted message. Raises ProviderPaused, LeaseOver, or what the mail library raises.

        `until` is the moment of `boottime` after which the mail may be another worker's before it is handed over.
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
    """What one hand-over came to: sent, to be tried again later, or never to be tried again."""
    error = future.exception()
    if error is None:
        return Result(delivery, State.SENT, provider_id=future.result())
    words = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    if isinstance(error, ProviderPaused | LeaseOver):
        return untried(delivery, retry_in=pause)
    if _is_permanent(error) or (_is_poison(error) and delivery.attempts >= POISON_ATTEMPTS):
        return Result(delivery, State.FAILED, error=words)
    return later(delivery, words, seconds=requested_pause(error))


def _note(error: BaseException | None) -> None:
    """Tells the breaker what one hand-over says about the provider, if anything."""
    if error is None or _is_permanent(error):
        patiently(breaker.note_answer)
    elif not isinstance(error, ProviderPaused | LeaseOver) and not _is_poison(error):
        patiently(partial(breaker.note_fault, error))


def _is_permanent(error: BaseException) -> bool:
    if isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress):
        return True
    return isinstance(error, AnymailRequestsAPIError) and error.status_code in _PERMANENT


def _is_poison(error: BaseException) -> bool:
    """Whether it is neither the provider nor the disk nor the network: the message cannot be handed over."""
    return not isinstance(error, AnymailAPIError | OSError)
