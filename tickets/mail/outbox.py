"""The mails that are owed: who is owed what, who may send it now, and what became of it."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from django.db import connection, transaction
from django.db.models import Case, Count, Exists, F, OrderBy, OuterRef, Q, When

from registrations.models import Change, DatabaseMarker, Registration, Student, Submission
from registrations.restore import hold
from registrations.students.names import mailbox_key
from techfest.core.db import processes
from techfest.core.db.bulk import insert
from techfest.core.db.clock import database_now
from tickets.keys import random_key
from tickets.mail import mailbox_limit
from tickets.mail.kinds import notice
from tickets.models import Booklet, Delivery, Ticket
from tickets.querysets import RENDER_ATTEMPTS

Kind = Delivery.Kind
State = Delivery.State

LEASE = dt.timedelta(seconds=60)
"""For how long a claimed delivery belongs to its worker; longer than any hand-over takes."""
PDF_PATIENCE = dt.timedelta(minutes=10)
"""For how long a mail waits for its PDF; then it goes with the link only."""
CLICK_PATIENCE = dt.timedelta(seconds=40)
"""The same of a mail that answers a click: it goes within a minute, however many PDFs are wanted at the same time."""
LONGEST_PAUSE = dt.timedelta(seconds=60)
"""Between two tries of one mail."""
GIVE_UP = dt.timedelta(hours=24)
"""For how long a mail is tried that the provider does not take for reasons that may pass."""
GIVE_UP_TRIES = GIVE_UP // LONGEST_PAUSE
"""Tries are counted, and not hours: while no worker runs nothing is given up."""
POISON_ATTEMPTS = 5
"""How often a mail is tried that cannot even be written."""
BACKLOG = dt.timedelta(minutes=2)
"""What has been owed for longer stands behind what is new."""
TO_MANY = (Kind.MESSAGE, Kind.REMINDER)
"""Thousands of them may be due in one moment."""
UNREQUESTED = (Kind.LINK, Kind.ATTEMPT)
"""Mails that no new seat caused, and that anybody can ask for who knows an address or a name."""
UNREQUESTED_PER_HOUR = 3
"""Of these to one mailbox."""
NOT_NOTIFIED = "the organiser chose not to tell"
"""Why a mail was dropped that would have been owed."""
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
) -> None:
    """Writes the deliveries that these changes cause; whoever has no address is owed none.

    Of registrations that an organiser wants `not_notified` they are kept as dropped, so that the mails still say
    what was decided. Of a double that was cancelled when two rows of one student became one nobody hears:
    the seat is still theirs.

    A press is answered by one mail, and a correction of one student's details told once, whatever number of
    registrations it touches. The number of statements does not grow with the students.
    """
    pending: list[Delivery] = []
    corrected: list[Delivery] = []
    answered: set[int | None] = set()
    notified: set[int] = set()
    for change in changes:
        student = change.registration.student
        if change.cause == Change.Cause.CORRECTED:
            if student.pk not in notified:
                corrected += _pending_for_correction(change, student, old_emails[student.pk], now)
            notified.add(student.pk)
        elif change.cause == Change.Cause.SUBMITTED or _is_newcomer(change):
            if change.submission_id not in answered:
                pending += _pending(Kind.REGISTERED, student, now, submission=change.submission)
            answered.add(change.submission_id)
        elif kind := _kind_of(change):
            pending += _pending(kind, student, now, change=change)
    _drop_not_notified(pending, not_notified)
    if corrected:
        _drop_over_cap(corrected, now)
    if pending or corrected:
        insert([*pending, *corrected])


def _kind_of(change: Change) -> str:
    """The mail that tells of this change alone; empty where none does. A move is told by what it led to."""
    if change.cause == Change.Cause.EVENT_CHANGED:
        return Kind.CHANGED
    if change.cause == Change.Cause.MERGED:
        return ""
    if change.cause == Change.Cause.MOVED:
        return "" if change.from_state else Kind.MOVED
    kinds: dict[str, str] = {
        Registration.State.CONFIRMED: Kind.PROMOTED,
        Registration.State.CANCELLED: Kind.CANCELLED,
    }
    return kinds.get(change.to_state, "")


def _drop_not_notified(pending: Iterable[Delivery], not_notified: Collection[int]) -> None:
    for delivery in pending:
        if delivery.change and delivery.change.registration_id in not_notified:
            delivery.state, delivery.error = State.DROPPED, NOT_NOTIFIED


def _is_newcomer(change: Change) -> bool:
    """Whether somebody came instead of another: that is a registration like any other, and answered so."""
    return change.cause == Change.Cause.REPLACED and not change.from_state


def _pending(
    kind: str,
    student: Student,
    now: dt.datetime,
    *,
    to: str | None = None,
    submission: Submission | None = None,
    change: Change | None = None,
    ticket: Ticket | None = None,
) -> list[Delivery]:
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


def _pending_for_correction(
    change: Change, student: Student, old_email: str, now: dt.datetime
) -> list[Delivery]:
    """The old address hears of a new name or address, the new address gets the new link."""
    pending = []
    if {"name", "email"} & set(change.fields):
        pending += _pending(Kind.CORRECTED, student, now, to=old_email, change=change)
    if "email" in change.fields:
        pending += _pending(Kind.LINK, student, now, change=change)
    return pending


def _drop_over_cap(pending: Sequence[Delivery], now: dt.datetime) -> None:
    """Whoever corrects an address again and again must not fill somebody's mailbox.

    Each kind has a cap of its own, so that no number of asked-for links can silence the word to the old
    address. What is over it is kept as dropped; the auditor reads from it who was told, or would have been.
    """
    lock_mailboxes(delivery.mailbox for delivery in pending)
    caps = (Kind.CORRECTED,), UNREQUESTED
    sent = {kinds: _recent(pending, now, kinds=kinds) for kinds in caps}
    for delivery in pending:
        kinds = (Kind.CORRECTED,) if delivery.kind == Kind.CORRECTED else UNREQUESTED
        if sent[kinds][delivery.mailbox] >= UNREQUESTED_PER_HOUR:
            delivery.state, delivery.error = State.DROPPED, "too many of these within an hour"
        sent[kinds][delivery.mailbox] += 1


def _recent(pending: Sequence[Delivery], now: dt.datetime, *, kinds: Sequence[str]) -> Counter[str]:
    """How many mails of these kinds each of the mailboxes was owed within the last hour."""
    rows = Delivery.objects.filter(
        mailbox__in={one.mailbox for one in pending},
        kind__in=kinds,
        created_at__gt=now - dt.timedelta(hours=1),
    )
    counted = rows.exclude(state=State.DROPPED).values_list("mailbox").annotate(count=Count("pk"))
    return Counter(dict(counted.order_by()))


def enqueue_attempt(student: Student, *, now: dt.datetime) -> bool:
    """Tells the address on record that somebody used this name, at most once an hour."""
    if not student.email:
        return False
    with transaction.atomic():
        _lock_mailbox(student.email)
        recent = Delivery.objects.filter(
            student=student, kind=Kind.ATTEMPT, created_at__gt=now - dt.timedelta(hours=1)
        )
        if recent.exists() or _is_over_cap(student.email, now):
            return False
        Delivery.objects.bulk_create(_pending(Kind.ATTEMPT, student, now))
    return True


def links_for(students: Iterable[Student], *, now: dt.datetime) -> list[Delivery]:
    """Mails with the link to everything of each student, not stored yet."""
    return [one for student in students for one in _pending(Kind.LINK, student, now)]


def enqueue_link(students: Sequence[Student], *, now: dt.datetime) -> bool:
    """One mail with the links of all these students, who share an address; few an hour to a mailbox."""
    if not students:
        return False
    with transaction.atomic():
        _lock_mailbox(students[0].email)
        if _is_over_cap(students[0].email, now):
            return False
        Delivery.objects.bulk_create(_pending(Kind.LINK, students[0], now))
    return True


def enqueue_reissued(tickets: Sequence[Ticket], *, now: dt.datetime, notify: bool) -> None:
    """One mail a new ticket, inside the caller's transaction; kept as dropped where nobody shall be told."""
    pending = [
        one for ticket in tickets for one in _pending(Kind.REISSUED, ticket.student, now, ticket=ticket)
    ]
    for delivery in pending if not notify else ():
        delivery.state, delivery.error = State.DROPPED, NOT_NOTIFIED
    if pending:
        insert(pending)


