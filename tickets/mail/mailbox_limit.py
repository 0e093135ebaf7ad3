"""Few mails an hour to one mailbox: the first are sent at once, and the rest are gathered in one mail.

Anybody can type a stranger's address into a public form, as often as a program likes. So of the mails that
public forms can cause the first `AT_ONCE` of an hour go as they are. Any further one is held; after `PAUSE`, and
at most once an hour, all that is held for the mailbox becomes one mail, the digest. Nothing is lost meanwhile:
the page is the ticket. What teachers and organisers cause is neither held nor counted.
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

Kind = Delivery.Kind
State = Delivery.State

AT_ONCE = 3
"""Mails to one mailbox within an hour that are sent as they are."""
HOUR = dt.timedelta(hours=1)
PAUSE = dt.timedelta(minutes=10)
"""How long the first mail that is held waits for others."""
CAUSED = dt.timedelta(seconds=10)
"""A mail is queued within this time of its cause; one that was queued later was sent again by a person."""
_STAFF = (Change.Actor.TEACHER, Change.Actor.ORGANISER, Change.Actor.VOLUNTEER)
_TRY_MAILBOXES = """
    SELECT mailbox FROM unnest(%s::text[]) AS given (mailbox)
    WHERE pg_try_advisory_xact_lock(hashtextextended(mailbox, 0))
"""


@dataclass(slots=True)
class _Mailbox:
    """What was sent to one mailbox within the hour, and what is held back for it."""

    admitted: int = 0
    digest_at: dt.datetime | None = None
    held_until: dt.datetime | None = None

    def next_digest(self, now: dt.datetime) -> dt.datetime:
        """When what is held from now on is told: with what is held already, and one hour after the last digest."""
        earliest = now + PAUSE
        if self.digest_at:
            earliest = max(earliest, self.digest_at + HOUR)
        return self.held_until or earliest


def admit(due: Sequence[Delivery], *, now: dt.datetime) -> list[int]:
    """Of these deliveries the primary keys of those that go now, with the digests that are due.

    The caller has locked their rows and is about to claim what is returned, in the same transaction. Mailboxes
    are locked without waiting: what concerns one that somebody else holds stays queued until the next time.
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
    """Those that are limited: not admitted or tried yet, and caused by no teacher, organiser or volunteer."""
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
    """Whose form began it: of a registration's mails the one that made the registration decides.

    So an organiser's bulk release is limited where the registrations came from the public form.
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
    """The mailboxes that are ours until the end of the transaction, with what went to them; two queries."""
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
    """Admits the first of each mailbox and holds the others back."""
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
    """What is held is not late: it counts as queued from the moment at which it may go."""
    Delivery.objects.filter(pk__in=ids).update(held_at=now, due_at=until, queued_at=until)


def _gather(due: Iterable[Delivery], mailboxes: Mapping[str, _Mailbox], now: dt.datetime) -> list[int]:
    """Makes one digest for each mailbox of all that is held for it; their primary keys."""
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
    """A mail that tells everything held for this mailbox; to the address that has waited longest."""
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
