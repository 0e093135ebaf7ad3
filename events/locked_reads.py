"""The event data on which decisions about seats are based, read in one constant statement with the time."""

import datetime as dt
from collections.abc import Iterable

from django.db import connection

from events.models import Event, Fest
from techfest.core.db.bulk import columns

_EVENT = columns(Event, without={"summary", "description", "rules", "bring", "picture", "sequence"})
_FEST = columns(Fest, without={"place", "logo", "contact_name", "contact_email", "privacy_text"})
_READ = (
    f"SELECT clock_timestamp(), {', '.join(f'e.{name}' for name in _EVENT)},"  # noqa: S608 - names of ours only
    f" {', '.join(f'f.{name}' for name in _FEST)}"
    " FROM events_event e JOIN events_fest f ON f.id = e.fest_id"
    " WHERE e.id = ANY(%s) AND e.state <> 'draft'"
)


def read_locked_events(event_ids: Iterable[int]) -> tuple[dict[int, Event], dt.datetime | None]:
    """These events (except drafts) by id, and the database's time, which is None if there is no event.

    Call it after locking their Seats rows, so that no decision is based on older data. Columns that no rule needs
    are deferred.
    """
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(event_ids)])
        rows = cursor.fetchall()
    events = {}
    now = None
    for row in rows:
        now = row[0]
        event = Event.from_db(connection.alias, _EVENT, row[1 : 1 + len(_EVENT)])
        event.fest = Fest.from_db(connection.alias, _FEST, row[1 + len(_EVENT) :])
        events[event.pk] = event
    return events, now
