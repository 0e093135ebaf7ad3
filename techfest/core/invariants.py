"""Checks of a live database: what they are made of, and those that need to know events only.

A check is a function with the number of its invariant. It asks the whole database with a fixed number of
queries and yields one plain sentence for each offender; a sound database yields none.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

CLOSES_AT = "least(coalesce(e.closes_at, least(f.closes_at, e.starts_at)), e.ends_at)"
"""`Event.registration_closes_at` for a query in which `e` is an event and `f` its fest."""
Finder = Callable[[], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Check:
    """One question; `name` is that of its function, `invariant` the number that the project gave it."""

    invariant: int
    find: Finder

    @property
    def name(self) -> str:
        return self.find.__name__.replace("_", " ")

    @property
    def meaning(self) -> str:
        """The first line of what the function says of itself."""
        return (self.find.__doc__ or "").strip().partition("\n")[0]


def invariant(number: int) -> Callable[[Finder], Check]:
    """Makes a check of a function that yields sentences."""
    return lambda find: Check(number, find)


def rows(*parts: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of one query, which is written in one or several parts."""
    with connection.cursor() as cursor:
        cursor.execute("\n".join(parts), params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@contextmanager
def one_moment() -> Iterator[None]:
    """Everything inside sees the database as it stood at the first query, and can change nothing.

    The limits that protect the pages are lifted: on a big fest one check may take longer than a click.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = '5min'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")
        yield


@invariant(1)
def every_event_has_its_seats() -> Iterator[str]:
    """Each event has the row that counts its seats."""
    sql = """
        SELECT e.name FROM events_event e LEFT JOIN events_seats s ON s.event_id = e.id
        WHERE s.event_id IS NULL ORDER BY e.id
    """
    for (event,) in rows(sql):
        yield f"{event} has no row that counts its seats."


@invariant(1)
def capacity_is_the_last_that_was_kept() -> Iterator[str]:
    """The capacity of each event is what its history says last, so that the history can be believed."""
    sql = """
        SELECT e.name, s.capacity, last.capacity
        FROM events_seats s JOIN events_event e ON e.id = s.event_id
        LEFT JOIN LATERAL (
            SELECT c.capacity FROM events_capacitychange c WHERE c.event_id = e.id
            ORDER BY c.at DESC, c.id DESC LIMIT 1
        ) last ON true
        WHERE s.capacity IS DISTINCT FROM last.capacity ORDER BY e.id
    """
    for event, capacity, kept in rows(sql):
        yield f"{event} has {capacity} seats, but its history says {'nothing' if kept is None else kept}."


CHECKS = (every_event_has_its_seats, capacity_is_the_last_that_was_kept)
