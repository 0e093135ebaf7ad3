"""An address that bounced: corrected and mailed again in one press."""

import datetime as dt
from typing import Any

from django.db.models import Q

from registrations.forms import details_of
from registrations.locking import Deadline
from registrations.models import Change, Student
from registrations.students.corrections import correct
from registrations.students.names import email_key
from techfest.core.db.clock import database_now
from tickets.mail import outbox
from tickets.models import Delivery
from tickets.wakeup import notify_workers

Kind = Delivery.Kind
PAUSE = dt.timedelta(minutes=10)
"""Between two tries to the same address: a mailbox that is full now is full in a minute, too."""
FOLLOWING = (Kind.REGISTERED, Kind.PROMOTED, Kind.CANCELLED)
"""Mails that go to whatever address is on record when they are sent."""


def send_to(student: Student, email: str, *, user: Any) -> str:
    """Mails to this address what did not arrive; how that went, as a word for `done_text`.

    Another address is a correction: the old links die, the new one is mailed there. To the same address it
    goes again once in a while only; where everything arrived, the link is mailed, a few times an hour.
    Raises `ActionRejected` and `LockTimeout` as `correct` does.
    """
    is_new = email_key(email) != student.email_key
    if is_new:
        values = details_of(student) | {"email": email}
        correct(student.pk, values=values, actor=Change.Actor.TEACHER, user=user, deadline=Deadline())
    answer = _send_again(student, is_new=is_new)
    notify_workers()
    return answer


def _send_again(student: Student, *, is_new: bool) -> str:
    now = database_now()
    failed = Delivery.objects.filter(student=student, kind__in=FOLLOWING).undelivered()
    if is_new:
        outbox.send_again(failed.values_list("pk", flat=True))
        return "readdressed"
    if failed.exists():
        ripe = failed.filter(Q(queued_at__lt=now - PAUSE))
        return "sent" if outbox.send_again(ripe.values_list("pk", flat=True)) else "patience"
    return "sent" if outbox.enqueue_link([student], now=now) else "patience"
