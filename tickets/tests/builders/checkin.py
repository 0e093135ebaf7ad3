"""Fests, gates, tickets and people for tests of the check-in."""

import datetime as dt
import hashlib
import re
import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from events.models import Event, Fest
from registrations.models import Registration
from registrations.tests.builders import build_event, build_fest, build_submission, build_user
from techfest.core.roles import OWNER, VOLUNTEER
from tickets.checkin.checkpoints import Checkpoint, forget
from tickets.checkin.scan import check_in
from tickets.keys import random_key
from tickets.models import Gate, Scan, Ticket


def fest_today(**values: Any) -> Fest:
    """A fest that began yesterday and ends tomorrow."""
    today = timezone.localtime(timezone.now()).date()
    days = {"starts_on": today - dt.timedelta(days=1), "ends_on": today + dt.timedelta(days=2)}
    return build_fest(**(days | values))


def open_event(fest: Fest, *, capacity: int = 10, minutes: int = 20, **values: Any) -> Event:
    """An event that starts in this many minutes and admits students already."""
    start = timezone.now() + dt.timedelta(minutes=minutes)
    times = {"starts_at": start, "ends_at": start + dt.timedelta(hours=1)}
    return build_event(fest, capacity=capacity, **(times | values))


def volunteer(*gates: Gate | None, **values: Any) -> Any:
    """A volunteer assigned to these gates."""
    user = build_user(**({"first_name": "Ravi"} | values))
    user.groups.add(Group.objects.get_or_create(name=VOLUNTEER)[0])
    for gate in filter(None, gates):
        gate.volunteers.add(user)
    return user


def owner() -> Any:
    user = build_user(first_name="Mira")
    user.groups.add(Group.objects.get_or_create(name=OWNER)[0])
    return user


def gate_of(fest: Fest, *events: Event, name: str = "Main gate") -> Gate:
    gate = Gate.objects.create(fest=fest, name=name)
    gate.events.set(events)
    return gate


def checkpoint_of(gate: Gate) -> Checkpoint:
    forget()
    return Checkpoint(gate.fest, gate=gate, event_ids=frozenset(gate.events.values_list("pk", flat=True)))


def ticket_for(event: Event, **values: Any) -> Ticket:
    submission = build_submission(event, **values)
    return Ticket.objects.select_related("registration__event", "student").get(
        registration__submission=submission
    )


def waiting_for(event: Event, **values: Any) -> Registration:
    """A waiting registration, although the waiting list of this event has closed."""
    moves_until = event.promotes_until
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now() + dt.timedelta(hours=1))
    registration = build_submission(event, **values).registrations.get()
    Event.objects.filter(pk=event.pk).update(promotes_until=moves_until)
    return registration


def scanned(checkpoint: Checkpoint, code: str, user: Any, **values: Any) -> Scan:
    """A scan with a verdict."""
    scan = check_in(checkpoint, code=code, key=random_key(), user=user, **values)
    assert isinstance(scan, Scan)
    return scan


def phone_of(user: Any) -> Client:
    """A logged-in client."""
    client = Client()
    client.force_login(user)
    return client


def key_in(response: Any) -> str:
    found = re.search(r'name="key" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def submit_scan(phone: Client, checkpoint: Checkpoint, code: str, **values: Any) -> Any:
    """Submits the code with the form of the scanner."""
    page = phone.get(checkpoint.url("scanner"))
    return phone.post(checkpoint.url("scan"), {"code": code, "key": key_in(page), **values}, follow=True)


def as_json(phone: Client, checkpoint: Checkpoint, code: str, **values: Any) -> dict[str, Any]:
    data = {"code": code, "key": str(uuid.uuid4()), **values}
    response = phone.post(checkpoint.url("scan"), data, headers={"Accept": "application/json"})
    assert response.status_code == 200
    words: dict[str, Any] = response.json()
    return words


def digest_of(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()[:32]
