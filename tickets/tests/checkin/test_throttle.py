"""Guessing codes: references are refused after too many unknown codes, tickets never."""

import secrets
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events.models import Event
from registrations.models import random_code
from tickets import abuse_detection, alerts
from tickets.checkin import lookup
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.entry import enter
from tickets.checkin.lookup import Kind, read
from tickets.models import Alert, CheckIn, Scan
from tickets.tests.builders.checkin import (
    as_json,
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    phone_of,
    scanned,
    ticket_for,
    volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return open_event(fest_today())


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate)


def nonsense(user: Any, checkpoint: Checkpoint, many: int) -> None:
    """So many unknown codes from this user a moment ago."""
    now = checkpoint.fest.opens_at
    rows = [Scan(user=user, gate=checkpoint.gate, where="-", at=now, verdict="unknown") for _ in range(many)]
    Scan.objects.bulk_create(rows)


def test_hundred_thousand_random_codes_check_no_one_in(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    """Uses the statement that checks people in. The module's docstring has the calculation for ten million."""
    tickets = [ticket_for(event) for _ in range(5)]
    codes = [random_code() for _ in range(100_000)]
    assert {read(code).kind for code in codes} == {Kind.CODE}
    assert enter(codes, checkpoint=checkpoint, user=ravi, how=CheckIn.How.SCAN) == {}
    assert not CheckIn.objects.exists()
    found = enter([*codes, tickets[0].code], checkpoint=checkpoint, user=ravi, how=CheckIn.How.SCAN)
    assert list(found) == [tickets[0].pk]


def test_user_who_tries_references_is_stopped_with_one_alert(
    checkpoint: Checkpoint, event: Event, ravi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MAX_UNKNOWN", 5)
    phone, ticket = phone_of(ravi), ticket_for(event)
    tries = ["".join(secrets.choice("23456789") for _ in range(7)) for _ in range(5)]
    assert {as_json(phone, checkpoint, one)["verdict"] for one in tries} == {"unknown"}
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.count) == ("guessing", str(ravi), 1)
    sent = {"code": ticket.student.reference, "key": "0" * 32}
    refused = phone.post(checkpoint.url("scan"), sent, headers={"Accept": "application/json"})
    assert (refused.status_code, refused.json()["verdict"]) == (429, "too_many")
    assert phone.post(checkpoint.url("scan"), sent).status_code == 429
    assert Alert.objects.get().count == 3
    assert as_json(phone, checkpoint, ticket.code)["verdict"] == "in"


def test_others_are_not_stopped_by_who_guesses(checkpoint: Checkpoint, event: Event, ravi: Any) -> None:
    nonsense(ravi, checkpoint, lookup.MAX_UNKNOWN)
    assert (
        scanned(checkpoint, ticket_for(event).student.reference, volunteer(checkpoint.gate)).verdict == "in"
    )


def test_unreadable_codes_count_for_nothing(
    checkpoint: Checkpoint, ravi: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MAX_UNKNOWN", 2)
    for _ in range(3):
        scanned(checkpoint, "crumpled", ravi)
    assert scanned(checkpoint, "ABC2345", ravi).verdict == "unknown"
    assert not Alert.objects.exists()


@pytest.mark.parametrize("name", ["tickets:ticket", "tickets:delegation", "tickets:certificate"])
def test_public_page_slows_down_only_those_who_guess(
    event: Event, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(abuse_detection, "PUBLIC_RATE", {"unknown": "10/10m/ip"})
    ticket = ticket_for(event)
    responses = [Client().get(reverse(name, args=[random_code()])).status_code for _ in range(12)]
    assert responses == [404] * 10 + [429] * 2
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.count) == ("guessing", "127.0.0.1", 2)
    assert Client().get(ticket.get_absolute_url()).status_code == 200
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert elsewhere.get(reverse(name, args=[random_code()])).status_code == 404


def test_new_alert_rings_after_the_old_one_was_seen(ravi: Any) -> None:
    alerts.raise_alert("guessing", "Ravi")
    Alert.objects.update(seen_at="2030-01-01T00:00Z")
    alerts.raise_alert("guessing", "Ravi")
    assert Alert.objects.count() == 2
