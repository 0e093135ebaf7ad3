"""The event data on which decisions about seats are based, read in one constant statement with the time."""

import datetime as dt
from collections.abc import Iterable

from django.db import connection

from events.models import Event, Fest
from techfest.core.db.batch import Batch, Result
from techfest.core.db.bulk import columns

EVENT_COLUMNS = columns(Event, without={"summary", "description", "rules", "bring", "picture", "sequence"})
_FEST = columns(Fest, without={"place", "logo", "contact_name", "contact_email", "privacy_text"})
_READ = (
    f"SELECT clock_timestamp(), {', '.join(f'e.{name}' for name in EVENT_COLUMNS)},"  # noqa: S608 - names of ours only
    f" {', '.join(f'f.{name}' for name in _FEST)}"
    " FROM events_event e JOIN events_fest f ON f.id = e.fest_id"
    " WHERE e.id = ANY(%s::bigint[]) AND e.state <> 'draft'"
)


def read_locked_events(event_ids: Iterable[int]) -> tuple[dict[int, Event], dt.datetime | None]:
    """These events (except drafts) by id, and the database's time, which is None if there is no event.

    Call it after locking their Seats rows, so that no decision is based on older data. Columns that no rule needs
    are deferred.
    """
    batch = Batch()
    read = queue_read(batch, event_ids)
    batch.send()
    return events_of(read)


def queue_read(batch: Batch, event_ids: Iterable[int]) -> Result:
    """The same as a statement of a batch, behind the one that locks; `events_of` has what it read."""
    return batch.add(_READ, [list(event_ids)])


def events_of(read: Result) -> tuple[dict[int, Event], dt.datetime | None]:
    events = {}
    now = None
    for row in read.rows:
        now = row[0]
        event = Event.from_db(connection.alias, EVENT_COLUMNS, row[1 : 1 + len(EVENT_COLUMNS)])
        event.fest = Fest.from_db(connection.alias, _FEST, row[1 + len(EVENT_COLUMNS) :])
        events[event.pk] = event
    return events, now
