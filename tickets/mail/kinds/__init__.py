"""The kinds of mail: one module each, with when it applies, its context, its attachments and its templates.

Composing looks up a mail's kind here. A new kind needs a value of `Delivery.Kind`, a module in this package with its
class, an entry in one of the two lists below, and a folder of templates.
"""

from functools import reduce
from operator import or_

from django.db.models import Q

from registrations.models import Change
from tickets.mail.kinds.attempt import Attempt
from tickets.mail.kinds.base import MailKind
from tickets.mail.kinds.broadcast import Broadcast
from tickets.mail.kinds.cancelled import Cancelled
from tickets.mail.kinds.class_tickets import ClassTickets
from tickets.mail.kinds.corrected import Corrected
from tickets.mail.kinds.digest import Digest
from tickets.mail.kinds.event_changed import EventChanged
from tickets.mail.kinds.link import Link
from tickets.mail.kinds.moved import Moved
from tickets.mail.kinds.notice import NoticeMail
from tickets.mail.kinds.promoted import Promoted
from tickets.mail.kinds.questions import Questions
from tickets.mail.kinds.registered import Registered
from tickets.mail.kinds.reissued import Reissued
from tickets.mail.kinds.reminder import Reminder

STUDENT_KINDS: tuple[type[MailKind], ...] = (
    Registered,
    EventChanged,
    Moved,
    Promoted,
    Cancelled,
    Reissued,
    Reminder,
    Questions,
    Link,
    Corrected,
    Attempt,
)
KINDS: tuple[type[MailKind], ...] = (*STUDENT_KINDS, ClassTickets, NoticeMail, Broadcast)
"""All kinds except the digest, which contains others."""
TO_MANY = tuple(one.kind for one in KINDS if one.is_to_many)
IMPATIENT = tuple(one.kind for one in KINDS if not one.is_patient)
FROM_PUBLIC_FORMS = tuple(one.kind for one in STUDENT_KINDS if one.comes_from_public_forms)


def kind_announcing(change: Change) -> type[MailKind] | None:
    """The kind of mail that this change causes: the first in the list that announces it."""
    return next((one for one in STUDENT_KINDS if one.announces(change)), None)


def new_kinds() -> dict[str, MailKind]:
    """A new instance of each kind."""
    kinds: dict[str, MailKind] = {one.kind: one() for one in KINDS}
    kinds[Digest.kind] = Digest(kinds)
    return kinds


def waits_for_pdf() -> Q:
    """Deliveries whose PDF is not rendered yet."""
    return reduce(or_, filter(None, (one.waits_for_pdf() for one in KINDS)))
