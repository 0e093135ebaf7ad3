"""A message for the teacher's own messenger: what one student needs to know, as plain text."""

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from events.availability import clock_time
from registrations import links
from registrations.models import Registration, Student
from tickets.content import absolute
from tickets.teacher.messages import state_sentence


def share_text(student: Student, registrations: Sequence[Registration]) -> str:
    """Name, events with time and place, state, and the student's own link, which opens everything.

    `registrations` are the active ones, with their facts and numbers.
    """
    holds = [
        "\n".join(
            [
                f"• {row.event.name}: {state_sentence(row)}",
                f"  {_when(row)}",
                f"  {row.event.venue.name}",
            ]
        )
        for row in registrations
    ]
    heading = _("%(name)s at %(fest)s, %(place)s") % {
        "name": student.name,
        "fest": student.fest.name,
        "place": student.fest.place,
    }
    link = _("Tickets and changes, for you only: %(url)s") % {"url": absolute(links.my_path(student))}
    return "\n\n".join([heading, *holds, link])


def _when(registration: Registration) -> str:
    event = registration.event
    start = localtime(event.starts_at)
    return _("%(day)s, %(start)s to %(end)s") % {
        "day": date_format(start, "l j F Y"),
        "start": clock_time(start),
        "end": clock_time(event.ends_at),
    }
