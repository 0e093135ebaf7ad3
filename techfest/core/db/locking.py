"""Transactions with one deadline per request for everything that waits for a lock."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import psycopg
from django.conf import settings
from django.db import Error, IntegrityError, InterfaceError, OperationalError, ProgrammingError, transaction

from techfest.core.db.batch import Batch
from techfest.core.errors import ConcurrentUpdate, LockTimeout

Answer = TypeVar("Answer")

PATIENCE = 3.0
"""Seconds that one request may wait for locks in total."""
ATTEMPTS = 3
"""How often a transaction is tried that ends in a deadlock or a serialisation error."""
_WORTH_A_REPEAT = (
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)
_OUTDATED = (psycopg.errors.ForeignKeyViolation, psycopg.errors.InvalidSqlStatementName)
"""This process referred to a row, or to a prepared statement (see `Batch`), that is gone."""
_SLACK = 0.2
_on_missing_row: list[Callable[[], None]] = []
_LIMIT = """
    SELECT set_config('lock_timeout', rest.ms, true), set_config('statement_timeout', rest.ms, true)
    FROM (SELECT $1::text) AS rest (ms)
"""
_LIMIT_NEXT = """
    SELECT set_config('lock_timeout', rest.ms, true), set_config('statement_timeout', rest.ms, true)
    FROM (SELECT greatest(1, round($1::numeric - 1000 * extract(epoch FROM clock_timestamp() - now())))::text)
        AS rest (ms)
"""
"""The server subtracts what the earlier statements of the batch have waited; now() is the time of BEGIN."""


def forget_on_missing_row(forget: Callable[[], None]) -> None:
    """Calls `forget` before a transaction is repeated that referred to a deleted row, which a cache may have held."""
    _on_missing_row.append(forget)


class Deadline:
    """The time until which this request may wait."""

    def __init__(self, seconds: float = PATIENCE) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        return self._ends - time.monotonic()

    def limit_locks(self, batch: Batch | None = None) -> None:
        """Limits the remaining statements of the transaction, and their lock waits, to the time left.

        A contended row lock waits twice: for its turn, and for the transaction that holds the row.
        `lock_timeout` limits each wait, `statement_timeout` both together. The connections of Gunicorn workers
        are limited to `PATIENCE` already, so a request that has just begun saves the statement. With an (empty)
        `batch` it travels there. Raises `LockTimeout` if no time is left.
        """
        milliseconds = self._milliseconds_left()
        if _is_limited() and PATIENCE - _SLACK <= milliseconds / 1000 <= PATIENCE:
            return
        using = batch or Batch()
        using.add(_LIMIT, [str(milliseconds)])
        if batch is None:
            using.send()

    def limit_next(self, batch: Batch) -> None:
        """Limits what is added to the batch from here on, after statements that may wait themselves."""
        if not batch.begins_transaction:
            batch.send()
            self.limit_locks(batch)
            return
        batch.add(_LIMIT_NEXT, [self._milliseconds_left()])

    def _milliseconds_left(self) -> int:
        left = self.left
        if left <= 0:
            raise LockTimeout
        return max(1, int(left * 1000))


def _is_limited() -> bool:
    return bool(settings.DATABASE_STATEMENT_TIMEOUT <= PATIENCE * 1000)


_joins: ContextVar[bool] = ContextVar("joins", default=False)


@contextmanager
def joined_transactions() -> Iterator[None]:
    """Let `in_transaction` join the caller's transaction in this block, so that the caller can undo all of it.

    Errors reach the caller's own `in_transaction`, which repeats the whole block where a repeat helps.
    """
    token = _joins.set(True)
    try:
        yield
    finally:
        _joins.reset(token)


def in_transaction(work: Callable[[], Answer], *, deadline: Deadline) -> Answer:
    """Runs the work in its own transaction and returns its result.

    The work is repeated while there is time after a deadlock, a `ConcurrentUpdate`, or when a row that was read
    has been merged away. Raises `LockTimeout` after a lock timeout, which is never repeated, and when the
    connection was lost: then the outcome is unknown until the request is sent again with the same key.
    """
    if _joins.get():
        return work()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(durable=True):
                return work()
        except ConcurrentUpdate:
            if attempt == ATTEMPTS:
                raise LockTimeout from None
        except (IntegrityError, ProgrammingError) as error:
            if not isinstance(error.__cause__, _OUTDATED) or attempt == ATTEMPTS:
                raise
            for forget in _on_missing_row:
                forget()
        except (OperationalError, InterfaceError) as error:
            if not _is_worth_a_repeat(error) or attempt == ATTEMPTS or deadline.left <= 0:
                raise LockTimeout from error
    raise LockTimeout


def _is_worth_a_repeat(error: Error) -> bool:
    return isinstance(error.__cause__, _WORTH_A_REPEAT)
