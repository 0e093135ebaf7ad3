"""What the lists of this room hold as files, and what it adds to those of lower rooms."""

from django.db.models import Count, OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from registrations.admin.columns import of_student
from registrations.admin.events import EventAdmin
from registrations.admin.registrations import RegistrationAdmin
from techfest.core.admin.export import Column
from tickets.models import CheckIn, Delivery, Ticket

_TICKET = Ticket.objects.live().filter(registration=OuterRef("pk"))
CAME_IN = Column(_("Came in at"), Subquery(_TICKET.values("checked_in_at")[:1]))
_INSIDE = Q(registrations__tickets__voided_at=None, registrations__tickets__checked_in_at__isnull=False)
SO_MANY_CAME = Column(_("Came in"), Count("registrations__tickets", filter=_INSIDE))

DELIVERIES = (
    Column(_("To"), "to", is_owners_only=True),
    Column(_("Kind"), "kind", choices=Delivery.Kind.choices),
    Column(_("Student"), "student__name"),
    Column(_("State"), "state", choices=Delivery.State.choices),
    Column(_("Error"), "error"),
    Column(_("Tries"), "attempts"),
    Column(_("Owed since"), "created_at"),
    Column(_("Sent at"), "sent_at"),
)
CHECK_INS = (
    Column(_("Came in at"), "at"),
    *of_student("ticket__student__"),
    Column(_("Event"), "ticket__registration__event__name"),
    Column(_("Where"), "where"),
    Column(_("By"), "user__username"),
    Column(_("How"), "how", choices=CheckIn.How.choices),
    Column(_("Again"), "is_reentry"),
    Column(_("Reason"), "reason"),
    Column(_("Undone at"), "undone_at"),
    Column(_("Why undone"), "undo_reason"),
)

RegistrationAdmin.export_columns = (*RegistrationAdmin.export_columns, CAME_IN)
EventAdmin.export_columns = (*EventAdmin.export_columns, SO_MANY_CAME)