def _lock_mailbox(email: str) -> None:
    """Lets one transaction at a time count and add; it is no row, since there may be none yet."""
    lock_mailboxes([mailbox_key(email)])


def lock_mailboxes(mailboxes: Iterable[str]) -> None:
    """All of them in one order, the same for everybody."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_MAILBOXES, [sorted(set(mailboxes))])


def _is_over_cap(email: str, now: dt.datetime) -> bool:
    recent = Delivery.objects.filter(
        mailbox=mailbox_key(email), kind__in=UNREQUESTED, created_at__gt=now - dt.timedelta(hours=1)
    )
    return recent.exclude(state=State.DROPPED).count() >= UNREQUESTED_PER_HOUR


@dataclass(frozen=True, slots=True)
class SeatRequest:
    """The mails that one claim took for this worker, and how many rows it looked at.

    Rows that it only held back, or that another worker is about to claim, are among these: more may be due.
    """

    mails: list[Delivery]
    looked_at: int = 0


def claim(limit: int, *, oldest_first: bool = False) -> SeatRequest:
    """Takes up to `limit` deliveries that are due for this worker alone, for the time of a lease.

    A delivery whose PDF is still to be made stays, unless it has waited too long. What a dead worker held
    is taken again once its lease is over. Each goes to the address that is on record by now. Who is owed
    longest comes first; where mails have waited for long, those that are new go before this backlog, and of it the
    newest, unless the oldest are asked for. What goes to many at once waits for all that concerns somebody alone. What
    comes to one mailbox too often is held back and gathered. Nothing is claimed of a database that
    was restored, until an owner has decided which mails go.
    """
    now = database_now()
    with transaction.atomic():
        marker = _marker_that_lets_mails_go()
        if marker is None:
            return SeatRequest([])
        due = Delivery.objects.due(now, LEASE).exclude(_waits_for_pdf(now))
        rows = due.alias(is_to_many=Q(kind__in=TO_MANY)).order_by(
            "is_to_many", *(["queued_at"] if oldest_first else _newest_of_a_backlog(now)), "pk"
        )
        locked = rows.select_related("student").select_for_update(skip_locked=True, of=("self",))
        found = list(locked[:limit])
        for delivery in found:
            _readdress(delivery)
        ids = mailbox_limit.admit(found, now=now)
        Delivery.objects.filter(pk__in=ids).update(
            state=State.SENDING,
            claimed_at=now,
            claimed_by=processes.this_process(),
            attempts=F("attempts") + 1,
        )
        if ids:
            hold.advance(marker)
    if ids:
        hold.publish(marker)
    rows = Delivery.objects.filter(pk__in=ids).order_by("due_at", "pk")
    return SeatRequest(list(rows.select_related("student__fest", "student__school")), looked_at=len(found))


def _marker_that_lets_mails_go() -> DatabaseMarker | None:
    try:
        marker = hold.locked_marker()
    except hold.Unreadable:
        return None
    return None if marker.is_held else marker


def _newest_of_a_backlog(now: dt.datetime) -> list[OrderBy]:
    """What was tried before comes last, so that one mail that the provider cannot take is not all that it sees."""
    fresh = Case(When(queued_at__gt=now - BACKLOG, then="due_at"))
    return [fresh.asc(nulls_last=True), F("attempts").asc(), F("queued_at").desc()]


def free_claims_of_the_dead() -> int:
    """Puts back what a process had claimed that has ended since; how many mails.

    Only at their first try: what kills its worker again is tried once a lease, so that what flies beside it is not
    repeated at each death.
    """
    claimed = Delivery.objects.filter(state=State.SENDING, attempts=1)
    return processes.free(claimed, state=State.QUEUED, claimed_at=None)


def _readdress(delivery: Delivery) -> None:
    """A corrected address is followed by the mails that were owed before, but for the word to the old one.

    A link goes where it was asked for; what it holds is decided when it is written.
    """
    email = delivery.student.email if delivery.student else ""
    if delivery.kind in (Kind.CORRECTED, Kind.LINK) or not email or delivery.to == email:
        return
    delivery.to, delivery.mailbox, delivery.admitted_at = email, mailbox_key(email), None
    delivery.save(update_fields=["to", "mailbox", "admitted_at"])


def _waits_for_pdf(now: dt.datetime) -> Q:
    to_render = Ticket.objects.to_render()
    of_submission = to_render.filter(registration__submission=OuterRef("submission"))
    of_change = to_render.filter(registration=OuterRef("change__registration"))
    itself = to_render.filter(pk=OuterRef("ticket"))
    to_make = Booklet.objects.filter(finished_at=None, attempts__lt=RENDER_ATTEMPTS)
    waits = (
        Q(kind=Kind.REGISTERED) & Exists(of_submission)
        | Q(kind__in=(Kind.PROMOTED, Kind.CHANGED, Kind.MOVED)) & Exists(of_change)
        | Q(kind=Kind.REISSUED) & Exists(itself)
        | Q(kind=Kind.CLASS) & Exists(to_make.filter(pk=OuterRef("booklet")))
    )
    answers_a_click = Q(kind__in=(Kind.REGISTERED, Kind.REISSUED))
    is_patient = Q(queued_at__gt=now - CLICK_PATIENCE) | ~answers_a_click & Q(
        queued_at__gt=now - PDF_PATIENCE
    )
    return waits & is_patient


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one try: the state that follows, and when to try again where it is `queued`."""

    delivery: Delivery
    state: str
    provider_id: str = ""
    error: str = ""
    retry_in: dt.timedelta = dt.timedelta()
    is_try: bool = True
    """Whether it counts as one; not what only waited for its turn."""


