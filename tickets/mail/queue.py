"""The queue of the outbox: claiming mails to send, and recording their results."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Case, F, Q, When

from registrations.models import DatabaseMarker
from registrations.restore import hold
from registrations.students.names import mailbox_key
from techfest.core.db.clock import database_now
from techfest.core.db.leases import Lease
from tickets.keys import random_key
from tickets.mail import mailbox_limit
from tickets.mail.kinds import IMPATIENT, TO_MANY, notice, waits_for_pdf
from tickets.models import Delivery
from tickets.querysets import DeliveryQuerySet

Kind = Delivery.Kind
State = Delivery.State

LEASE = dt.timedelta(seconds=60)
"""How long a claimed delivery belongs to its worker; longer than any hand-over takes."""
_lease = Lease(LEASE)
PDF_PATIENCE = dt.timedelta(minutes=10)
"""How long a mail waits for its PDF; after that it is sent with the link only."""
CLICK_PATIENCE = dt.timedelta(seconds=40)
"""The same for mails that answer a click: they are sent within a minute, however many PDFs are pending."""
LONGEST_PAUSE = dt.timedelta(seconds=60)
"""The longest pause between two tries of one mail."""
GIVE_UP = dt.timedelta(hours=24)
"""How long a mail is retried if the provider rejects it for a reason that may pass."""
GIVE_UP_TRIES = GIVE_UP // LONGEST_PAUSE
"""Tries are counted instead of hours, so that nothing is given up while no worker runs."""
ACCOUNT_PAUSE = dt.timedelta(minutes=10)
"""How long a mail waits that the provider refused because of our account: an owner has to act first."""
POISON_ATTEMPTS = 5
"""How often composing a mail is tried."""
BACKLOG = dt.timedelta(minutes=2)
"""Mails that are queued for longer are sent after newer ones."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The mails that one claim took for this worker, and how many rows it looked at.

    `looked_at` includes rows that it only held back or that another worker is about to claim: more may be due.
    """

    mails: list[Delivery]
    looked_at: int = 0


def claim(limit: int, *, oldest_first: bool = False) -> Claim:
    """Claims up to `limit` due deliveries for this worker, for the time of a lease.

    A delivery whose PDF is not rendered yet waits for it, for a limited time. Deliveries of a dead worker are claimed
    again once their lease is over. Each is sent to the address that is on record now. The order is: mails that
    concern one person before mails to many, then new mails before a backlog, and the newest of the backlog first,
    unless `oldest_first`. Mails to a mailbox over its limit are held and gathered. After a database was restored,
    nothing is claimed until an owner has decided which mails are sent.
    """
    now = database_now()
    with transaction.atomic():
        marker = _marker_that_lets_mails_go()
        if marker is None:
            return Claim([])
        locked = _lock_due(limit, now, oldest_first=oldest_first)
        by_pk = Delivery.objects.select_related("student").in_bulk(locked)
        found = [by_pk[pk] for pk in locked]
        for delivery in found:
            _readdress(delivery)
        ids = mailbox_limit.admit(found, now=now)
        _lease.take(Delivery.objects.filter(pk__in=ids), now=now, state=State.SENDING)
        if ids:
            hold.advance(marker)
    if ids:
        hold.publish(marker)
    rows = Delivery.objects.filter(pk__in=ids).order_by("due_at", "pk")
    return Claim(list(rows.select_related("student__fest", "student__school")), looked_at=len(found))


def _marker_that_lets_mails_go() -> DatabaseMarker | None:
    try:
        marker = hold.locked_marker()
    except hold.Unreadable:
        return None
    return None if marker.is_held else marker


def _lock_due(limit: int, now: dt.datetime, *, oldest_first: bool) -> list[int]:
    """Locks due mails that concern one person in the order of the index of due times, as many as are claimed.

    If there are fewer, all due mails are put in order, which takes long if there are thousands. Tried mails come last
    then, so that the provider is offered others than the one it rejects.
    """
    since = now - BACKLOG
    due = Delivery.objects.due(now, LEASE).exclude(_waits_for_pdf(now))
    to_one = due.exclude(kind__in=TO_MANY).order_by("due_at", "attempts", "pk")
    locked = _lock(to_one if oldest_first else to_one.filter(queued_at__gt=since), limit)
    if len(locked) == limit:
        return locked
    due_if_new = Case(When(queued_at__gt=since, then="due_at"))
    newest = due_if_new.asc(nulls_last=True), F("attempts").asc(), F("queued_at").desc()
    rows = due.alias(is_to_many=Q(kind__in=TO_MANY))
    return _lock(rows.order_by("is_to_many", *(["queued_at"] if oldest_first else newest), "pk"), limit)


def _lock(due: DeliveryQuerySet, limit: int) -> list[int]:
    """Locks keys alone: thousands of whole rows with their students would take longer to sort than to find."""
    locked = due.select_for_update(skip_locked=True, of=("self",))
    return list(locked.values_list("pk", flat=True)[:limit])


def _readdress(delivery: Delivery) -> None:
    """Sends a mail that was enqueued before its student's address was corrected to the new address.

    Not the notice to the old address, nor a link: that goes where it was requested, and its content is decided when
    it is composed.
    """
    email = delivery.student.email if delivery.student else ""
    if delivery.kind in (Kind.CORRECTED, Kind.LINK) or not email or delivery.to == email:
        return
    delivery.to, delivery.mailbox, delivery.admitted_at = email, mailbox_key(email), None
    delivery.save(update_fields=["to", "mailbox", "admitted_at"])


def _waits_for_pdf(now: dt.datetime) -> Q:
    is_patient = Q(queued_at__gt=now - CLICK_PATIENCE)
    is_patient |= ~Q(kind__in=IMPATIENT) & Q(queued_at__gt=now - PDF_PATIENCE)
    return waits_for_pdf() & is_patient


def free_claims_of_the_dead() -> int:
    """Releases mails claimed by a process that has ended; returns how many.

    A mail that kills its worker again is tried once per lease, so that other mails in flight are not repeated at each
    death.
    """
    claimed = Delivery.objects.filter(state=State.SENDING)
    return _lease.free_of_the_dead(claimed, state=State.QUEUED)


def queue_again(delivery: Delivery) -> None:
    """Queues a mail that the provider accepted and refused later because of our account, after a pause.

    It gets a new key: a provider that honours keys would take it for the mail that it has refused. A notice, whose
    text is no longer kept, and a mail that was refused too often fail.
    """
    if delivery.state not in (State.SENDING, State.SENT):
        return
    if delivery.kind == Kind.NOTICE or delivery.attempts >= GIVE_UP // ACCOUNT_PAUSE:
        delivery.state = State.FAILED
        delivery.save(update_fields=["state"])
        return
    delivery.key, delivery.state = random_key(), State.QUEUED
    delivery.sent_at = delivery.claimed_at = None
    delivery.due_at = database_now() + ACCOUNT_PAUSE
    delivery.save(update_fields=["key", "state", "sent_at", "claimed_at", "due_at"])


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one try: the next state, and when to try again if that is `queued`."""

    delivery: Delivery
    state: str
    provider_id: str = ""
    error: str = ""
    retry_in: dt.timedelta = dt.timedelta()
    is_try: bool = True
    """Whether it counts as a try; a mail that only waited for its turn does not."""


