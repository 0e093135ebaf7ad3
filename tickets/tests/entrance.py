"""Rows and people that a test of the door starts from."""

import datetime as dt
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
    """An event that begins in so many minutes; its doors have been open for a while."""
    start = timezone.now() + dt.timedelta(minutes=minutes)
    times = {"starts_at": start, "ends_at": start + dt.timedelta(hours=1)}
    return build_event(fest, capacity=capacity, **(times | values))


def volunteer(*gates: Gate | None, **values: Any) -> Any:
    """Somebody in the group of volunteers, at these gates."""
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
    """Somebody who waits, although the list of this event does not move any more."""
    moves_until = event.promotes_until
    Event.objects.filter(pk=event.pk).update(promotes_until=timezone.now() + dt.timedelta(hours=1))
    registration = build_submission(event, **values).registrations.get()
    Event.objects.filter(pk=event.pk).update(promotes_until=moves_until)
    return registration


def scanned(checkpoint: Checkpoint, code: str, user: Any, **values: Any) -> Scan:
    """A scan that came to a verdict."""
    scan = check_in(checkpoint, code=code, nonce=random_key(), user=user, **values)
    assert isinstance(scan, Scan)
    return scan


def phone_of(user: Any) -> Client:
    """A phone on which this person is logged in."""
    client = Client()
    client.force_login(user)
    return client
