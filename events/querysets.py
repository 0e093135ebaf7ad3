"""Named queries on events and seats."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db import connection, models

from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import columns

if TYPE_CHECKING:
    from events.models import Event, Seats  # noqa: F401 - the type arguments below


class EventQuerySet(models.QuerySet["Event"]):
    def published(self) -> "EventQuerySet":
        return self.filter(state="published")

    def shown(self) -> "EventQuerySet":
        """The events that the public may see: published, or cancelled after publication."""
        return self.exclude(state="draft")

    def with_related(self) -> "EventQuerySet":
        return self.select_related("fest", "category", "venue", "seats")


class SeatsQuerySet(models.QuerySet["Seats"]):
    def locked(self, event_ids: Iterable[int]) -> list["Seats"]:
        """The Seats rows of these events in primary-key order, locked until the transaction ends.

        The lock (`no_key`) does not block foreign-key checks. Read data for decisions in a later statement, since
        the values of this one may have been computed before it waited for the lock.
        """
        batch = Batch()
        locked = self.queue_lock(batch, event_ids)
        batch.send()
        return self.from_rows(locked)

    def queue_lock(self, batch: Batch, event_ids: Iterable[int]) -> Result:
        """As `locked`, as a statement of a batch; `from_rows` makes the rows of its result."""
        wanted = sorted(set(event_ids))
        if not wanted:
            return Result(rows=[])
        return batch.add(_lock_statement(self.model, len(wanted)), wanted)

    def from_rows(self, locked: Result) -> list["Seats"]:
        names = columns(self.model)
        return [self.model.from_db(connection.alias, names, row) for row in locked.rows]

    def queue_add(self, batch: Batch, event_id: int, *, taken: int, waiting: int, from_held: int = 0) -> None:
        """Queue an addition to the counts of an event and to its last queue position.

        `from_held` counts held seats that are now given to a student; they are part of `taken` already. This is the
        second guard, exact even if the caller holds no lock: a statement that would exceed the capacity or the held
        seats violates a CHECK constraint of `SEATS_GUARDS`, so that COMMIT may travel behind it.
        """
        batch.add(_ADD, [event_id, taken, waiting, from_held])

    def advance(self, event_id: int, *, seats: int, from_held: int) -> bool:
        """Move this many from the waiting list to free and to held seats; return False if they do not fit.

        The second guard of manual promotions.
        """
        with connection.cursor() as cursor:
            cursor.execute(_ADVANCE, {"event": event_id, "seats": seats, "from_held": from_held})
            return bool(cursor.rowcount == 1)

    def hold(self, event_id: int, *, seats: int) -> bool:
        """Hold seats for students who are named later; return False if they do not fit."""
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, {"event": event_id, "seats": seats})
            return bool(cursor.rowcount == 1)

    def let_go(self, event_id: int, *, seats: int) -> bool:
        """Release held seats; return False if fewer are held."""
        with connection.cursor() as cursor:
            cursor.execute(_LET_GO, {"event": event_id, "seats": seats})
            return bool(cursor.rowcount == 1)


@lru_cache(maxsize=128)
def _lock_statement(model: type[models.Model], count: int) -> str:
    """The ORM's locking statement for this many rows, built once instead of for every request."""
    rows = model._default_manager.filter(pk__in=range(count)).order_by("pk")
    return rows.select_for_update(no_key=True, of=("self",)).query.sql_with_params()[0]


SEATS_GUARDS = frozenset({"events_seats_taken_check", "events_seats_held_check"})
"""The constraints (at least 0) that an addition violates when it goes above the capacity or below the held seats."""
_ADD = """
    UPDATE events_seats SET
        taken = CASE WHEN $2 = 0 OR taken + $2 <= capacity THEN taken + $2 ELSE -1 END,
        waiting = waiting + $3,
        held = held - $4,
        last_queue_position = last_queue_position + $2 + $3 + $4,
        filled_at = CASE WHEN $2 > 0 AND taken + $2 = capacity THEN clock_timestamp() ELSE filled_at END
    WHERE event_id = $1
"""
_ADVANCE = """
    UPDATE events_seats SET
        taken = taken + %(seats)s, held = held - %(from_held)s, waiting = waiting - %(seats)s - %(from_held)s,
        filled_at = CASE WHEN %(seats)s > 0 AND taken + %(seats)s = capacity
            THEN clock_timestamp() ELSE filled_at END
    WHERE event_id = %(event)s AND (%(seats)s = 0 OR taken + %(seats)s <= capacity) AND %(from_held)s <= held
        AND %(seats)s + %(from_held)s <= waiting
"""
_HOLD = """
    UPDATE events_seats SET
        taken = taken + %(seats)s, held = held + %(seats)s,
        filled_at = CASE WHEN taken + %(seats)s = capacity THEN clock_timestamp() ELSE filled_at END
    WHERE event_id = %(event)s AND taken + %(seats)s <= capacity
"""
_LET_GO = """
    UPDATE events_seats SET taken = taken - %(seats)s, held = held - %(seats)s
    WHERE event_id = %(event)s AND %(seats)s <= held
"""
