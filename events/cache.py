"""The current fest and its events as the public pages show them, kept by each process for a few seconds.

Seat counts in it may be five seconds old, so no decision is based on them: only the seat transaction says "full".
"""

import datetime as dt
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import Error

from events.models import Event, Fest
from techfest.core.db.clock import database_now
from techfest.core.page_template import PageCache
from techfest.core.ttl_cache import CachedValue

RETRY = 1.0
"""Seconds between two attempts to reach a database that does not answer."""
LIFETIME = 5.0
"""Seconds; less if registration opens or closes sooner."""

Derived = TypeVar("Derived")


@dataclass(frozen=True)
class CachedFest:
    """The current fest and its events at `read_at` by the database's clock, and the pages rendered from them."""

    fest: Fest | None
    events: tuple[Event, ...]
    read_at: dt.datetime
    taken_at: float = field(default_factory=time.monotonic)
    pages: PageCache = field(default_factory=PageCache)
    _derived: dict[str, Any] = field(default_factory=dict, repr=False)

    def derive(self, name: str, make: Callable[[], Derived]) -> Derived:
        """What `make` computes from this snapshot: computed once, and kept as long as the snapshot."""
        if name not in self._derived:
            self._derived[name] = make()
        derived: Derived = self._derived[name]
        return derived

    @property
    def now(self) -> dt.datetime:
        """The database's time, advanced by the monotonic clock of this process."""
        return self.read_at + dt.timedelta(seconds=time.monotonic() - self.taken_at)

    @property
    def lifetime(self) -> float:
        """Seconds until it is too old, or until registration for one of the events next opens or closes."""
        edges = (edge for event in self.events for edge in _edges(event))
        ahead = [(edge - self.read_at).total_seconds() for edge in edges if edge > self.read_at]
        return min([LIFETIME, *ahead])

    def event(self, slug: str) -> Event | None:
        return next((event for event in self.events if event.slug == slug), None)

    def chosen(self, slugs: Iterable[str]) -> list[Event]:
        wanted = set(slugs)
        return [event for event in self.events if event.slug in wanted]


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


_cache = CachedValue(_read, lifetime=lambda found: found.lifetime, retry=RETRY, stale_on=(Error,))


def cached_fest() -> CachedFest:
    """The cached fest, read again (three queries) if it is too old. If the database fails, the old one stays."""
    return _cache.get()


def last_known_fest() -> Fest | None:
    """The fest that this process read last, without a query."""
    cached = _cache.peek()
    return cached.fest if cached else None


def forget() -> None:
    """Make the next call read again."""
    _cache.forget()


def known_events(ids: Iterable[int]) -> dict[int, Event]:
    """These events with their related rows, from the cache where possible, the others in one query."""
    wanted = set(ids)
    known = {event.pk: event for event in cached_fest().events if event.pk in wanted}
    if missing := wanted - known.keys():
        known |= Event.objects.with_related().in_bulk(missing)
    return known


def known_fest(fest_id: int) -> Fest:
    """This fest, from the cache if it is the current one."""
    fest = cached_fest().fest
    return fest if fest and fest.pk == fest_id else Fest.objects.get(pk=fest_id)
