"""The ledger of changes: sends `registrations_changed` once for everything a transaction did to registrations."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import groupby

import psycopg
from django.db import IntegrityError, connection, transaction

from events.querysets import SEATS_GUARDS
from registrations.models import Change, Registration
from registrations.querysets import HOLD_GUARDS
from registrations.signals import registrations_changed
from techfest.core.db.batch import Batch
from techfest.core.errors import ConcurrentUpdate

_GUARDS = SEATS_GUARDS | HOLD_GUARDS


class LedgerMissing(Exception):
    """Code changed a registration outside `change_ledger`, so that tickets and mails would not follow."""


class ChangeLedger:
    """The changes of one block, in the order in which they were saved.

    `not_notified` has the ids of registrations whose students an organiser does not want to notify; `old_emails`
    has the address that each corrected student had before, by student id. `batch` has the writes that are sent
    when the block ends, tickets and mails among them: one round trip.
    """

    def __init__(self, batch: Batch) -> None:
        self._changes: list[Change] = []
        self.batch = batch
        self.not_notified: set[int] = set()
        self.old_emails: dict[int, str] = {}

    @property
    def has_changes(self) -> bool:
        return bool(self._changes)

    def record(self, changes: Sequence[Change]) -> None:
        self._changes += changes

    def leave_not_notified(self, registrations: Iterable[Registration]) -> None:
        self.not_notified |= {registration.pk for registration in registrations}

    def close(self, *, commit: bool) -> None:
        """Sends the signal and then the batch. Raises `ConcurrentUpdate` if it counted seats that are not there."""
        try:
            self._send_signal()  # a receiver may have to send what is queued so far
            self.batch.send(commit=commit)
        except IntegrityError as error:
            if isinstance(error.__cause__, psycopg.Error) and error.__cause__.diag.constraint_name in _GUARDS:
                raise ConcurrentUpdate from error
            raise

    def _send_signal(self) -> None:
        """Sends the signal once for each time of the database clock: a mail carries the time of its change."""
        for now, changes in groupby(self._changes, key=lambda change: change.at):
            registrations_changed.send(
                sender=Registration,
                changes=list(changes),
                now=now,
                old_emails=self.old_emails,
                not_notified=frozenset(self.not_notified),
                batch=self.batch,
            )


_current: ContextVar[ChangeLedger | None] = ContextVar("change_ledger", default=None)


@contextmanager
def change_ledger(*, batch: Batch | None = None, commit: bool = False) -> Iterator[ChangeLedger]:
    """Collects the changes made in this block and sends the signal when it ends, in the same transaction.

    A block inside another one joins it. Nothing is sent if the block raises. `booking.state` refuses to
    change a registration outside such a block. With `commit` the last statements carry COMMIT, and nothing may
    follow in the transaction.
    """
    if outer := _current.get():
        yield outer
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("change_ledger() needs a transaction")
    ledger = ChangeLedger(batch or Batch())
    token = _current.set(ledger)
    try:
        yield ledger
    finally:
        _current.reset(token)
    ledger.close(commit=commit)


def record(changes: Sequence[Change]) -> None:
    """Enters changes into the ledger of the current block. Raises `LedgerMissing` if there is none."""
    require_ledger().record(changes)


def require_ledger() -> ChangeLedger:
    """The ledger of the current block. Raises `LedgerMissing` if there is none."""
    ledger = _current.get()
    if ledger is None:
        raise LedgerMissing("open change_ledger() around what changes registrations")
    return ledger
