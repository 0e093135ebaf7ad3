"""The kinds of mail: one module each, with when it applies, its context, its attachments and its templates.

This package lists the mails to students; `registry` adds the others, and composing looks up a mail's kind there. A
new kind needs a value of `Delivery.Kind`, a module here with its class, an entry in one of the two lists, and a
folder of templates.
"""

from registrations.models import Change
from tickets.mail.kinds.attempt import Attempt
from tickets.mail.kinds.base import MailKind
from tickets.mail.kinds.cancelled import Cancelled
from tickets.mail.kinds.corrected import Corrected
from tickets.mail.kinds.event_changed import EventChanged
from tickets.mail.kinds.link import Link
from tickets.mail.kinds.moved import Moved
from tickets.mail.kinds.promoted import Promoted
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
    Link,
    Corrected,
    Attempt,
)
FROM_PUBLIC_FORMS = tuple(one.kind for one in STUDENT_KINDS if one.comes_from_public_forms)


def kind_announcing(change: Change) -> type[MailKind] | None:
    """The kind of mail that this change causes: the first in the list that announces it."""
    return next((one for one in STUDENT_KINDS if one.announces(change)), None)
