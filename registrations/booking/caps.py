"""The limits of a fest as pages ask for them before anything is sent; `policy` decides behind the locks."""

from django.utils.translation import gettext as _

from events.cache import known_fest
from events.caps import number_of_events
from registrations.models import Student


def why_no_further_event(student: Student, *, is_theirs: bool = True) -> str:
    """Why this student may have no further event at present; empty if they may. No query without such a limit.

    Written to the student, or about the student if the page `is_theirs` not.
    """
    most = known_fest(student.fest_id).events_per_student
    if most is None or student.registrations.active().count() < most:
        return ""
    words = {"name": student.name, "events": number_of_events(most)}
    if is_theirs:
        text = _(
            "At this fest a student may have at most %(events)s, and you have reached that. "
            "To take part in another one, cancel one of yours first."
        )
    else:
        text = _(
            "%(name)s has reached the limit of this fest: at most %(events)s for each student. "
            "To enter another one, cancel one first."
        )
    return text % words
