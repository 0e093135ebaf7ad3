"""Issue, void and renew tickets in the transaction that changes their registrations."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

from django.db import transaction
from django.dispatch import receiver

from events.models import Fest
from registrations import hooks
from registrations.models import Change, Registration, Student
from registrations.signals import attempt_noticed, fest_zone_changed, registrations_changed
from techfest.core.db.batch import Batch
from techfest.core.db.bulk import queue_insert
from tickets.checkin.entry import give_up
from tickets.mail import outbox
from tickets.models import Ticket
from tickets.wakeup import notify_workers

State = Registration.State
_ON_PAPER = (Change.Cause.CORRECTED, Change.Cause.EVENT_CHANGED)
"""Causes that change what a ticket says, but not whose it is."""


@receiver(registrations_changed)
def follow(
    *,
    changes: Sequence[Change],
    now: datetime,
    old_emails: Mapping[int, str] = outbox.NOBODY,
    not_notified: Collection[int] = (),
    batch: Batch,
    **_kwargs: object,
) -> None:
    """Issue, void or renew tickets, enqueue the mails, and notify the workers after the commit.

    New tickets and mails are added to the batch with which the transaction's writes are sent.
    """
    _issue([change for change in changes if change.from_state != change.to_state], now, batch)
    cancelled = [change for change in changes if change.to_state == State.CANCELLED]
    if cancelled:
        batch.send()  # a ticket issued a moment ago may be among those to be voided
        _void(cancelled, now)
    _renew([change for change in changes if change.cause in _ON_PAPER])
    outbox.enqueue(changes, now=now, old_emails=old_emails, not_notified=not_notified, batch=batch)
    transaction.on_commit(notify_workers, robust=True)


@receiver(attempt_noticed)
def notify_of_attempt(*, student: Student, now: datetime, **_kwargs: object) -> None:
    if outbox.enqueue_attempt(student, now=now):
        transaction.on_commit(notify_workers, robust=True)


@receiver(fest_zone_changed)
def renew_tickets_of(*, fest: Fest, **_kwargs: object) -> None:
    """Render the tickets of the fest again: they show times in the fest's zone."""
    Ticket.objects.filter(registration__event__fest=fest).want_again()


def notify_for_work(task: str) -> None:
    """Wake up a worker after the commit, for work that `registrations` has enqueued."""
    transaction.on_commit(partial(notify_workers, task), robust=True)


def checked_in(registration_ids: Iterable[int]) -> set[int]:
    """Those of these registrations whose live ticket is in."""
    inside = Ticket.objects.live().filter(
        registration__in=list(registration_ids), checked_in_at__isnull=False
    )
    return set(inside.values_list("registration_id", flat=True))


hooks.notify_workers.register(notify_for_work)
hooks.checked_in.register(checked_in)


def _issue(changes: Sequence[Change], now: datetime, batch: Batch) -> None:
    confirmed = [change.registration for change in changes if change.to_state == State.CONFIRMED]
    queue_insert(batch, [Ticket(registration=row, student=row.student, created_at=now) for row in confirmed])


def _void(changes: Sequence[Change], now: datetime) -> None:
    give_up(changes, now=now)
    ids = [change.registration_id for change in changes]
    Ticket.objects.live().filter(registration__in=ids).update(voided_at=now)


def _renew(changes: Sequence[Change]) -> None:
    """Render the PDFs again after a correction or a changed time. The codes stay, so printed tickets remain valid."""
    if changes:
        ids = [change.registration_id for change in changes]
        Ticket.objects.filter(registration__in=ids).want_again()
