"""The rows of documents, read with their related rows: attendance sheets, tickets, certificates."""

from typing import Any, TypeVar

from django.utils import translation
from django.utils.translation import gettext as _

from events.models import Event, Fest
from registrations.models import Registration
from registrations.results.service import competitors
from techfest.core.db.clock import database_now
from techfest.core.db.folding import in_dictionary_order
from techfest.core.formatting import exact_time
from tickets import pdf
from tickets.models import Certificate, Ticket

Row = TypeVar("Row", Ticket, Certificate)


def attendance_of(event: Event, fest: Fest, *, maximum: int | None = None) -> pdf.Attendance:
    """Return the attendance sheet of an event that came with its venue. Two queries; needs the fest's time zone."""
    rows = competitors(event).order_by(*in_dictionary_order("student__name"), "pk")
    seats: list[Any] = list(rows[:maximum])
    waiting = list(Registration.objects.filter(event=event).waiting().select_related("student__school"))
    return pdf.Attendance(
        event=event.name,
        fest_name=fest.name,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        time_zone=fest.time_zone,
        venue=event.venue.name,
        printed_at=database_now(),
        language=translation.get_language() or "en",
        seats=[_line(number, row, row.came_at) for number, row in enumerate(seats, 1)],
        waiting=[_line(number, row, None) for number, row in enumerate(waiting, 1)],
    )


def _line(number: int, row: Registration, came_at: Any) -> pdf.AttendanceRow:
    student = row.student
    return pdf.AttendanceRow(
        number=number,
        person=student.name,
        reference=student.reference,
        grade=student.grade,
        section=student.section,
        school=student.school.name,
        note=_("in %(time)s") % {"time": exact_time(came_at)} if came_at else "",
    )


def shared(fest: Fest, rows: list[Row]) -> list[Row]:
    """Give the rows their events and the fest; shared ones, above all the logo, are loaded once."""
    wanted = {row.registration.event_id for row in rows}
    events = Event.objects.select_related("venue").in_bulk(wanted)
    for row in rows:
        event = row.registration.event = events[row.registration.event_id]
        event.fest = fest
    return rows
