"""The same mail once more, for whoever says that it never came."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q

from registrations.models import Registration
from techfest.core.db.clock import database_now
from tickets.mail import outbox
from tickets.mail.mailbox_limit import CAUSED
from tickets.mail.outbox import UNREQUESTED, UNREQUESTED_PER_HOUR
from tickets.models import Delivery
from tickets.wakeup import notify_workers

Kind = Delivery.Kind
State = Delivery.State

BRINGING = (Kind.REGISTERED, Kind.PROMOTED, Kind.MOVED, Kind.REISSUED)
"""The mails that told somebody of a seat or a place in line."""
HOUR = dt.timedelta(hours=1)


@dataclass
class Resent:
    """How many mails go once more, and how many do not, by the reason; `no_address` counts registrations."""

    sent: int = 0
    on_their_way: int = 0
    over_cap: int = 0
    no_address: int = 0


def resend(registration_ids: Iterable[int]) -> Resent:
    """Queues the newest mail about each of these active registrations once more, whatever became of it.

    A mail may be about several of them and goes once; one that is still on its way is not doubled. Whoever had
    no address when it was owed, and has one now, is owed the link to everything instead. No new seat causes
    these mails: they count against the cap of a mailbox together with the links that were asked for, and what
    is over it stays; so does a mail that went once more within the hour, unless it failed.
    """
    now, result = database_now(), Resent()
    with transaction.atomic():
        rows = Registration.objects.active().filter(pk__in=list(registration_ids))
        known = list(rows.select_related("student").order_by("pk"))
        addressed = [row for row in known if row.student.email]
        result.no_address = len(known) - len(addressed)
        newest = _newest(addressed)
        wanted = {mail.pk: mail for mail in newest.values()}
        bare = {row.student_id: row.student for row in addressed if row.pk not in newest}
        mails = [*wanted.values(), *outbox.links_for(bare.values(), now=now)]
        _queue(mails, now, result)
        transaction.on_commit(notify_workers, robust=True)
    return result


def _newest(registrations: Sequence[Registration]) -> dict[int, Delivery]:
    """The latest mail that told of each registration, by the registration's number."""
    of_submission: dict[int | None, list[int]] = defaultdict(list)
    for row in registrations:
        of_submission[row.submission_id].append(row.pk)
    of_submission.pop(None, None)
    keys = {row.pk for row in registrations}
    about = (
        Q(kind=Kind.REGISTERED, submission__in=of_submission)
        | Q(change__registration__in=keys)
        | Q(ticket__registration__in=keys)
    )
    found: dict[int, Delivery] = {}
    rows = Delivery.objects.filter(about, kind__in=BRINGING)
    rows = rows.select_related("change", "ticket", "gathered_into")
    for mail in rows.order_by("created_at", "pk"):
        cause = mail.ticket or mail.change
        about_these = [cause.registration_id] if cause else of_submission[mail.submission_id]
        found |= dict.fromkeys(about_these, mail)
    return found


def _queue(mails: Sequence[Delivery], now: dt.datetime, result: Resent) -> None:
    outbox.lock_mailboxes(mail.mailbox for mail in mails)
    recent = _recent(mails, now)
    again = []
    for mail in mails:
        if mail.sent_in.state in (State.QUEUED, State.SENDING) and mail.pk:
            result.on_their_way += 1
        elif recent[mail.mailbox] >= UNREQUESTED_PER_HOUR or _went_again(mail, now):
            result.over_cap += 1
        else:
            recent[mail.mailbox] += 1
            again.append(mail)
    outbox.queue_anew([mail for mail in again if mail.pk], now=now)
    Delivery.objects.bulk_create(mail for mail in again if not mail.pk)
    result.sent = len(again)


def _went_again(mail: Delivery, now: dt.datetime) -> bool:
    """Whether this very mail was sent again within the hour, and may well have arrived."""
    if not mail.pk or mail.sent_in.state in (State.FAILED, State.BOUNCED, State.COMPLAINED):
        return False
    return mail.held_at is None and mail.queued_at > max(mail.created_at + CAUSED, now - HOUR)


def _recent(mails: Sequence[Delivery], now: dt.datetime) -> Counter[str]:
    """What each mailbox was owed within the hour that no new seat caused: links asked for, mails sent again."""
    unrequested = Q(kind__in=UNREQUESTED, created_at__gt=now - HOUR)
    again = Q(kind__in=BRINGING, held_at=None, queued_at__gt=F("created_at") + CAUSED)
    again &= Q(queued_at__gt=now - HOUR)
    rows = Delivery.objects.filter(unrequested | again, mailbox__in={mail.mailbox for mail in mails})
    counted = rows.exclude(state=State.DROPPED).values_list("mailbox").annotate(count=Count("pk"))
    return Counter(dict(counted.order_by()))
