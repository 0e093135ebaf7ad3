"""Sending mails again: if a person says that a mail never arrived, or after it failed."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q

from registrations.models import Registration
from techfest.core.db.clock import database_now
from tickets.keys import random_key
from tickets.mail import outbox
from tickets.mail.outbox import HOUR, ON_REQUEST, ON_REQUEST_PER_HOUR
from tickets.models import Delivery
from tickets.querysets import CAUSED, NOT_ARRIVED
from tickets.wakeup import notify_workers

Kind = Delivery.Kind
State = Delivery.State

BRINGING = (Kind.REGISTERED, Kind.PROMOTED, Kind.MOVED, Kind.REISSUED)
"""The mails that announce a seat or a number on the waiting list."""
_SENT_AGAIN = (
    "key",
    "state",
    "attempts",
    "queued_at",
    "due_at",
    "sent_at",
    "claimed_at",
    "held_at",
    "gathered_into",
    "provider_id",
    "error",
)


@dataclass
class Resent:
    """How many mails are sent again, and how many are not, by reason; `no_address` counts registrations."""

    sent: int = 0
    on_their_way: int = 0
    over_cap: int = 0
    no_address: int = 0


def resend(registration_ids: Iterable[int]) -> Resent:
    """Queues the newest mail about each of these active registrations again, whatever its state.

    A mail about several of them is sent once, and a pending one is not repeated. A student who had no address then,
    and has one now, gets the link to all registrations instead. These mails count against the hourly cap of their
    mailbox, together with requested links. A mail over the cap is not sent; neither is one that was sent again within
    the hour, unless it failed.
    """
    now, result = database_now(), Resent()
    with transaction.atomic():
        rows = Registration.objects.active().filter(pk__in=list(registration_ids))
        known = list(rows.select_related("student").order_by("pk"))
        addressed = [row for row in known if row.student.email]
        result.no_address = len(known) - len(addressed)
        newest = newest_mails(addressed)
        wanted = {mail.pk: mail for mail in newest.values()}
        never_mailed = {row.student_id: row.student for row in addressed if row.pk not in newest}
        mails = [*wanted.values(), *outbox.links_for(never_mailed.values(), now=now)]
        _queue(mails, now, result)
        transaction.on_commit(notify_workers, robust=True)
    return result


def send_again(delivery_ids: Iterable[int]) -> int:
    """Queues failed, bounced and complained-of deliveries again, with all their tries; returns how many.

    Notices are left out: their text is deleted.
    """
    rows = Delivery.objects.filter(pk__in=list(delivery_ids)).undelivered().exclude(kind=Kind.NOTICE)
    with transaction.atomic():
        again = list(rows.order_by("pk").select_for_update(no_key=True, of=("self",)))
        _queue_anew(again, now=database_now())
    return len(again)


def _queue_anew(deliveries: Sequence[Delivery], *, now: dt.datetime) -> None:
    """Puts them back into the queue with all their tries.

    Each gets a new key: for the provider it is another mail, and late reports about the first one do not concern it.
    `created_at` stays, since it is the time of the cause.
    """
    for delivery in deliveries:
        delivery.key, delivery.state, delivery.attempts = random_key(), State.QUEUED, 0
        delivery.queued_at = delivery.due_at = now
        delivery.sent_at = delivery.claimed_at = delivery.held_at = delivery.gathered_into = None
        delivery.provider_id = delivery.error = ""
    Delivery.objects.bulk_update(deliveries, _SENT_AGAIN)


def newest_mails(registrations: Sequence[Registration]) -> dict[int, Delivery]:
    """The latest mail that brought each registration, by the registration's id."""
    by_submission: dict[int | None, list[int]] = defaultdict(list)
    for row in registrations:
        by_submission[row.submission_id].append(row.pk)
    by_submission.pop(None, None)
    ids = {row.pk for row in registrations}
    about = (
        Q(kind=Kind.REGISTERED, submission__in=by_submission)
        | Q(change__registration__in=ids)
        | Q(ticket__registration__in=ids)
    )
    found: dict[int, Delivery] = {}
    rows = Delivery.objects.filter(about, kind__in=BRINGING)
    rows = rows.select_related("change", "ticket", "gathered_into")
    for mail in rows.order_by("created_at", "pk"):
        cause = mail.ticket or mail.change
        about_these = [cause.registration_id] if cause else by_submission[mail.submission_id]
        found |= dict.fromkeys(about_these, mail)
    return found


def _queue(mails: Sequence[Delivery], now: dt.datetime, result: Resent) -> None:
    outbox.lock_mailboxes(mail.mailbox for mail in mails)
    recent = _recent(mails, now)
    again = []
    for mail in mails:
        if mail.sent_in.state in (State.QUEUED, State.SENDING) and mail.pk:
            result.on_their_way += 1
        elif recent[mail.mailbox] >= ON_REQUEST_PER_HOUR or _was_just_resent(mail, now):
            result.over_cap += 1
        else:
            recent[mail.mailbox] += 1
            again.append(mail)
    _queue_anew([mail for mail in again if mail.pk], now=now)
    Delivery.objects.bulk_create(mail for mail in again if not mail.pk)
    result.sent = len(again)


def _was_just_resent(mail: Delivery, now: dt.datetime) -> bool:
    """Whether this mail was sent again within the hour and did not fail."""
    if not mail.pk or mail.sent_in.state in NOT_ARRIVED:
        return False
    return mail.held_at is None and mail.queued_at > max(mail.created_at + CAUSED, now - HOUR)


def _recent(mails: Sequence[Delivery], now: dt.datetime) -> Counter[str]:
    """The number of mails to each mailbox within the hour without a new registration: links, and mails sent again."""
    on_request = Q(kind__in=ON_REQUEST, created_at__gt=now - HOUR)
    again = Q(kind__in=BRINGING, held_at=None, queued_at__gt=F("created_at") + CAUSED)
    again &= Q(queued_at__gt=now - HOUR)
    rows = Delivery.objects.filter(on_request | again, mailbox__in={mail.mailbox for mail in mails})
    counted = rows.exclude(state=State.DROPPED).values_list("mailbox").annotate(count=Count("pk"))
    return Counter(dict(counted.order_by()))
