"""All web workers busy, locks held by others, and a broker that is gone: everybody gets an answer in time."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from deploy.tests.front import (
    acknowledged,
    answers,
    clicks,
    form_for,
    is_busy_page,
    kept,
    running_front,
    send,
    slowest,
    submit_again,
    taken,
    until,
    waiting_for_locks,
)
from deploy.tests.nginx.house import Answer, wait_for
from events.models import Event, Seats
from registrations.models import Registration, Submission
from registrations.tests.builders import build_event, build_fest
from tickets.models import Delivery
from tickets.tests.audited import run as audit
from tickets.tests.brokers import hanging_url, refusing_url

__all__ = ["send"]

pytestmark = [
    pytest.mark.nginx,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def event() -> Event:
    return build_event(build_fest(), capacity=1000)


def test_all_workers_busy_and_a_full_backlog_shed_the_rest_at_once(
    event: Event, data_folder: Path, send: Any
) -> None:
    with running_front(data_folder, backlog=0) as front:
        with clicks(front, event, rate=20, seconds=1.5) as visitors, transaction.atomic():
            started = time.monotonic()
            Seats.objects.locked([event.pk])
            wait_for(lambda: waiting_for_locks() == 2)
            health = send(front.get, "/health/live")
            until(started + 4)
        assert health.result(timeout=10).status in {200, 503}
        assert front.get("/health/live").status == 200
        output, longest = answers(visitors), slowest(visitors)
        assert kept(acknowledged(visitors)) == [1] * output["302"]
        submit_again(front, [visitor for visitor in visitors if visitor not in acknowledged(visitors)])
    assert set(output) == {"302", "503"}
    assert output["503"] > 20
    assert longest < 10.0
    assert (len(acknowledged(visitors)), kept(visitors)) == (30, [1] * 30)
    assert audit() == []


def test_lock_held_elsewhere_ends_in_the_busy_page_with_everything_typed(
    event: Event, data_folder: Path
) -> None:
    form = form_for(event)
    with running_front(data_folder) as front:
        with transaction.atomic():
            Seats.objects.locked([event.pk])
            began = time.monotonic()
            answer = front.post_form(form)
            waited = time.monotonic() - began
        again = front.post_form(form)
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert is_busy_page(answer.body, form) is True
    assert waited < 4.0
    assert (again.status, Registration.objects.count(), taken(event)) == (302, 1, 1)
    assert audit() == []


def longest_wait_of_three(event: Event, data: Path, send: Any, **extra: Any) -> float:
    """Seconds of the longest statement of three requests whose event is locked until all are answered.

    Measured by the database's clock, so that a busy machine adds nothing to it. Tried again if the three did not wait
    at the same time.
    """
    with running_front(data, workers=3, **extra) as front:
        for _attempt in range(5):
            with transaction.atomic():
                Seats.objects.locked([event.pk])
                pending = [send(front.post_form, form_for(event, number=number)) for number in range(3)]
                waits = watched_waits(pending)
            assert [one.result().status for one in pending] == [503] * 3
            if max(len(seconds) for seconds in waits) == 3:
                return max(max(seconds, default=0.0) for seconds in waits)
    raise AssertionError("the three never waited at the same time")


def watched_waits(pending: Sequence[Future[Answer]]) -> list[list[float]]:
    """Every few milliseconds, for how long each session has waited for a lock, until all requests are answered."""
    found: list[list[float]] = [[]]
    while not all(one.done() for one in pending):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction reads the same again
            cursor.execute(_WAITS)
            found.append([float(seconds) for (seconds,) in cursor.fetchall()])
        time.sleep(0.01)
    return found


_WAITS = """
    SELECT extract(epoch FROM clock_timestamp() - query_start) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND datname = current_database()
"""
BETWEEN = 4.5
"""Seconds between the end of one wait, 3, and of two, 6."""


def test_three_who_wait_for_one_row_wait_no_longer_than_promised(
    event: Event, data_folder: Path, send: Any
) -> None:
    """One of them waits for its turn first and for the row after that; both within the promised time."""
    assert longest_wait_of_three(event, data_folder, send) < BETWEEN


def test_without_the_limit_of_the_statement_one_of_three_waits_longer(
    event: Event, data_folder: Path, send: Any
) -> None:
    """The negative control: `lock_timeout` alone begins anew with the second wait."""
    unlimited = {
        "DATABASE_STATEMENT_TIMEOUT": "8000",
        "application": "deploy.tests.applications.unlimited",
    }
    assert longest_wait_of_three(event, data_folder, send, **unlimited) > BETWEEN


def deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def test_deadlock_is_repeated_and_the_visitor_sees_the_seat(
    event: Event, data_folder: Path, send: Any
) -> None:
    """Somebody at the database locks against the order; the worker is the one that is ended."""
    other = build_event(event.fest)
    before = deadlocks()
    with running_front(data_folder) as front:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '20s'")
            Seats.objects.locked([other.pk])
            pending = send(front.post_form, {**form_for(event), "events": [event.slug, other.slug]})
            wait_for(lambda: waiting_for_locks() == 1)
            Seats.objects.locked([event.pk])
        answer = pending.result(timeout=10)
    assert answer.status == 302
    assert (taken(event), taken(other), Submission.objects.count()) == (1, 1, 1)
    wait_for(lambda: deadlocks() > before)
    assert audit() == []


@pytest.mark.parametrize(("broker", "seconds"), [("refuses", 2.0), ("hangs", 3.0)])
def test_click_does_not_wait_for_a_broker_that_is_gone(
    event: Event, data_folder: Path, broker: str, seconds: float
) -> None:
    with hanging_url() as hanging:
        url = hanging if broker == "hangs" else refusing_url()
        with running_front(data_folder, REDIS_URL=url) as front:
            for number in range(4):
                began = time.monotonic()
                assert front.post_form(form_for(event, number=number)).status == 302
                assert time.monotonic() - began < seconds
            parts = json.loads(front.get("/health/ready").body)["parts"]
    assert parts["broker"]["ok"] is False
    assert Delivery.objects.filter(state=Delivery.State.QUEUED).count() == 4
    assert audit() == []