def later(delivery: Delivery, words: str, *, seconds: float | None = None) -> Result:
    """To be tried again, the sooner the fewer tries there were; given up after about a day of tries."""
    if delivery.attempts >= GIVE_UP_TRIES:
        return Result(delivery, State.FAILED, error=words)
    longest = LONGEST_PAUSE.total_seconds()
    pause = min(longest, 2 ** min(delivery.attempts, 6)) if seconds is None else seconds
    return Result(delivery, State.QUEUED, error=words, retry_in=dt.timedelta(seconds=pause))


def untried(delivery: Delivery, *, retry_in: dt.timedelta) -> Result:
    """Back into the queue as it was: nothing was handed over."""
    return Result(delivery, State.QUEUED, error=delivery.error, retry_in=retry_in, is_try=False)


def record(results: Iterable[Result]) -> None:
    """Stores what became of claimed deliveries, unless their lease went to another worker meanwhile.

    A webhook that was faster than this is not overwritten. The words of letters that came to an end go.
    """
    results = list(results)
    now = database_now()
    with transaction.atomic():
        for result in results:
            mine = Delivery.objects.filter(
                pk=result.delivery.pk, state=State.SENDING, claimed_at=result.delivery.claimed_at
            )
            mine.update(
                state=result.state,
                claimed_at=None,
                attempts=F("attempts") - (0 if result.is_try else 1),
                due_at=now + result.retry_in,
                sent_at=now if result.state == State.SENT else None,
                provider_id=result.provider_id,
                error=result.error[:300],
            )
        notice.forget([result.delivery.pk for result in results if result.state != State.QUEUED])


