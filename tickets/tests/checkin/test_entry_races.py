"""Concurrent scans of the same ticket check it in once."""

import threading
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.db import connection

from events.models import Event
from registrations.booking.cancel import cancel
from registrations.tests.races import at_once
from techfest.core.db.locking import Deadline
from techfest.core.errors import LockTimeout
from tickets.checkin import entry
from tickets.checkin import scan as scan_module
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.scan import check_in
from tickets.keys import random_key
from tickets.models import CheckIn, Scan, Ticket
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    ticket_for,
    volunteer,
)

pytestmark = [pytest.mark.race, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

_CONDITION = "AND t.voided_at IS NULL AND t.checked_in_at IS NULL"
_INDEX = "check_in_once_a_ticket"


@pytest.fixture
def event() -> Event:
    return open_event(fest_today())


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ticket(event: Event) -> Ticket:
    return ticket_for(event)


def meet_before_the_update(monkeypatch: pytest.MonkeyPatch, doors: int) -> None:
    """Every checkpoint has decided that the ticket is valid before the first checks it in."""
    barrier, enter, met = threading.Barrier(doors), entry.enter, threading.local()

    def meet(*args: Any, **kwargs: Any) -> Any:
        if not getattr(met, "once", False):
            met.once = True
            barrier.wait(20)
        return enter(*args, **kwargs)

    monkeypatch.setattr(scan_module, "enter", meet)


def scan_at(
    checkpoint: Checkpoint, ticket: Ticket, doors: int, monkeypatch: pytest.MonkeyPatch
) -> Counter[str]:
    """Scans the same code at so many checkpoints at once; returns the verdicts."""
    meet_before_the_update(monkeypatch, doors)
    people = [volunteer(checkpoint.gate) for _ in range(doors)]
    works = [
        partial(check_in, checkpoint, code=ticket.code, key=random_key(), user=person) for person in people
    ]
    return Counter(getattr(one, "verdict", type(one).__name__) for one in at_once(works))


def take_away_the_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _CONDITION in " ".join(entry._ENTER.split())
    without = " ".join(entry._ENTER.split()).replace(_CONDITION, "")
    monkeypatch.setattr(entry, "_ENTER", without)


@pytest.mark.parametrize("doors", [2, 20])
def test_same_code_at_many_doors_is_green_once(
    checkpoint: Checkpoint, ticket: Ticket, doors: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scan_at(checkpoint, ticket, doors, monkeypatch) == {"in": 1, "already": doors - 1}
    assert (CheckIn.objects.count(), Scan.objects.count()) == (1, doors)


def test_without_both_guards_it_is_green_more_than_once(
    checkpoint: Checkpoint, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: without the condition and the constraint the race does happen."""
    take_away_the_condition(monkeypatch)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {_INDEX}")
    try:
        assert scan_at(checkpoint, ticket, 5, monkeypatch)["in"] > 1
    finally:
        CheckIn.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE UNIQUE INDEX {_INDEX} ON tickets_checkin (ticket_id)"
                " WHERE (NOT is_reentry AND undone_at IS NULL)"
            )


def test_without_the_condition_the_constraint_holds_alone(
    checkpoint: Checkpoint, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_away_the_condition(monkeypatch)
    assert scan_at(checkpoint, ticket, 5, monkeypatch) == {"in": 1, "already": 4}
    assert CheckIn.objects.count() == 1


def test_one_key_sent_many_times_at_once_is_one_scan(checkpoint: Checkpoint, ticket: Ticket) -> None:
    person, key = volunteer(checkpoint.gate), random_key()
    results = at_once([partial(check_in, checkpoint, code=ticket.code, key=key, user=person)] * 8)
    assert [getattr(one, "verdict", one) for one in results] == ["in"] * 8
    assert (CheckIn.objects.count(), Scan.objects.count()) == (1, 1)


def test_cancelling_at_the_same_instant_leaves_no_green_for_a_void_ticket(
    checkpoint: Checkpoint, event: Event
) -> None:
    """Either the scan is red, or it was green first and the later cancellation revoked the check-in."""
    person = volunteer(checkpoint.gate)
    for _turn in range(6):
        ticket = ticket_for(event)
        scan, _cancelled = at_once(
            [
                partial(check_in, checkpoint, code=ticket.code, key=random_key(), user=person),
                partial(cancel, [ticket.registration_id], actor="organiser", deadline=Deadline()),
            ]
        )
        assert not isinstance(scan, LockTimeout)
        ticket.refresh_from_db()
        assert ticket.voided_at is not None
        assert ticket.checked_in_at is None
        assert not CheckIn.objects.filter(ticket=ticket, undone_at=None).exists()
        assert scan.verdict in ("in", "cancelled")
        if scan.verdict == "in":
            assert CheckIn.objects.get(ticket=ticket).undo_reason
