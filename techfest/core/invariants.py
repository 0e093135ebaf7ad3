"""Consistency checks of a live database: their registration, and the checks that concern events only.

A check is a function with the number of its invariant. It examines the whole database with a fixed number of queries
and yields one sentence for each violation.
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
    """A check; `name` is that of its function, `invariant` its number in ARCHITECTURE.md."""

    invariant: int
    find: Finder

    @property
    def name(self) -> str:
        return self.find.__name__.replace("_", " ")

    @property
    def meaning(self) -> str:
        """The first line of the function's docstring."""
        return (self.find.__doc__ or "").strip().partition("\n")[0]


def invariant(number: int) -> Callable[[Finder], Check]:
    """Decorate a function that yields sentences, making it a check."""
    return lambda find: Check(number, find)


def rows(*parts: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """All rows of one query, given in one or more parts."""
    with connection.cursor() as cursor:
        cursor.execute("\n".join(parts), params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


@contextmanager
def one_moment() -> Iterator[None]:
    """Run the block in a read-only snapshot of the database as of its first query.

    Statement timeouts for pages do not apply: on a large fest a check may take longer than a request may.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = '5min'")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")
        yield


@invariant(1)
def every_event_has_its_seats() -> Iterator[str]:
    """Each event has a Seats row."""
    sql = """
        SELECT e.name FROM events_event e LEFT JOIN events_seats s ON s.event_id = e.id
        WHERE s.event_id IS NULL ORDER BY e.id
    """
    for (event,) in rows(sql):
        yield f"{event} has no row that counts its seats."


@invariant(1)
def capacity_is_the_last_that_was_kept() -> Iterator[str]:
    """The capacity of each event equals the last entry of its history."""
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
