"""The numbers in the lists of events, students, schools, teachers and fests, each a link to the rows it counts."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.admin_sums import Sum
from registrations.admin.registration_filters import IS_IN
from registrations.models import Registration

_REGISTRATION = "registrations.Registration"
_STATE = Registration.State


def registrations_of(path: str, *, lookup: str = "", with_attendance: bool = True) -> tuple[Sum, ...]:
    """Registered, waiting and, on request, checked in: the registrations that refer to the row by `path`."""
    confirmed, waiting = ({"state__exact": state} for state in (_STATE.CONFIRMED, _STATE.WAITING))
    sums = (
        Sum(
            "registered",
            _("registered"),
            _REGISTRATION,
            path,
            lookup=lookup,
            where=Q(state=_STATE.CONFIRMED),
            filters=confirmed,
        ),
        Sum(
            "waiting",
            _("waiting"),
            _REGISTRATION,
            path,
            lookup=lookup,
            where=Q(state=_STATE.WAITING),
            filters=waiting,
        ),
    )
    came_in = Sum(
        "checked_in",
        _("checked in"),
        _REGISTRATION,
        path,
        lookup=lookup,
        where=IS_IN,
        is_joined=True,
        filters={"attendance": "in"},
    )
    return (*sums, came_in) if with_attendance else sums


STUDENTS_OF_SCHOOL = Sum("students", _("students"), "registrations.Student", "school")
TEACHERS_OF_SCHOOL = Sum("teachers", _("teachers"), "registrations.Teacher", "school")
CLASS_LISTS_OF_SCHOOL = Sum("class_lists", _("class lists"), "registrations.ClassList", "school")
EVENTS_OF_FEST = Sum("events", _("events"), "events.Event", "fest")
