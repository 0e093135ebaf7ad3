"""Leases, played with the rows of tickets, whose columns have a prefix."""

import datetime as dt

import pytest
from django.db import connection, transaction

from registrations.tests.builders import build_event, build_fest, build_submission
from registrations.tests.races import at_once
from techfest.core.db import processes
from techfest.core.db.clock import database_now
from techfest.core.db.leases import Lease
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)
LEASE = Lease(MINUTE, prefix="render_")


def build_rows(count: int) -> list[int]:
    event = build_event(build_fest())
    for _ in range(count):
        build_submission(event)
    return list(Ticket.objects.order_by("pk").values_list("pk", flat=True))


def claim(limit: int = 1, *, after: dt.timedelta = dt.timedelta()) -> list[int]:
    return LEASE.claim(Ticket.objects.order_by("pk"), now=database_now() + after, limit=limit)


def test_first_free_rows_are_claimed_and_their_attempts_counted() -> None:
    rows = build_rows(3)
    assert claim(2) == rows[:2]
    claimed = Ticket.objects.get(pk=rows[0])
    assert (claimed.render_attempts, claimed.render_claimed_by) == (1, processes.this_process())
    assert claim(2) == rows[2:]
    assert claim() == []


def test_claim_ends_with_its_lease() -> None:
    (row,) = build_rows(1)
    claim()
    assert claim(after=MINUTE / 2) == []
    assert claim(after=2 * MINUTE) == [row]
    assert Ticket.objects.get().render_attempts == 2


def test_row_that_was_claimed_by_another_is_no_longer_mine() -> None:
    build_rows(1)
    claim()
    row = Ticket.objects.get()
    assert LEASE.mine(row).exists()
    claim(after=2 * MINUTE)
    assert not LEASE.mine(row).exists()
    assert not LEASE.postpone(row, now=database_now(), pause=MINUTE)


def test_postponed_row_is_free_after_the_pause() -> None:
    (row,) = build_rows(1)
    claim()
    LEASE.postpone(Ticket.objects.get(), now=database_now(), pause=MINUTE / 4)
    assert claim(after=MINUTE / 8) == []
    assert claim(after=MINUTE / 2) == [row]


def test_rows_of_a_dead_process_are_free_at_their_first_attempt() -> None:
    first, second = build_rows(2)
    claim(2)
    dead = f"{processes.this_process().rpartition(' ')[0]} 1"
    Ticket.objects.update(render_claimed_by=dead)
    Ticket.objects.filter(pk=second).update(render_attempts=2)
    assert LEASE.free_of_the_dead(Ticket.objects.all(), render_error="again") == 1
    assert Ticket.objects.get(render_error="again").pk == first
    assert claim(2) == [first]


def test_rows_of_a_living_process_stay_claimed() -> None:
    build_rows(1)
    claim()
    assert LEASE.free_of_the_dead(Ticket.objects.all()) == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_row() -> None:
    rows = build_rows(6)
    found = at_once([lambda: claim(2)] * 3)
    assert sorted(pk for ids in found for pk in ids) == rows


@pytest.mark.django_db(transaction=True)
def test_row_that_is_being_claimed_is_skipped_and_not_waited_for() -> None:
    first, second = build_rows(2)
    with transaction.atomic():
        Ticket.objects.select_for_update().get(pk=first)
        (found,) = at_once([claim])
    assert found == [second]
    assert not connection.in_atomic_block
