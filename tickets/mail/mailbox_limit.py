"""A limit on mails per mailbox and hour: the first are sent at once, the rest are gathered in one digest.

Anyone can enter a stranger's address in a public form, as often as a program allows. So of the mails that public
forms can cause, the first `AT_ONCE` of an hour are sent as they are. Further ones are held; after `PAUSE`, and at
most once an hour, all held mails of a mailbox become one mail, the digest. Nothing is lost in the meantime, since the
ticket is also on the page. Mails caused by teachers and organisers are neither held nor counted.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Exists, Max, Min, OuterRef, Q

from registrations.models import Change
from tickets.mail.kinds import FROM_PUBLIC_FORMS
from tickets.models import Delivery
from tickets.querysets import CAUSED

Kind = Delivery.Kind
State = Delivery.State

AT_ONCE = 3
"""Mails to one mailbox within an hour that are sent as they are."""
HOUR = dt.timedelta(hours=1)
PAUSE = dt.timedelta(minutes=10)
"""How long the first held mail waits for others."""
_STAFF = (Change.Actor.TEACHER, Change.Actor.ORGANISER, Change.Actor.VOLUNTEER)
_TRY_MAILBOXES = """
    SELECT mailbox FROM unnest(%s::text[]) AS given (mailbox)
    WHERE pg_try_advisory_xact_lock(hashtextextended(mailbox, 0))
"""


@dataclass(slots=True)
class _Mailbox:
    """The mails to one mailbox within the hour, and those held for it."""

    admitted: int = 0
    digest_at: dt.datetime | None = None
    held_until: dt.datetime | None = None

    def next_digest(self, now: dt.datetime) -> dt.datetime:
        """When a mail held now is sent: with the mails already held, and one hour after the last digest."""
        earliest = now + PAUSE
        if self.digest_at:
            earliest = max(earliest, self.digest_at + HOUR)
        return self.held_until or earliest


def admit(due: Sequence[Delivery], *, now: dt.datetime) -> list[int]:
    """Returns the primary keys of those of these deliveries that are sent now, and of the digests that are due.

    The caller has locked the rows and claims the result in the same transaction. Mailboxes are locked without
    waiting: mails to a mailbox that another transaction has locked stay queued until the next call.
    """
    limited = _from_public_forms(due)
    if not limited:
        return [delivery.pk for delivery in due]
    mailboxes = _locked({delivery.mailbox for delivery in limited}, now)
    keys = {delivery.pk for delivery in limited}
    ids = [delivery.pk for delivery in due if delivery.pk not in keys]
    had = [delivery for delivery in limited if delivery.mailbox in mailboxes]
    ids += _admit_first([one for one in had if one.held_at is None], mailboxes, now)
    return ids + _gather([one for one in had if one.held_at], mailboxes, now)


def _from_public_forms(due: Iterable[Delivery]) -> list[Delivery]:
    """The limited deliveries: not admitted or tried yet, and not caused by a teacher, organiser or volunteer."""
    new = [one for one in due if one.admitted_at is None and not one.attempts]
    limited = [one for one in new if one.kind in FROM_PUBLIC_FORMS and not _is_sent_again(one)]
    if not limited:
        return []
    by_staff = Delivery.objects.filter(_caused_by_staff(), pk__in=[one.pk for one in limited])
    known = set(by_staff.values_list("pk", flat=True))
    return [one for one in limited if one.pk not in known]


def _is_sent_again(delivery: Delivery) -> bool:
    return delivery.held_at is None and delivery.queued_at > delivery.created_at + CAUSED


def _caused_by_staff() -> Q:
    """Mails caused by staff; for mails about a registration, what counts is who made the registration.

    So an organiser's bulk cancellation is limited if the registrations came from the public form.
    """
    theirs = Change.objects.filter(actor__in=_STAFF)
    began = theirs.filter(from_state="")
    listed = Q(kind=Kind.REMINDER) & Exists(began.filter(registration__student=OuterRef("student")))
    return listed | Q(
        Q(kind=Kind.REGISTERED) & Exists(theirs.filter(submission=OuterRef("submission")))
        | Q(kind__in=(Kind.PROMOTED, Kind.CANCELLED, Kind.CHANGED))
        & Exists(began.filter(registration=OuterRef("change__registration")))
        | Q(kind__in=(Kind.CORRECTED, Kind.LINK), change__actor__in=_STAFF)
    )


def _locked(names: Collection[str], now: dt.datetime) -> dict[str, _Mailbox]:
    """Locks those of these mailboxes that are free, until the end of the transaction. Two queries."""
    with connection.cursor() as cursor:
        cursor.execute(_TRY_MAILBOXES, [sorted(names)])
        mailboxes = {name: _Mailbox() for (name,) in cursor.fetchall()}
    counted = (
        Delivery.objects.filter(mailbox__in=mailboxes)
        .order_by()
        .values_list("mailbox")
        .annotate(
            admitted=Count("pk", filter=Q(admitted_at__gt=now - HOUR) & ~Q(state=State.DROPPED)),
            digest_at=Max("created_at", filter=Q(kind=Kind.DIGEST)),
            held_until=Min("due_at", filter=Q(state=State.QUEUED, held_at__isnull=False)),
        )
    )
    return mailboxes | {name: _Mailbox(*rest) for name, *rest in counted}


def _admit_first(fresh: Iterable[Delivery], mailboxes: Mapping[str, _Mailbox], now: dt.datetime) -> list[int]:
    """Admits the first mails of each mailbox and holds the others."""
    going: list[int] = []
    held: dict[str, list[int]] = defaultdict(list)
    for delivery in fresh:
        mailbox = mailboxes[delivery.mailbox]
        if mailbox.admitted < AT_ONCE:
            mailbox.admitted += 1
            going.append(delivery.pk)
        else:
            held[delivery.mailbox].append(delivery.pk)
    Delivery.objects.filter(pk__in=going).update(admitted_at=now)
    for name, rest in held.items():
        _hold(rest, until=mailboxes[name].next_digest(now), now=now)
    return going


def _hold(ids: Collection[int], *, until: dt.datetime, now: dt.datetime) -> None:
    """Sets when held mails are due. They count as queued from then on, so that they are not reported as late."""
    Delivery.objects.filter(pk__in=ids).update(held_at=now, due_at=until, queued_at=until)


def _gather(due: Iterable[Delivery], mailboxes: Mapping[str, _Mailbox], now: dt.datetime) -> list[int]:
    """Creates one digest for each mailbox of all its held mails; returns their primary keys."""
    held: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in due:
        held[delivery.mailbox].append(delivery)
    digests = []
    for name, rest in held.items():
        last = mailboxes[name].digest_at
        if last and last > now - HOUR:
            _hold([one.pk for one in rest], until=last + HOUR, now=now)
        else:
            digests.append(_make_digest(rest[0], now))
    return digests


def _make_digest(first: Delivery, now: dt.datetime) -> int:
    """A digest of all mails held for this mailbox, sent to the address that has waited longest."""
    digest = Delivery.objects.create(
        kind=Kind.DIGEST,
        to=first.to,
        mailbox=first.mailbox,
        created_at=now,
        queued_at=now,
        due_at=now,
    )
    held = Delivery.objects.filter(mailbox=first.mailbox, state=State.QUEUED, held_at__isnull=False)
    parts = held.order_by("pk").select_for_update(skip_locked=True).values_list("pk", flat=True)
    Delivery.objects.filter(pk__in=list(parts)).update(state=State.GATHERED, gathered_into=digest)
    return digest.pk
