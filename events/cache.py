"""What the public pages know of the current fest, kept by each process for a few seconds.

Counts in it may be five seconds old: they decide nothing. Only the seat transaction says "full".
"""

import datetime as dt
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import Error

from events.models import Event, Fest
from techfest.core.db.clock import database_now

RETRY = 1.0
"""Seconds between two looks at a database that is away."""
MAX_PAGES = 200
"""Rendered pages kept with one cached fest; filters make many."""
LIFETIME = 5.0
"""Seconds; less where registration opens or closes sooner."""


@dataclass(frozen=True)
class CachedFest:
    """The current fest and its events as they stood at `read_at`, by the database's clock."""

    fest: Fest | None
    events: tuple[Event, ...]
    read_at: dt.datetime
    taken_at: float = field(default_factory=time.monotonic)
    pages: dict[object, str] = field(default_factory=dict)

    @property
    def now(self) -> dt.datetime:
        """The database's time, carried on by this process's monotonic clock."""
        return self.read_at + dt.timedelta(seconds=time.monotonic() - self.taken_at)

    @property
    def lifetime(self) -> float:
        """Seconds until it is too old, or until the next opening or closing makes it untrue."""
        edges = (edge for event in self.events for edge in _edges(event))
        ahead = [(edge - self.read_at).total_seconds() for edge in edges if edge > self.read_at]
        return min([LIFETIME, *ahead])

    def keep(self, key: object, page: str) -> None:
        """Remembers a rendered page for as long as this cached fest lives; the oldest gives way to it.

        What is really asked for is back at once, and made-up combinations do not stay.
        """
        if len(self.pages) >= MAX_PAGES and key not in self.pages:
            self.pages.pop(next(iter(self.pages)), None)
        self.pages[key] = page

    def event(self, slug: str) -> Event | None:
        return next((event for event in self.events if event.slug == slug), None)

    def chosen(self, slugs: Iterable[str]) -> list[Event]:
        wanted = set(slugs)
        return [event for event in self.events if event.slug in wanted]


_kept: tuple[float, CachedFest] | None = None


def cached_fest() -> CachedFest:
    """The fest in memory, read again when too old (three queries). While the database is away the last one stays."""
    global _kept
    if _kept is None or time.monotonic() >= _kept[0]:
        try:
            fresh = _read()
        except Error:
            if _kept is None:
                raise
            _kept = (time.monotonic() + RETRY, _kept[1])
        else:
            _kept = (fresh.taken_at + fresh.lifetime, fresh)
    return _kept[1]


def known_events(ids: Iterable[int]) -> dict[int, Event]:
    """These events with their related rows: from memory where they are there, the rest in one query."""
    wanted = set(ids)
    known = {event.pk: event for event in cached_fest().events if event.pk in wanted}
    if missing := wanted - known.keys():
        known |= Event.objects.with_related().in_bulk(missing)
    return known


def known_fest(fest_id: int) -> Fest:
    """This fest, from memory where it is the current one."""
    fest = cached_fest().fest
    return fest if fest and fest.pk == fest_id else Fest.objects.get(pk=fest_id)


def forget() -> None:
    """Makes the next call read anew."""
    global _kept
    _kept = None


def last_known_fest() -> Fest | None:
    """The fest without asking the database, if this process has seen it."""
    return _kept[1].fest if _kept else None


def _read() -> CachedFest:
    fest = Fest.objects.select_related("logo").defer("logo__data").filter(is_current=True).first()
    if fest is None:
        return CachedFest(None, (), database_now())
    events = tuple(fest.events.shown().select_related("category", "venue", "seats"))
    for event in events:
        event.fest = fest
    return CachedFest(fest, events, database_now())


def _edges(event: Event) -> tuple[dt.datetime, ...]:
    return (event.registration_opens_at, event.registration_closes_at, event.promotion_ends_at)
