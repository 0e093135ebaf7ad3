"""The state of a student's mails in a teacher's words, and sending bounced mails again."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from registrations.forms import details_of
from registrations.models import Change, Student
from registrations.students.corrections import correct
from registrations.students.names import email_key
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from tickets.mail import outbox, resend
from tickets.models import Delivery
from tickets.wakeup import notify_workers

State = Delivery.State


@dataclass(frozen=True, slots=True)
class MailState:
    """`tone` is the CSS class of its colour, `icon` the icon beside the word."""

    word: str
    tone: str
    icon: str
    is_trouble: bool = False


def mail_state(email: str, state: str | None) -> MailState:
    """What the state of the newest mail means; students without an address get their ticket from the teacher."""
    if not email:
        return MailState(_("no e-mail"), "quiet", "info")
    match state:
        case State.QUEUED | State.SENDING:
            return MailState(_("queued"), "soon", "clock")
        case State.SENT:
            return MailState(_("sent"), "quiet", "mail")
        case State.DELIVERED:
            return MailState(_("delivered"), "ok", "ok")
        case State.SUPPRESSED:
            return MailState(_("held back by the provider"), "stop", "stop", is_trouble=True)
        case State.BOUNCED:
            return MailState(_("bounced"), "stop", "stop", is_trouble=True)
        case State.COMPLAINED:
            return MailState(_("marked as spam"), "stop", "stop", is_trouble=True)
        case State.FAILED:
            return MailState(_("failed"), "stop", "stop", is_trouble=True)
    return MailState(_("no mail yet"), "quiet", "mail")


Kind = Delivery.Kind
PAUSE = dt.timedelta(minutes=10)
"""Between two tries to the same address: a mailbox that is full now is still full in a minute."""
FOLLOWING = (Kind.REGISTERED, Kind.PROMOTED, Kind.CANCELLED)
"""Mails that go to the address current at the time of sending."""


def send_to(student: Student, email: str, *, user: Any) -> str:
    """Sends what did not arrive to this address; returns the key of a sentence for `done_text`.

    Another address is a correction: the old links stop working, and a new one is mailed there. Mails to the same
    address are sent again only after `PAUSE`. If everything arrived, the student's link is mailed, a few times an
    hour. Raises `ActionRejected` and `LockTimeout` as `correct` does.
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
        resend.send_again(failed.values_list("pk", flat=True))
        return "readdressed"
    if failed.exists():
        ripe = failed.filter(Q(queued_at__lt=now - PAUSE))
        return "sent" if resend.send_again(ripe.values_list("pk", flat=True)) else "patience"
    return "sent" if outbox.enqueue_link([student], now=now) else "patience"
