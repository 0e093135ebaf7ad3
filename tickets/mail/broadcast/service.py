"""A message from draft to mails: sent to its writer as a trial, confirmed once, stopped while there is time.

Its progress is counted in mails.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.booking.errors import ActionRejected
from registrations.models import Student
from registrations.students.names import mailbox_key
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from tickets.mail.broadcast.audience import Audience, recipients_of
from tickets.models import Delivery, Message
from tickets.querysets import NOT_ARRIVED
from tickets.wakeup import notify_workers

State = Delivery.State
MANY = 1000
"""Deliveries per statement."""


def write(*, subject: str, text: str, filters: str, audience: Audience, user: Any) -> Message:
    """Creates a draft; nothing is sent yet."""
    if audience.fest_id is None:
        raise ActionRejected(_("Choose registrations of one fest, at least one."))
    return Message.objects.create(
        fest_id=audience.fest_id,
        subject=subject,
        text=text,
        audience={"filters": filters},
        audience_text=audience.words,
        created_by=user,
    )


def rewrite(message: Message, *, subject: str, text: str) -> bool:
    """Changes a draft, which then needs another trial. `False` if it was confirmed in the meantime."""
    drafts = Message.objects.filter(pk=message.pk, confirmed_at=None)
    return bool(drafts.update(subject=subject, text=text, tested_at=None))


def try_out(message: Message, *, user: Any) -> Delivery:
    """Sends the writer the mail as its recipients would get it. Raises `ActionRejected` without an address."""
    if not user.email:
        raise ActionRejected(_("Your account has no e-mail address. Add one, then try the message."))
    now = database_now()
    with transaction.atomic():
        if not Message.objects.filter(pk=message.pk, confirmed_at=None).update(tested_at=now):
            raise ActionRejected(_("This message was confirmed already."))
        delivery = Delivery.objects.create(
            kind=Delivery.Kind.MESSAGE,
            message=message,
            user=user,
            to=user.email,
            mailbox=mailbox_key(user.email),
            created_at=now,
            queued_at=now,
            due_at=now,
        )
        transaction.on_commit(notify_workers, robust=True)
    return delivery


def confirm(message_id: int, *, audience: Audience, mails: int, user: Any) -> Message:
    """Enqueues a mail to each mailbox of the audience, due when the time to stop the message is over.

    One transaction enqueues all mails or none, so that a worker that dies loses nothing. A duplicate submission finds
    the message confirmed and changes nothing. Raises `ActionRejected` if the number of mails is no longer `mails`,
    the number that was shown, and if the message has not been tried since its last change.
    """
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
        if message.confirmed_at:
            return message
        if message.tested_at is None:
            raise ActionRejected(_("Send the message to yourself first."))
        if audience.fest_id not in (None, message.fest_id):
            raise ActionRejected(_("A message belongs to one fest. Write another one for the other fest."))
        recipients = recipients_of(audience.registrations)
        if recipients.mails != mails or not mails:
            raise ActionRejected(_other_count(recipients.mails))
        now = database_now()
        goes_at = now + window()
        message.confirmed_at, message.goes_at = now, goes_at
        message.total = mails
        message.audience |= {
            "registrations": list(audience.registrations),
            "is_of_active": audience.is_of_active,
        }
        message.save(update_fields=["confirmed_at", "goes_at", "total", "audience"])
        _enqueue(message, recipients.by_mailbox, now, goes_at)
        record(message, what="confirmed", now=now, user=user, after={"mails": mails})
        transaction.on_commit(notify_workers, robust=True)
    return message


def window() -> dt.timedelta:
    """How long a confirmed message waits and can be stopped."""
    return dt.timedelta(minutes=settings.MESSAGE_WINDOW_MINUTES)


def _enqueue(
    message: Message, by_mailbox: dict[str, Student], now: dt.datetime, goes_at: dt.datetime
) -> None:
    """Writes the deliveries, with `queued_at` in the future so that none counts as late before it is due."""
    pending = (
        Delivery(
            kind=Delivery.Kind.MESSAGE,
            message=message,
            student=student,
            to=student.email,
            mailbox=mailbox,
            created_at=now,
            queued_at=goes_at,
            due_at=goes_at,
        )
        for mailbox, student in by_mailbox.items()
    )
    Delivery.objects.bulk_create(pending, batch_size=MANY)


def _other_count(mails: int) -> str:
    words = ngettext(
        "It would be %(count)d mail now, which differs from the number you were shown. Check it again.",
        "It would be %(count)d mails now, which differs from the number you were shown. Check it again.",
        mails,
    )
    return words % {"count": mails}


def stop(message_id: int, *, user: Any) -> int:
    """Drops every mail of the message that is still queued; returns how many. Mails that are being sent may arrive.

    Raises `ActionRejected` if nothing is left to stop.
    """
    with transaction.atomic():
        message = Message.objects.select_for_update(of=("self",)).get(pk=message_id)
        left = Delivery.objects.filter(message=message, user=None, state=State.QUEUED)
        count = left.update(state=State.DROPPED, error="stopped by an organiser")
        if message.confirmed_at is None or message.stopped_at or not count:
            raise ActionRejected(_("There is nothing to stop: everything has gone, or was stopped before."))
        now = database_now()
        Message.objects.filter(pk=message.pk).update(stopped_at=now, stopped_by=user)
        record(message, what="stopped", now=now, user=user, after={"dropped": count})
    return count


@dataclass(frozen=True, slots=True)
class Progress:
    """Mails by their result; `gone` are those that can no longer be stopped."""

    pending: int
    gone: int
    delivered: int
    in_trouble: int
    dropped: int

    @property
    def total(self) -> int:
        return self.pending + self.gone + self.in_trouble + self.dropped

    @property
    def done(self) -> int:
        return self.total - self.pending


def progress_of(message: Message) -> Progress:
    """One query, whatever the number of mails. Trials are not counted."""
    rows = Delivery.objects.filter(message=message, user=None).order_by()
    counts: Counter[str] = Counter(dict(rows.values_list("state").annotate(count=Count("pk"))))
    return Progress(
        pending=counts[State.QUEUED] + counts[State.SENDING],
        gone=counts[State.SENT] + counts[State.DELIVERED],
        delivered=counts[State.DELIVERED],
        in_trouble=sum(counts[state] for state in NOT_ARRIVED),
        dropped=counts[State.DROPPED],
    )
