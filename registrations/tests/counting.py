"""What an event's rows say, and what work costs, to be compared at a glance."""

import os
from collections.abc import Callable
from typing import Any

import psycopg
from django.db import connection

from events.models import Event, Seats
from registrations.models import Registration


def counts(event: Event) -> tuple[int, int, int]:
    """Seats taken, waiting, and the last queue position given."""
    seats = Seats.objects.get(pk=event.pk)
    return seats.taken, seats.waiting, seats.last_queue_position


def states(event: Event) -> list[str]:
    """The states of all registrations in the order of their queue positions."""
    return list(event.registrations.order_by("queue_position").values_list("state", flat=True))


def recount(event: Event) -> tuple[int, int]:
    """Seats held and waiting, from the registrations themselves."""
    rows = Registration.objects.filter(event=event)
    return rows.holding_seats().count(), rows.waiting().count()


def round_trips(work: Callable[[], Any]) -> int:
    """How often the server was asked and answered while the work was done, counted on the line."""
    connection.ensure_connection()
    pgconn, file = connection.connection.pgconn, os.memfd_create("trace")
    pgconn.trace(file)
    pgconn.set_trace_flags(psycopg.pq.Trace.SUPPRESS_TIMESTAMPS)
    try:
        work()
    finally:
        pgconn.untrace()
    with os.fdopen(file, "rb") as trace:
        trace.seek(0)
        return sum(line.startswith(b"B") and b"ReadyForQuery" in line for line in trace)
