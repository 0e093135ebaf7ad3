"""Handing owed mails to the provider: many at a time, none of them inside a transaction."""

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

from tickets.composing import Composer
from tickets.deliveries import LEASE, POISON_ATTEMPTS, Result, claim, later, record
from tickets.models import Delivery

State = Delivery.State
Answer = TypeVar("Answer")

IN_FLIGHT = 100
"""Hand-overs at one time, at most; what a kill may repeat."""
QUEUE_SECONDS = 20
"""How long a claimed mail may wait for its turn; with the time of a hand-over well within its lease."""
BUDGET = 60.0
"""Seconds after which no further mails are claimed, so that a worker can be told to stop."""
_PERMANENT = frozenset({400, 413, 422})
"""The message is at fault. A wrong key or domain (401, 403, 404) is ours: the mail waits until it is mended."""


def send_due(*, budget: float = BUDGET) -> int:
    """Sends what is due until nothing is, or the budget of seconds is spent; how many were tried.

    The threads talk to the provider and never to the database. Each result is stored as it comes back, so
    a kill repeats at most what was in flight.
    """
    ends, tried = time.monotonic() + budget, 0
    sender, composer, most = Sender(), Composer(), most_in_flight()
    flying: dict[Future[str], Delivery] = {}
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="provider") as pool:
        while True:
            room = most - len(flying)
            may_claim = room and time.monotonic() < ends and not pause.is_on
            claimed = patiently(partial(claim, room)) if may_claim else []
            tried += len(claimed)
            for delivery, message in patiently(partial(composer.compose, claimed)):
                flying[pool.submit(sender.hand_over, message)] = delivery
            results = composer.take_results()
            if not flying and not claimed:
                return tried
            done, _ = wait(flying, return_when=FIRST_COMPLETED, timeout=1.0)
            results += [result_of(future, flying.pop(future)) for future in done]
            patiently(partial(record, results))


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


def most_in_flight() -> int:
    """So many that the last one's turn comes in time, however slow the pace."""
    return min(IN_FLIGHT, settings.EMAIL_RATE_PER_SECOND * QUEUE_SECONDS)


class HeldBack(Exception):
    """The provider asked for a pause while this mail waited for its turn."""


class Pause:
    """What the provider asked for; this process keeps it over all of its runs."""

    def __init__(self) -> None:
        self._until = 0.0

    @property
    def seconds(self) -> float:
        return max(0.0, self._until - time.monotonic())

    @property
    def is_on(self) -> bool:
        return self.seconds > 0

    def begin(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds


pause = Pause()


class Sender:
    """One connection a thread, and a pace for all of them."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def hand_over(self, message: EmailMessage) -> str:
        """The provider's id of the accepted message. Raises HeldBack, or what the mail library raises."""
        self._keep_pace()
        if pause.is_on:
            raise HeldBack
        try:
            self._connection().send_messages([message])
        except AnymailAPIError as error:
            if error.status_code == 429:
                pause.begin(retry_after(error))
            raise
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
        time.sleep(max(0.0, start - time.monotonic()))


def result_of(future: "Future[str]", delivery: Delivery) -> Result:
    """What one hand-over came to: sent, to be tried again later, or never to be tried again."""
    error = future.exception()
    if error is None:
        return Result(delivery, State.SENT, provider_id=future.result())
    words = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    if _is_permanent(error) or (_is_poison(error) and delivery.attempts >= POISON_ATTEMPTS):
        return Result(delivery, State.FAILED, error=words)
    return later(delivery, words, seconds=_asked_pause(error))


def _is_permanent(error: BaseException) -> bool:
    if isinstance(error, AnymailRecipientsRefused | AnymailInvalidAddress):
        return True
    return isinstance(error, AnymailRequestsAPIError) and error.status_code in _PERMANENT


def _is_poison(error: BaseException) -> bool:
    """Whether it is neither the provider nor the disk nor the network: the message cannot be handed over."""
    return not isinstance(error, AnymailAPIError | OSError | HeldBack)


def _asked_pause(error: BaseException) -> float | None:
    if isinstance(error, HeldBack):
        return max(1.0, pause.seconds)
    response = getattr(error, "response", None)
    is_asked = response is not None and response.headers.get("Retry-After")
    return retry_after(error) if is_asked or getattr(error, "status_code", None) == 429 else None


def retry_after(error: BaseException) -> float:
    """The seconds that the provider asks for, between 1 and 60."""
    response = getattr(error, "response", None)
    value = response.headers.get("Retry-After", "") if response is not None else ""
    return min(60.0, max(1.0, float(value))) if value.isdecimal() else 10.0
