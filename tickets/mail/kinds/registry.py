"""All kinds of mail by their value of `Delivery.kind`, and what the queue needs to know about them.

Not in the package itself: the mail with class tickets imports the teacher's pages, which import the outbox.
"""

from functools import reduce
from operator import or_

from django.db.models import Q

from tickets.mail.kinds import STUDENT_KINDS
from tickets.mail.kinds.base import MailKind
from tickets.mail.kinds.broadcast import Broadcast
from tickets.mail.kinds.class_tickets import ClassTickets
from tickets.mail.kinds.digest import Digest
from tickets.mail.kinds.notice import NoticeMail

KINDS: tuple[type[MailKind], ...] = (*STUDENT_KINDS, ClassTickets, NoticeMail, Broadcast)
"""All kinds except the digest, which contains others."""
TO_MANY = tuple(one.kind for one in KINDS if one.is_to_many)
IMPATIENT = tuple(one.kind for one in KINDS if not one.is_patient)


def new_kinds() -> dict[str, MailKind]:
    """A new instance of each kind."""
    kinds: dict[str, MailKind] = {one.kind: one() for one in KINDS}
    kinds[Digest.kind] = Digest(kinds)
    return kinds


def waits_for_pdf() -> Q:
    """Deliveries whose PDF is not rendered yet."""
    return reduce(or_, filter(None, (one.waits_for_pdf() for one in KINDS)))
