"""The registrations of a submission or a student, with live tickets and ranks in the waiting list."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from events.cache import known_events
from events.models import Event
from registrations.booking.waitlist import LONG_LIST

_COLUMNS = f"""
    r.id, r.event_id, r.state,
    CASE WHEN r.state <> 'waiting' THEN 0
    WHEN s.waiting > {LONG_LIST} AND s.waiting > s.last_queue_position / 2 THEN r.queue_position - (
        SELECT count(*) FROM registrations_registration gone
        WHERE gone.event_id = r.event_id AND gone.state <> 'waiting' AND gone.queue_position < r.queue_position
    ) ELSE (
        SELECT count(*) FROM registrations_registration ahead
        WHERE ahead.event_id = r.event_id AND ahead.state = 'waiting' AND ahead.queue_position <= r.queue_position
    ) END,
    s.filled_at, t.code, t.rendered_at IS NOT NULL, t.render_attempts, r.confirm_by, r.confirm_mailed_at
"""  # noqa: S608 - joined from constants
"""The rank is that of `with_number` in registrations/booking/waitlist.py."""
_JOINS = """
    LEFT JOIN tickets_ticket t ON t.registration_id = r.id AND t.voided_at IS NULL
    LEFT JOIN events_seats s ON s.event_id = r.event_id AND r.state = 'waiting'
"""
_OF_STUDENT = f"""
    SELECT {_COLUMNS} FROM registrations_registration r {_JOINS} WHERE r.student_id = %s ORDER BY r.id
"""  # noqa: S608 - joined from constants
_OF_SUBMISSION = f"""
    SELECT submission.id, submission.created_student,
        EXISTS (SELECT FROM registrations_refusal refusal WHERE refusal.submission_id = submission.id),
        student.link_id, student.link_version, student.fest_id, student.name, school.name, student.grade,
        student.section, student.reference, student.email, {_COLUMNS}
    FROM registrations_submission submission
    JOIN registrations_student student ON student.id = submission.student_id
    JOIN registrations_school school ON school.id = student.school_id
    LEFT JOIN registrations_registration r ON r.submission_id = submission.id
    {_JOINS}
    WHERE submission.link_id = %s AND student.link_version = %s ORDER BY r.id
"""  # noqa: S608 - joined from constants
"""One statement for the page that everybody opens in a rush; one per table costs 1.2 ms more."""
_OWN_COLUMNS = 12
"""The columns of the submission itself, before those of its registrations."""


@dataclass(frozen=True, slots=True)
class RegistrationSummary:
    """One registration as it is now, with its event from the cache of the public pages.

    `number` is the rank in the waiting list, 0 if not waiting, and `filled_at` is when the event last became full. A
    confirmed registration has the `code` of its ticket. While the address is to be confirmed, `confirm_by` is the
    deadline and `confirm_mailed_at` when the mail with the link was handed over, from which the time runs.
    """

    registration_id: int
    event: Event
    state: str
    number: int
    filled_at: datetime | None
    code: str
    is_rendered: bool
    render_attempts: int
    confirm_by: datetime | None
    confirm_mailed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubmissionSummary:
    """A submission with its student's details and what it obtained."""

    submission_id: int
    created_student: bool
    has_refusals: bool
    link_id: uuid.UUID
    link_version: int
    fest_id: int
    name: str
    school: str
    grade: int
    section: str
    reference: str
    email: str
    registrations: list[RegistrationSummary]

    @property
    def shows_my_link(self) -> bool:
        """Only the submission that created the student, and never after a new address invalidated the links.

        A browser that kept the form may send it again at any time and then sees its confirmation page.
        """
        return self.created_student and self.link_version == 1


def of_submission(link_id: uuid.UUID, link_version: int) -> SubmissionSummary | None:
    """The submission of a confirmation link, unless the student's links have another version by now."""
    rows = _read(_OF_SUBMISSION, link_id, link_version)
    if not rows:
        return None
    registrations = [row[_OWN_COLUMNS:] for row in rows if row[_OWN_COLUMNS] is not None]
    return SubmissionSummary(*(*rows[0][:_OWN_COLUMNS], _summaries(registrations)))


def of_student(student_id: int) -> list[RegistrationSummary]:
    return _summaries(_read(_OF_STUDENT, student_id))


def _read(statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _summaries(rows: Sequence[tuple[Any, ...]]) -> list[RegistrationSummary]:
    """One query more for events outside the current fest."""
    events = known_events(row[1] for row in rows)
    return [
        RegistrationSummary(
            pk, events[event], state, number, filled_at, code or "", bool(is_rendered), tries or 0, *confirm
        )
        for pk, event, state, number, filled_at, code, is_rendered, tries, *confirm in rows
    ]
