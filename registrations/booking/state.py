"""The only module that writes the state of a registration; each state comes with its `Change`.

Every function here needs an open `change_ledger` and the locks of the events' Seats rows.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from events.models import Seats
from registrations.booking import ledger
from registrations.booking.conflicts import end_for_cancelled
from registrations.models import Change, Hold, Registration
from techfest.core.db.bulk import insert

State = Registration.State
GRAPH: dict[str, frozenset[str]] = {
    "": frozenset({State.CONFIRMED, State.WAITING}),
    State.WAITING: frozenset({State.CONFIRMED, State.CANCELLED}),
    State.CONFIRMED: frozenset({State.CANCELLED}),
    State.CANCELLED: frozenset(),
}
"""The states that may follow each state; the empty one precedes the first."""


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
"""One round trip under the seats' lock instead of two. Event and queue position identify each returned row."""


class ForbiddenTransition(Exception):
    """Code requested a state that may not follow the present one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who causes a change, when and why; `reason` is free text by an organiser or a volunteer."""

    cause: str
    actor: str
    at: dt.datetime
    user: Any = None
    reason: str = ""


def create(registrations: Sequence[Registration], *, origin: Origin) -> list[Change]:
    """Inserts new registrations with their changes in one statement.

    A change belongs to the same submission as its registration.
    """
    ledger.require_ledger()
    changes = [_change(registration, "", origin) for registration in registrations]
    for registration, change in zip(registrations, changes, strict=True):
        _check("", registration.state)
        change.submission = registration.submission
    with connection.cursor() as cursor:
        cursor.execute(_CREATE, _columns(registrations, origin))
        keys = {(event, queue_position): pair for event, queue_position, *pair in cursor.fetchall()}
    for registration, change in zip(registrations, changes, strict=True):
        registration.pk, change.pk = keys[registration.event_id, registration.queue_position]
        registration._state.adding = change._state.adding = False
        change.registration = registration
    ledger.record(changes)
    return changes


def _columns(registrations: Sequence[Registration], origin: Origin) -> dict[str, Any]:
    """The parameters of `_CREATE`."""
    return {
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


def move(registrations: Sequence[Registration], *, to: str, origin: Origin) -> list[Change]:
    """Moves registrations to one state. The caller counts the seats.

    Conflicts of cancelled registrations end.
    """
    ledger.require_ledger()
    before = [registration.state for registration in registrations]
    for registration in registrations:
        _check(registration.state, to)
        registration.state = to
    Registration.objects.filter(pk__in=[registration.pk for registration in registrations]).update(state=to)
    if to == State.CANCELLED:
        end_for_cancelled([registration.pk for registration in registrations], now=origin.at)
    return _insert([_change(row, state, origin) for row, state in zip(registrations, before, strict=True)])


def give_up(
    registrations: Sequence[Registration], seats: dict[int, Seats], *, origin: Origin
) -> list[Change]:
    """Cancels these locked registrations and subtracts them from the counts of their events.

    Nobody is promoted here.
    """
    _return_seats(registrations, seats)
    return move(registrations, to=State.CANCELLED, origin=origin)


def note(
    registrations: Sequence[Registration], *, origin: Origin, fields: Mapping[int, list[str]]
) -> list[Change]:
    """Records a change of something other than the state; `fields` names it, by student id."""
    changes = [_change(registration, registration.state, origin) for registration in registrations]
    for change in changes:
        change.fields = fields[change.registration.student_id]
    return _insert(changes)


def _return_seats(registrations: Sequence[Registration], seats: dict[int, Seats]) -> None:
    confirmed = Counter(row.event_id for row in registrations if row.holds_seat)
    waiting = Counter(row.event_id for row in registrations if not row.holds_seat)
    still_held = _return_to_holds(registrations)
    for event_id, row in seats.items():
        freed = confirmed[event_id] - still_held[event_id]
        row.taken -= freed
        row.held += still_held[event_id]
        row.waiting -= waiting[event_id]
        Seats.objects.filter(pk=event_id).update(
            taken=F("taken") - freed,
            held=F("held") + still_held[event_id],
            waiting=F("waiting") - waiting[event_id],
        )


def _return_to_holds(registrations: Iterable[Registration]) -> Counter[int]:
    """Returns seats to the holds they came from; counts those that stay held, by event id.

    A hold that was given back keeps none: its seats are free for everybody.
    """
    names = Counter(row.hold_id for row in registrations if row.hold_id and row.holds_seat)
    still_held: Counter[int] = Counter()
    for hold in Hold.objects.filter(pk__in=names) if names else ():
        Hold.objects.filter(pk=hold.pk).update(used=F("used") - names[hold.pk])
        if hold.state == Hold.State.HELD:
            still_held[hold.event_id] += names[hold.pk]
    return still_held


def _insert(changes: list[Change]) -> list[Change]:
    insert(changes)
    ledger.record(changes)
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
