"""The only module that writes the state of a registration; each state comes with its `Change`.

Every function here needs an open `change_ledger` and the locks of the events' Seats rows.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F

from events.models import Seats
from registrations.booking import ledger
from registrations.booking.conflicts import end_for_cancelled
from registrations.models import Change, Hold, Registration
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import insert, next_keys, queue_insert

State = Registration.State
GRAPH: dict[str, frozenset[str]] = {
    "": frozenset({State.CONFIRMED, State.WAITING}),
    State.WAITING: frozenset({State.CONFIRMED, State.CANCELLED}),
    State.CONFIRMED: frozenset({State.CANCELLED}),
    State.CANCELLED: frozenset(),
}
"""The states that may follow each state; the empty one precedes the first."""


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


def queue_keys(batch: Batch, count: int) -> Result:
    """Queue the reading of the primary keys for `count` registrations that `create` will insert."""
    return next_keys(batch, [Registration, Change], count)


def create(
    registrations: Sequence[Registration], *, origin: Origin, keys: Result | None = None
) -> list[Change]:
    """Gives new registrations and their changes primary keys, and queues both in the ledger's batch.

    A change belongs to the same submission as its registration. `keys` was read with an earlier batch; without it
    they cost a round trip here. The rows exist once the ledger's block or its batch has ended.
    """
    batch = ledger.require_ledger().batch
    if keys is None:
        before = Batch()
        keys = queue_keys(before, len(registrations))
        before.send()
    changes = []
    for registration, (key, change_key) in zip(registrations, keys.rows, strict=False):
        _check("", registration.state)
        registration.pk = key
        change = _change(registration, "", origin)
        change.pk, change.submission = change_key, registration.submission
        changes.append(change)
    queue_insert(batch, registrations)
    queue_insert(batch, changes)
    ledger.record(changes)
    return changes


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