def later(delivery: Delivery, error: str, *, seconds: float | None = None) -> Result:
    """The result for a retry, with growing pauses; gives up after about a day of tries."""
    if delivery.attempts >= GIVE_UP_TRIES:
        return Result(delivery, State.FAILED, error=error)
    longest = LONGEST_PAUSE.total_seconds()
    pause = min(longest, 2 ** min(delivery.attempts, 6)) if seconds is None else seconds
    return Result(delivery, State.QUEUED, error=error, retry_in=dt.timedelta(seconds=pause))


def untried(delivery: Delivery, *, retry_in: dt.timedelta) -> Result:
    """The result for a mail that was not handed over: it goes back into the queue unchanged."""
    return Result(delivery, State.QUEUED, error=delivery.error, retry_in=retry_in, is_try=False)


def record(results: Iterable[Result]) -> None:
    """Stores the results of claimed deliveries, except those that another worker has claimed since.

    A webhook that arrived first is not overwritten. The text of notices that are no longer pending is deleted.
    """
    results = list(results)
    now = database_now()
    with transaction.atomic():
        for result in results:
            _lease.mine(result.delivery).filter(state=State.SENDING).update(
                state=result.state,
                claimed_at=None,
                attempts=F("attempts") - (0 if result.is_try else 1),
                due_at=now + result.retry_in,
                sent_at=now if result.state == State.SENT else None,
                provider_id=result.provider_id,
                error=result.error[:300],
            )
        notice.forget([one.delivery.pk for one in results if _ends_a_notice(one)])


def _ends_a_notice(result: Result) -> bool:
    return result.delivery.kind == Kind.NOTICE and result.state != State.QUEUED


def oldest_pending_age(now: dt.datetime) -> dt.timedelta | None:
    """How long the oldest pending mail has been queued, or `None`. Messages that may still be stopped do not count."""
    pending = Delivery.objects.pending().filter(queued_at__lte=now).order_by("queued_at")
    oldest = pending.values_list("queued_at", flat=True).first()
    return now - oldest if oldest else None


def has_due() -> bool:
    return Delivery.objects.due(database_now(), LEASE).exists()
