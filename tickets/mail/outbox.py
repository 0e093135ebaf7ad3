"""The outbox: which mails a change causes, and what a person may request. Each is a row of `Delivery`.

The rows are written in the transaction of their cause, so that a seat and its mail are stored together.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from django.db import connection, transaction
from django.db.models import Count

from registrations.models import Change, Student, Submission
from registrations.students.names import mailbox_key
from techfest.core.db.batch import Batch
from techfest.core.db.bulk import insert, queue_insert
from tickets.mail.kinds import kind_announcing
from tickets.mail.withdrawn import UNDONE, withdraw
from tickets.models import Delivery, Ticket

Kind = Delivery.Kind
State = Delivery.State

HOUR = dt.timedelta(hours=1)
ON_REQUEST = (Kind.LINK, Kind.ATTEMPT)
"""Mails without a new registration, which anyone who knows an address or a name can cause."""
ON_REQUEST_PER_HOUR = 3
"""How many of them one mailbox gets per hour."""
NOT_NOTIFIED = "the organiser chose not to tell"
"""The error of a mail that is dropped because an organiser did not want the student notified."""
NOBODY: Mapping[int, str] = MappingProxyType({})
_LOCK_MAILBOXES = """
    SELECT pg_advisory_xact_lock(hashtextextended(mailbox, 0))
    FROM unnest(%s::text[]) WITH ORDINALITY AS given (mailbox, position) ORDER BY position