def send_again(deliveries_ids: Iterable[int]) -> int:
    """Queues failed, bounced and complained-of deliveries once more, with all their tries; how many there were.

    A letter stays: its words are gone.

    Each gets a new key: to the provider it is another mail, and what it still tells of the first one is none
    of the second one's business. `created_at` stays, for it is the moment of the cause.
    """
    now = database_now()
    rows = Delivery.objects.filter(pk__in=list(deliveries_ids)).undelivered()
    with transaction.atomic():
        again = list(
            rows.exclude(kind=Kind.NOTICE).order_by("pk").select_for_update(no_key=True, of=("self",))
        )
        queue_anew(again, now=now)
    return len(again)


def queue_anew(again: Sequence[Delivery], *, now: dt.datetime) -> None:
    """Puts these back into the queue with all their tries, each as another mail to the provider."""
    for delivery in again:
        delivery.key, delivery.state, delivery.attempts = random_key(), State.QUEUED, 0
        delivery.queued_at = delivery.due_at = now
        delivery.sent_at = delivery.claimed_at = delivery.held_at = delivery.gathered_into = None
        delivery.provider_id = delivery.error = ""
    Delivery.objects.bulk_update(again, _SENT_AGAIN)


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


def oldest_pending_age(now: dt.datetime) -> dt.timedelta | None:
    """How long the oldest mail has been owed, or `None` when none is; a message waits to be stopped before it is."""
    oldest = (
        Delivery.objects.pending()
        .filter(queued_at__lte=now)
        .order_by("queued_at")
        .values_list("queued_at", flat=True)
        .first()
    )
    return now - oldest if oldest else None


def has_due() -> bool:
    return Delivery.objects.due(database_now(), LEASE).exists()
