"""The ledger of changes: sends `registrations_changed` once for everything a transaction did to registrations."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import groupby

from django.db import connection, transaction

from registrations.models import Change, Registration
from registrations.signals import registrations_changed


class LedgerMissing(Exception):
    """Code changed a registration outside `change_ledger`, so that tickets and mails would not follow."""


class ChangeLedger:
    """The changes of one block, in the order in which they were saved.

    `not_notified` has the ids of registrations whose students an organiser does not want to notify; `old_emails`
    has the address that each corrected student had before, by student id.
    """

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self.not_notified: set[int] = set()
        self.old_emails: dict[int, str] = {}

    def record(self, changes: Sequence[Change]) -> None:
        self._changes += changes

    def leave_not_notified(self, registrations: Iterable[Registration]) -> None:
        self.not_notified |= {registration.pk for registration in registrations}

    def send(self) -> None:
        """Sends the signal, once for each time of the database clock: a mail carries the time of its change."""
        for now, changes in groupby(self._changes, key=lambda change: change.at):
            registrations_changed.send(
                sender=Registration,
                changes=list(changes),
                now=now,
                old_emails=self.old_emails,
                not_notified=frozenset(self.not_notified),
            )


_current: ContextVar[ChangeLedger | None] = ContextVar("change_ledger", default=None)


@contextmanager
def change_ledger() -> Iterator[ChangeLedger]:
    """Collects the changes made in this block and sends the signal when it ends, in the same transaction.

    A block inside another one joins it. Nothing is sent if the block raises. `booking.state` refuses to
    change a registration outside such a block.
    """
    if outer := _current.get():
        yield outer
        return
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("change_ledger() needs a transaction")
    ledger = ChangeLedger()
    token = _current.set(ledger)
    try:
        yield ledger
    finally:
        _current.reset(token)
    ledger.send()


def record(changes: Sequence[Change]) -> None:
    """Enters saved changes into the ledger of the current block. Raises `LedgerMissing` if there is none."""
    require_ledger()
    if ledger := _current.get():
        ledger.record(changes)


def require_ledger() -> None:
    if _current.get() is None:
        raise LedgerMissing("open change_ledger() around what changes registrations")
