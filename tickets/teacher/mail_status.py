"""Where the mails of a student are, in the few words that a teacher needs."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from registrations.models import Student
from registrations.querysets import StudentQuerySet
from tickets.models import Delivery

State = Delivery.State
TROUBLE = (State.BOUNCED, State.FAILED, State.COMPLAINED)
"""It did not arrive and does not try any more."""


OWN_STATE = Coalesce("gathered_into__state", "state")
"""What became of a mail, or of the mail that tells it together with others."""
NEWEST = Subquery(
    Delivery.objects.filter(student=OuterRef("pk"), to=OuterRef("email"))
    .alias(own_state=OWN_STATE)
    .exclude(own_state=State.DROPPED)
    .order_by("-queued_at", "-pk")
    .values(found=OWN_STATE)[:1]
)


@dataclass(frozen=True, slots=True)
class MailState:
    """`tone` is the class of its colour, `icon` the sign beside the word."""

    word: str
    tone: str
    icon: str
    is_trouble: bool = False


def with_mail(students: StudentQuerySet) -> StudentQuerySet:
    """Adds `mail`: the state of the newest mail to the address on record, `None` where there is none."""
    return students.annotate(mail=NEWEST)


def in_trouble(students: StudentQuerySet) -> StudentQuerySet:
    """Those whose newest mail did not arrive."""
    troubled: dict[str, Any] = {"mail__in": TROUBLE}
    return students.filter(**troubled)


def newest_state(student: Student) -> str | None:
    """The same for one student."""
    return Student.objects.filter(pk=student.pk).values_list(NEWEST, flat=True).first()


def mail_state(email: str, state: str | None) -> MailState:
    """What the newest mail's state means; somebody without an address gets the ticket from the teacher."""
    if not email:
        return MailState(_("no e-mail"), "none", "info")
    match state:
        case State.QUEUED | State.SENDING:
            return MailState(_("queued"), "soon", "clock")
        case State.SENT:
            return MailState(_("sent"), "sent", "mail")
        case State.DELIVERED:
            return MailState(_("delivered"), "ok", "ok")
        case State.BOUNCED:
            return MailState(_("bounced"), "stop", "stop", is_trouble=True)
        case State.COMPLAINED:
            return MailState(_("marked as spam"), "stop", "stop", is_trouble=True)
        case State.FAILED:
            return MailState(_("failed"), "stop", "stop", is_trouble=True)
    return MailState(_("no mail yet"), "none", "mail")
