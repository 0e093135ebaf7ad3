"""The columns of the lists that organisers download."""

from django.db.models import Case, CharField, Count, OuterRef, Q, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from events.models import Event
from registrations.models import Hold, Registration, School
from registrations.students.fields import LIST_COLUMNS
from registrations.students.names import grouped
from techfest.core.admin.export import Column

STUDENT = tuple((name, column.heading) for name, column in LIST_COLUMNS.items() if name != "email")


def of_student(path: str = "") -> tuple[Column, ...]:
    """Columns that identify a student; `path` is the lookup from the row to the student. Only owners get addresses."""
    return (
        *(Column(title, f"{path}{name}") for name, title in STUDENT),
        Column(_("School"), f"{path}school__name"),
        Column(_("E-mail"), f"{path}email", is_owners_only=True),
        Column(_("Reference"), f"{path}reference", write=grouped),
    )


_LIVE_TICKET = Registration.objects.filter(pk=OuterRef("pk"), tickets__voided_at=None)
_CAME_IN = Q(registrations__tickets__voided_at=None, registrations__tickets__checked_in_at__isnull=False)

REGISTRATIONS = (
    *of_student("student__"),
    Column(_("Event"), "event__name"),
    Column(_("Starts"), "event__starts_at"),
    Column(_("State"), "state", choices=Registration.State.choices),
    Column(_("Order of arrival"), "queue_position"),
    Column(_("Registered at"), "created_at"),
    Column(_("Came in at"), Subquery(_LIVE_TICKET.values("tickets__checked_in_at")[:1])),
)
STUDENTS = (*of_student(), Column(_("Language"), "language"), Column(_("First registered at"), "created_at"))
SCHOOLS = (
    Column(_("Name"), "name"),
    Column(_("State"), "state", choices=School.State.choices),
    Column(_("Students"), Count("students", distinct=True)),
    Column(_("Created at"), "created_at"),
)
TEACHERS = (
    Column(_("First name"), "user__first_name"),
    Column(_("Last name"), "user__last_name"),
    Column(_("E-mail"), "user__email", is_owners_only=True),
    Column(_("School"), "school__name"),
    Column(_("Note"), "note"),
    Column(_("Requested at"), "created_at"),
    Column(_("Approved at"), "approved_at"),
)
EVENTS = (
    Column(_("Name"), "name"),
    Column(_("Category"), "category__name"),
    Column(_("Venue"), "venue__name"),
    Column(_("Starts"), "starts_at"),
    Column(_("Ends"), "ends_at"),
    Column(_("Lowest grade"), "grade_min"),
    Column(_("Highest grade"), "grade_max"),
    Column(_("State"), "state", choices=Event.State.choices),
    Column(_("Capacity"), "seats__capacity"),
    Column(_("Taken"), "seats__taken"),
    Column(_("Held"), "seats__held"),
    Column(_("Waiting"), "seats__waiting"),
    Column(_("Came in"), Count("registrations__tickets", filter=_CAME_IN)),
)
_REQUESTED, _HELD, _RETURNED, _REFUSED = (Value(state) for state in Hold.State)
HOLDS = (
    Column(_("School"), "school__name"),
    Column(_("Event"), "event__name"),
    Column(_("Seats"), "seats"),
    Column(_("Used"), "used"),
    Column(
        _("State"),
        Case(
            When(returned_at=None, held_at=None, then=_REQUESTED),
            When(returned_at=None, then=_HELD),
            When(held_at=None, then=_REFUSED),
            default=_RETURNED,
            output_field=CharField(),
        ),
        choices=Hold.State.choices,
    ),
    Column(_("Names by"), "until"),
    Column(_("Requested by"), "requested_by__email", is_owners_only=True),
    Column(_("Requested at"), "created_at"),
    Column(_("Given back at"), "returned_at"),
)