"""


def enqueue(
    changes: Sequence[Change],
    *,
    now: dt.datetime,
    old_emails: Mapping[int, str] = NOBODY,
    not_notified: Collection[int] = (),
    batch: Batch,
) -> None:
    """Adds the deliveries that these changes cause to the batch; a student without an address gets none.

    For the registrations `not_notified`, and those of an undone class list that were never announced, they are written
    as dropped, so that the outbox records the decision. A submission has one mail, and so has a correction of a
    student's details, however many registrations it touches.
    The number of statements does not grow with the students.
    """
    new: list[Delivery] = []
    corrections: list[Delivery] = []
    submissions: set[int | None] = set()
    corrected: set[int] = set()
    for change in changes:
        student = change.registration.student
        if change.cause == Change.Cause.CORRECTED:
            if student.pk not in corrected:
                corrections += _for_correction(change, student, old_emails[student.pk], now)
            corrected.add(student.pk)
            continue
        kind = kind_announcing(change)
        if kind is None:
            continue
        if kind.kind == Kind.REGISTERED:
            if change.submission_id not in submissions:
                new += _deliveries(kind.kind, student, now, submission=change.submission)
            submissions.add(change.submission_id)
        else:
            new += _deliveries(kind.kind, student, now, change=change)
    _drop_not_notified(new, not_notified, NOT_NOTIFIED)
    _drop_not_notified(new, withdraw(changes), UNDONE)
    if corrections:
        _drop_over_cap(corrections, now)
    queue_insert(batch, [*new, *corrections])


def _deliveries(
    kind: str,
    student: Student,
    now: dt.datetime,
    *,
    to: str | None = None,
    submission: Submission | None = None,
    change: Change | None = None,
    ticket: Ticket | None = None,
) -> list[Delivery]:
    """The delivery to this address, by default the one on record; empty if there is no address."""
    address = student.email if to is None else to
    if not address:
        return []
    return [
        Delivery(
            kind=kind,
            student=student,
            submission=submission,
            change=change,
            ticket=ticket,
            to=address,
            mailbox=mailbox_key(address),
            created_at=now,
            due_at=now,
        )
    ]


def _for_correction(change: Change, student: Student, old_email: str, now: dt.datetime) -> list[Delivery]:
    """The old address is notified of a new name or address, and a new address gets the new link."""
    new = []
    if {"name", "email"} & set(change.fields):
        new += _deliveries(Kind.CORRECTED, student, now, to=old_email, change=change)
    if "email" in change.fields:
        new += _deliveries(Kind.LINK, student, now, change=change)
    return new


def _drop_not_notified(deliveries: Iterable[Delivery], not_notified: Collection[int], why: str) -> None:
    for delivery in deliveries:
        if delivery.change and delivery.change.registration_id in not_notified:
            delivery.state, delivery.error = State.DROPPED, why


def _drop_over_cap(deliveries: Sequence[Delivery], now: dt.datetime) -> None:
    """Keeps repeated corrections from filling a mailbox.

    Each kind has its own cap, so that no number of requested links can suppress the notice to the old address. A mail
    over the cap is stored as dropped; the invariants read from it which address a student had.
    """
    lock_mailboxes(delivery.mailbox for delivery in deliveries)
    caps = (Kind.CORRECTED,), ON_REQUEST
    sent = {kinds: _recent(deliveries, now, kinds=kinds) for kinds in caps}
    for delivery in deliveries:
        kinds = (Kind.CORRECTED,) if delivery.kind == Kind.CORRECTED else ON_REQUEST
        if sent[kinds][delivery.mailbox] >= ON_REQUEST_PER_HOUR:
            delivery.state, delivery.error = State.DROPPED, "too many of these within an hour"
        sent[kinds][delivery.mailbox] += 1


def _recent(deliveries: Sequence[Delivery], now: dt.datetime, *, kinds: Sequence[str]) -> Counter[str]:
    """How many mails of these kinds each of the mailboxes was sent within the last hour."""
    mailboxes = {one.mailbox for one in deliveries}
    rows = Delivery.objects.filter(mailbox__in=mailboxes, kind__in=kinds, created_at__gt=now - HOUR)
    counted = rows.exclude(state=State.DROPPED).values_list("mailbox").annotate(count=Count("pk"))
    return Counter(dict(counted.order_by()))


def enqueue_attempt(student: Student, *, now: dt.datetime) -> bool:
    """Warns the address on record that this name was used with another address, at most once an hour."""
    if not student.email:
        return False
    with transaction.atomic():
        lock_mailboxes([mailbox_key(student.email)])
        recent = Delivery.objects.filter(student=student, kind=Kind.ATTEMPT, created_at__gt=now - HOUR)
        if recent.exists() or _is_over_cap(student.email, now):
            return False
        Delivery.objects.bulk_create(_deliveries(Kind.ATTEMPT, student, now))
    return True


def links_for(students: Iterable[Student], *, now: dt.datetime) -> list[Delivery]:
    """Unsaved mails with the link to all registrations of each student."""
    return [one for student in students for one in _deliveries(Kind.LINK, student, now)]


def enqueue_link(students: Sequence[Student], *, now: dt.datetime) -> bool:
    """Enqueues one mail with the links of these students, who share an address; `False` over the hourly cap."""
    if not students:
        return False
    with transaction.atomic():
        lock_mailboxes([mailbox_key(students[0].email)])
        if _is_over_cap(students[0].email, now):
            return False
        Delivery.objects.bulk_create(links_for(students[:1], now=now))
    return True


def enqueue_reissued(tickets: Sequence[Ticket], *, now: dt.datetime, notify: bool) -> None:
    """Writes one mail per new ticket in the caller's transaction; as dropped unless the students are notified."""
    new = [
        one for ticket in tickets for one in _deliveries(Kind.REISSUED, ticket.student, now, ticket=ticket)
    ]
    for delivery in new if not notify else ():
        delivery.state, delivery.error = State.DROPPED, NOT_NOTIFIED
    if new:
        insert(new)


def lock_mailboxes(mailboxes: Iterable[str]) -> None:
    """Lets one transaction at a time count the mails to these mailboxes and add to them.

    These are advisory locks, since a mailbox may have no row yet. They are taken in sorted order.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_MAILBOXES, [sorted(set(mailboxes))])


def _is_over_cap(email: str, now: dt.datetime) -> bool:
    recent = Delivery.objects.filter(
        mailbox=mailbox_key(email), kind__in=ON_REQUEST, created_at__gt=now - HOUR
    )
    return recent.exclude(state=State.DROPPED).count() >= ON_REQUEST_PER_HOUR
