"""The only place where a registration gets a state; each state comes with its Change."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from registrations.booking.conflicts import end_for_cancelled
from registrations.models import Change, Registration
from techfest.core.db.bulk import insert

State = Registration.State
GRAPH: dict[str, frozenset[str]] = {
    "": frozenset({State.CONFIRMED, State.WAITING}),
    State.WAITING: frozenset({State.CONFIRMED, State.CANCELLED}),
    State.CONFIRMED: frozenset({State.CANCELLED}),
    State.CANCELLED: frozenset(),
}
"""Which state may follow which; the empty one stands before the first."""


_CREATE = """
    WITH given AS (
        SELECT * FROM unnest(
            %(events)s::bigint[], %(students)s::bigint[], %(states)s::varchar[], %(queue_positions)s::bigint[],
            %(submissions)s::bigint[], %(holds)s::bigint[], %(confirm_by)s::timestamptz[]
        ) AS g (event_id, student_id, state, queue_position, submission_id, hold_id, confirm_by)
    ), made AS (
        INSERT INTO registrations_registration
            (event_id, student_id, state, queue_position, submission_id, hold_id, confirm_by, created_at)
        SELECT event_id, student_id, state, queue_position, submission_id, hold_id, confirm_by, %(at)s::timestamptz
        FROM given
        RETURNING id, event_id, state, queue_position, submission_id
    ), noted AS (
        INSERT INTO registrations_change
            (registration_id, from_state, to_state, at, cause, actor, user_id, submission_id, fields, reason)
        SELECT id, '', state, %(at)s::timestamptz, %(cause)s, %(actor)s,
            %(user)s::integer, submission_id, '{}', %(reason)s
        FROM made ORDER BY queue_position
        RETURNING id, registration_id
    )
    SELECT made.event_id, made.queue_position, made.id, noted.id
    FROM made JOIN noted ON noted.registration_id = made.id
"""
"""One round trip inside the seats' lock instead of two; each row is found again by its event and place."""


class ForbiddenTransition(Exception):
    """A fault of ours: the code asked for a state that may not follow."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who does it, and why; a `reason` is what an organiser or a volunteer typed."""

    cause: str
    actor: str
    at: dt.datetime
    user: Any = None
    reason: str = ""


def create(registrations: Sequence[Registration], *, origin: Origin) -> list[Change]:
    """Inserts new registrations with their changes in one statement; the caller holds the events' locks.

    Each change belongs to the press that its registration belongs to.
    """
    changes = [_change(registration, "", origin) for registration in registrations]
    for registration, change in zip(registrations, changes, strict=True):
        _check("", registration.state)
        change.submission = registration.submission
    given = {
        "events": [registration.event_id for registration in registrations],
        "students": [registration.student_id for registration in registrations],
        "states": [registration.state for registration in registrations],
        "queue_positions": [registration.queue_position for registration in registrations],
        "submissions": [registration.submission_id for registration in registrations],
        "holds": [registration.hold_id for registration in registrations],
        "confirm_by": [registration.confirm_by for registration in registrations],
        "at": origin.at,
        "cause": origin.cause,
        "actor": origin.actor,
        "user": origin.user.pk if origin.user else None,
        "reason": origin.reason,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, given)
        keys = {(event, queue_position): pair for event, queue_position, *pair in cursor.fetchall()}
    for registration, change in zip(registrations, changes, strict=True):
        registration.pk, change.pk = keys[registration.event_id, registration.queue_position]
        registration._state.adding = change._state.adding = False
        change.registration = registration
    return changes


def move(registrations: Sequence[Registration], *, to: str, origin: Origin) -> list[Change]:
    """Moves registrations to one state; the caller holds the events' locks and counts the seats.

    What is given up clashes with nothing any more: its flags end.
    """
    before = [(registration, registration.state) for registration in registrations]
    for registration, state in before:
        _check(state, to)
        registration.state = to
    Registration.objects.filter(pk__in=[registration.pk for registration in registrations]).update(state=to)
    if to == State.CANCELLED:
        end_for_cancelled([registration.pk for registration in registrations], now=origin.at)
    return _record(before, origin=origin)


def note(
    registrations: Sequence[Registration], *, origin: Origin, fields: Mapping[int, list[str]]
) -> list[Change]:
    """Records that something but the state changed: `fields` names it, by the student's number."""
    changes = [_change(registration, registration.state, origin) for registration in registrations]
    for change in changes:
        change.fields = fields[change.registration.student_id]
    insert(changes)
    return changes


def _record(before: list[tuple[Registration, str]], *, origin: Origin) -> list[Change]:
    for registration, state in before:
        _check(state, registration.state)
    changes = [_change(registration, state, origin) for registration, state in before]
    insert(changes)
    return changes


def _check(state: str, to: str) -> None:
    if to not in GRAPH[state]:
        raise ForbiddenTransition(f"{state or 'nothing'} → {to}")


def _change(registration: Registration, state: str, origin: Origin) -> Change:
    return Change(
        registration=registration,
        from_state=state,
        to_state=registration.state,
        at=origin.at,
        cause=origin.cause,
        actor=origin.actor,
        user=origin.user,
        reason=origin.reason,
    )
