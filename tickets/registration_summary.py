"""The registrations of a submission or a student, with live tickets and ranks in the waiting list."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from events.cache import known_events
from events.models import Event

_READ = """
    SELECT r.id, r.event_id, r.state,
        CASE WHEN r.state = 'waiting' THEN (
            SELECT count(*) FROM registrations_registration ahead
            WHERE ahead.event_id = r.event_id AND ahead.state = 'waiting' AND ahead.queue_position <= r.queue_position
        ) ELSE 0 END,
        CASE WHEN r.state = 'waiting' THEN (
            SELECT filled_at FROM events_seats s WHERE s.event_id = r.event_id
        ) END,
        t.code, t.rendered_at IS NOT NULL, t.render_attempts, r.confirm_by, r.confirm_mailed_at
    FROM registrations_registration r
    LEFT JOIN tickets_ticket t ON t.registration_id = r.id AND t.voided_at IS NULL
    WHERE
"""
_OF_SUBMISSION = f"{_READ} r.submission_id = %s ORDER BY r.id"
_OF_STUDENT = f"{_READ} r.student_id = %s ORDER BY r.id"


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


def of_submission(submission_id: int) -> list[RegistrationSummary]:
    return _read(_OF_SUBMISSION, submission_id)


def of_student(student_id: int) -> list[RegistrationSummary]:
    return _read(_OF_STUDENT, student_id)


def _read(statement: str, key: int) -> list[RegistrationSummary]:
    """One query, and one more for events outside the current fest."""
    with connection.cursor() as cursor:
        cursor.execute(statement, [key])
        rows = cursor.fetchall()
    events = known_events(row[1] for row in rows)
    return [
        RegistrationSummary(
            pk, events[event], state, number, filled_at, code or "", bool(is_rendered), tries or 0, *confirm
        )
        for pk, event, state, number, filled_at, code, is_rendered, tries, *confirm in rows
    ]
