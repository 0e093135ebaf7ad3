"""The last scans of a login, as a strip on the pages of the door."""

import re
from typing import Any

import pytest
from django.test import Client

from events.models import Event
from registrations.tests.builders import PASSWORD
from tickets.checkin.checkpoints import Checkpoint
from tickets.tests.admin_helpers import query_count
from tickets.tests.builders.checkin import (
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    scanned,
    ticket_for,
    volunteer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate, email="ravi@example.org")


@pytest.fixture
def phone(ravi: Any) -> Client:
    phone = Client()
    log_in(phone)
    return phone


def log_in(phone: Client) -> None:
    response = phone.post("/accounts/login/", {"login": "ravi@example.org", "password": PASSWORD})
    assert response.status_code == 302


def strip(phone: Client, checkpoint: Checkpoint, page: str = "scanner") -> list[str]:
    content = phone.get(checkpoint.url(page)).content.decode()
    found = re.findall(
        r'class="recent-scan is-(\w+)".*?<b>(.*?)</b>\s*<bdi translate="no">(.*?)</bdi>', content, re.S
    )
    return [" ".join(one) for one in found]


def test_last_five_scans_of_this_login_are_shown(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    assert strip(phone, checkpoint) == []
    for name in ("A", "B", "C", "D", "E"):
        scanned(checkpoint, ticket_for(event, name=f"Asha {name}").code, ravi)
    scanned(checkpoint, "x" * 22, ravi)
    assert strip(phone, checkpoint) == [
        "red Unknown –",
        *(f"green In Asha {name}" for name in ("E", "D", "C", "B")),
    ]


def test_strip_shows_no_scan_of_others_and_none_where_a_phone_caches_it(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    ticket = ticket_for(event, name="Asha Raman")
    scanned(checkpoint, ticket.code, volunteer(checkpoint.gate))
    scanned(checkpoint, ticket.code, ravi)
    assert strip(phone, checkpoint) == ["amber Already in Asha Raman"]
    assert strip(phone, checkpoint, "offline") == []
    assert "Asha" not in phone.get(checkpoint.url("offline")).content.decode()


def test_strip_is_empty_after_logging_out(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    scanned(checkpoint, ticket_for(event).code, ravi)
    assert len(strip(phone, checkpoint)) == 1
    phone.post("/accounts/logout/")
    log_in(phone)
    assert strip(phone, checkpoint) == []


def test_undone_check_in_is_shown_as_undone(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    green = scanned(checkpoint, ticket_for(event, name="Asha Raman").code, ravi)
    phone.post(checkpoint.url("undo", green.link_id), {"later": "yes"})
    assert strip(phone, checkpoint) == ["undone Undone Asha Raman"]


def test_strip_takes_as_many_queries_for_five_as_for_one(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    scanned(checkpoint, ticket_for(event).code, ravi)
    phone.get(checkpoint.url("scanner"))
    one = query_count(phone, checkpoint.url("scanner"))
    for _ in range(4):
        scanned(checkpoint, ticket_for(event).code, ravi)
    assert query_count(phone, checkpoint.url("scanner")) == one
