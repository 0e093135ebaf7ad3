"""The one field of the door: codes, references and names; what was cancelled; and what takes place now first."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import Event
from registrations.booking.cancel import cancel
from registrations.models import Student
from registrations.tests.builders import build_submission
from techfest.core.db.locking import Deadline
from tickets.checkin import lookup
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.field import may_be_name
from tickets.checkin.scan import Choice, check_in
from tickets.keys import random_key
from tickets.models import CheckIn, Scan, Ticket
from tickets.tests.builders.checkin import (
    as_json,
    checkpoint_of,
    fest_today,
    gate_of,
    open_event,
    phone_of,
    scanned,
    submit_scan,
    ticket_for,
    volunteer,
)

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    return volunteer(checkpoint.gate)


@pytest.fixture
def phone(ravi: Any) -> Client:
    return phone_of(ravi)


@pytest.mark.parametrize(
    ("text", "is_name"),
    [
        ("Asha", True),
        (" asha  raman ", True),
        ("O'Brien-Smith, J.", True),
        ("José Núñez", True),
        ("आशा रमन", True),
        ("李明", True),
        ("A", False),
        ("?", False),
        ("", False),
        ("ABC-2345", False),
        ("Ref: ABC2345", False),
        ("https://fest.example/t/abc", False),
        ("hTTPS>&&fest.example", False),
        ("' OR 1=1--", False),
        ("asha@example.org", False),
        ("x" * 81, False),
    ],
)
def test_what_may_be_a_name(text: str, is_name: bool) -> None:
    assert may_be_name(text) is is_name


def test_name_in_the_field_finds_people_and_writes_no_scan(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket = ticket_for(event, name="Asha Raman")
    page = submit_scan(phone, checkpoint, "raman").content.decode()
    assert "Asha Raman" in page
    assert not Scan.objects.exists()
    found = as_json(phone, checkpoint, "raman")
    [choice] = found["choices"]
    assert (found["verdict"], choice["name"], choice["state"]) == ("people", "Asha Raman", "")
    answer = as_json(phone, checkpoint, choice["code"], registration=choice["registration"], found="yes")
    assert (answer["verdict"], CheckIn.objects.get().how, CheckIn.objects.get().ticket) == (
        "in",
        "search",
        ticket,
    )


def test_name_that_nobody_has_is_said(phone: Client, checkpoint: Checkpoint, event: Event) -> None:
    assert as_json(phone, checkpoint, "Zubin")["word"] == "Not found"
    assert "No one at this checkpoint" in submit_scan(phone, checkpoint, "Zubin").content.decode()
    assert not Scan.objects.exists()


def test_rest_of_a_code_is_no_name(phone: Client, checkpoint: Checkpoint, event: Event) -> None:
    assert as_json(phone, checkpoint, "A" * 21)["verdict"] == "unreadable"
    long_name = ticket_for(event, name="Venkatanarasimharajuvaripeta")
    assert (
        as_json(phone, checkpoint, "venkatanarasimharajuvaripeta")["choices"][0]["name"]
        == long_name.student.name
    )


def test_name_of_seven_letters_is_found_although_references_have_seven(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket_for(event, name="Kavitha")
    by_letters = ticket_for(event, name="Ben Rao")
    Student.objects.filter(pk=by_letters.student_id).update(reference="GHJKLMN")
    assert as_json(phone, checkpoint, "kavitha")["choices"][0]["name"] == "Kavitha"
    assert as_json(phone, checkpoint, "ghj-klmn")["verdict"] == "in"
    assert as_json(phone, checkpoint, "bcdfghj")["verdict"] == "unknown"


def test_names_in_the_field_are_counted(
    phone: Client, checkpoint: Checkpoint, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MAX_A_MINUTE", 1)
    monkeypatch.setattr(lookup, "MAX_AN_HOUR", 2)
    ticket = ticket_for(event, name="Asha Raman")
    codes = [
        phone.post(checkpoint.url("scan"), {"code": "asha", "key": random_key()}, headers=headers).status_code
        for headers in ({}, {"Accept": "application/json"}, {})
    ]
    assert codes == [200, 429, 429]
    assert "Too many names" in submit_scan(phone, checkpoint, "asha").content.decode()
    assert as_json(phone, checkpoint, ticket.code)["verdict"] == "in"


# ---- What was cancelled


def test_cancelled_person_is_found_by_name_and_shown_red_with_what_to_do(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    ticket = ticket_for(event, name="Asha Raman")
    cancel([ticket.registration_id], actor="student", deadline=Deadline())
    page = phone.post(checkpoint.url("search"), {"text": "raman"}).content.decode()
    assert "Cancelled: do not let in" in page
    [choice] = as_json(phone, checkpoint, "raman")["choices"]
    assert (choice["state"], choice["is_cancelled"]) == ("Cancelled", True)
    sent = {"registration": choice["registration"], "found": "yes"}
    answer = as_json(phone, checkpoint, choice["code"], **sent)
    assert (answer["verdict"], answer["tone"], answer["name"]) == ("cancelled", "red", "Asha Raman")
    assert "Do not let in. If this is a mistake, send them to an organiser" in answer["sentence"]
    assert "Do not let in" in submit_scan(phone, checkpoint, choice["code"], **sent).content.decode()


def test_cancelled_registration_is_left_out_if_the_event_is_held_again(
    checkpoint: Checkpoint, event: Event
) -> None:
    first = ticket_for(event, name="Asha Raman", email="asha@example.org")
    cancel([first.registration_id], actor="student", deadline=Deadline())
    build_submission(event, name="Asha Raman", email="asha@example.org")
    assert [row.state for row in lookup.search(checkpoint, "raman").rows] == ["confirmed"]


# ---- What takes place now comes first


def two(event: Event, **times: dt.timedelta) -> tuple[Event, Ticket, Ticket]:
    """Another event, and the tickets of one student for this one and that one."""
    now = timezone.now()
    other = open_event(
        event.fest, name="Quiz Bowl", starts_at=now + times["start"], ends_at=now + times["end"]
    )
    submission = build_submission(event, other, name="Mina Das")
    tickets = Ticket.objects.filter(registration__submission=submission)
    mine, others = (tickets.get(registration__event=one) for one in (event, other))
    return other, mine, others


def test_ticket_of_tomorrow_lets_into_what_takes_place_now(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    _other, mine, shown = two(event, start=26 * HOUR, end=27 * HOUR)
    answers = [scanned(checkpoint, shown.code, ravi) for _ in range(2)]
    assert [(one.verdict, one.ticket) for one in answers] == [("in", mine), ("already", mine)]


def test_ticket_of_an_event_elsewhere_lets_into_the_one_here(
    checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    _other, mine, shown = two(event, start=2 * HOUR, end=3 * HOUR)
    assert scanned(checkpoint, shown.code, ravi).ticket == mine


def test_ticket_shown_too_soon_leads_to_one_that_was_not_used(event: Event, ravi: Any) -> None:
    checkpoint = checkpoint_of(gate_of(event.fest, name="Both"))
    other, mine, shown = two(event, start=4 * HOUR, end=5 * HOUR)
    answers = [scanned(checkpoint, shown.code, ravi) for _ in range(2)]
    assert [(one.verdict, one.ticket) for one in answers] == [("in", mine), ("too_soon", shown)]
    assert other.name == "Quiz Bowl"


@pytest.mark.parametrize("what", ["void", "cancelled"])
def test_dead_ticket_opens_nothing_else(checkpoint: Checkpoint, event: Event, ravi: Any, what: str) -> None:
    _other, _mine, shown = two(event, start=26 * HOUR, end=27 * HOUR)
    if what == "void":
        Ticket.objects.filter(pk=shown.pk).update(voided_at=timezone.now())
    else:
        cancel([shown.registration_id], actor="organiser", deadline=Deadline())
    assert scanned(checkpoint, shown.code, ravi).verdict in ("reissued", "cancelled")
    assert not CheckIn.objects.exists()


def test_reference_takes_what_is_not_over_yet(event: Event, ravi: Any) -> None:
    checkpoint = checkpoint_of(gate_of(event.fest, name="Both"))
    other, mine, _others = two(event, start=4 * HOUR, end=5 * HOUR)
    now = timezone.now()
    Event.objects.filter(pk=other.pk).update(starts_at=now - 2 * dt.timedelta(minutes=1), ends_at=now)
    answer = check_in(checkpoint, code=mine.student.reference, key=random_key(), user=ravi)
    assert not isinstance(answer, Choice)
    assert isinstance(answer, Scan)
    assert (answer.verdict, answer.ticket) == ("in", mine)
