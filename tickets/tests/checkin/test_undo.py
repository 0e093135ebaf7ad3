"""Undoing a check-in at once, the reason afterwards, and both from a phone without a network."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from events.models import AuditEntry, Event
from registrations.booking.errors import ActionRejected
from tickets.checkin import entry
from tickets.checkin.checkpoints import Checkpoint
from tickets.keys import random_key
from tickets.models import CheckIn, Scan, Ticket
from tickets.tests.builders.checkin import (
    checkpoint_of,
    digest_of,
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


@pytest.fixture
def green(checkpoint: Checkpoint, event: Event, ravi: Any) -> Scan:
    return scanned(checkpoint, ticket_for(event, name="Asha Raman").code, ravi)


def reasons() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("what", "reason"))


def test_undo_needs_no_reason_and_asks_for_it_then(
    phone: Client, checkpoint: Checkpoint, green: Scan, ravi: Any
) -> None:
    path = checkpoint.url("undo", green.link_id)
    assert "Undo this check-in" in phone.get(checkpoint.url("verdict", green.link_id)).content.decode()
    page = phone.post(path, {"later": "yes"}, follow=True).content.decode()
    assert "<h1>Undone</h1>" in page
    assert 'id="why-title"' in page
    assert "is-green" not in page.split("</section>")[0]
    assert CheckIn.objects.get().undo_reason == "no reason given"
    page = phone.post(path, {"reason": "Wrong person"}, follow=True).content.decode()
    assert 'id="why-title"' not in page
    row = CheckIn.objects.get()
    assert (row.undo_reason, row.undone_by) == ("Wrong person", ravi)
    assert reasons() == [
        ("check-in undone", "no reason given"),
        ("reason for undoing a check-in", "Wrong person"),
    ]


def test_undo_sent_twice_is_one_and_never_undoes_a_later_check_in(
    phone: Client, checkpoint: Checkpoint, green: Scan, ravi: Any
) -> None:
    path = checkpoint.url("undo", green.link_id)
    for _ in range(2):
        assert phone.post(path, {"later": "yes"}).status_code == 302
    assert len(reasons()) == 1
    assert green.ticket
    assert scanned(checkpoint, green.ticket.code, ravi).verdict == "in"
    phone.post(path, {"later": "yes"})
    with pytest.raises(entry.AlreadyUndone):
        entry.undo(green, user=ravi, reason="Late")
    assert Ticket.objects.get().checked_in_at
    assert CheckIn.objects.filter(undone_at=None).count() == 1


def test_missing_reason_is_asked_for_on_the_scanner_until_it_is_given(
    phone: Client, checkpoint: Checkpoint, green: Scan
) -> None:
    phone.post(checkpoint.url("undo", green.link_id), {"later": "yes"})
    for _ in range(6):
        ticket_for(checkpoint.fest.events.get())
    pages = [phone.get(checkpoint.url(name)).content.decode() for name in ("scanner", "offline")]
    assert ["Undone without a reason" in page for page in pages] == [True, False]
    assert checkpoint.url("verdict", green.link_id) in pages[0]
    phone.post(checkpoint.url("undo", green.link_id), {"reason": "Only a test"})
    assert "Undone without a reason" not in phone.get(checkpoint.url("scanner")).content.decode()


def test_reason_is_given_once(checkpoint: Checkpoint, green: Scan, ravi: Any) -> None:
    with pytest.raises(ActionRejected, match="not undone"):
        entry.give_reason(green, user=ravi, reason="Too early")
    entry.undo(green, user=ravi)
    for _ in range(2):
        entry.give_reason(green, user=ravi, reason="Wrong person")
    with pytest.raises(ActionRejected, match="given already: Wrong person"):
        entry.give_reason(green, user=ravi, reason="Another")
    assert len(reasons()) == 2


def test_ticket_scanned_into_the_reason_is_no_reason(
    phone: Client, checkpoint: Checkpoint, green: Scan, event: Event
) -> None:
    path, other = checkpoint.url("undo", green.link_id), ticket_for(event)
    for text in (other.code, f"https://fest.example{other.get_absolute_url()}"):
        response = phone.post(path, {"reason": text})
        assert (response.status_code, "This is a ticket, not a reason" in response.content.decode()) == (
            400,
            True,
        )
    assert CheckIn.objects.get().undone_at is None


def test_only_a_green_scan_is_undone_without_a_reason(
    phone: Client, checkpoint: Checkpoint, green: Scan, ravi: Any
) -> None:
    assert green.ticket
    amber = scanned(checkpoint, green.ticket.code, ravi)
    assert phone.post(checkpoint.url("undo", amber.link_id), {"later": "yes"}).status_code == 404
    assert CheckIn.objects.get().undone_at is None


# ---- From the queue of a phone


def queued(code: str, at: dt.datetime, verdict: str = "in") -> dict[str, str]:
    return {
        "key": random_key().hex,
        "digest": digest_of(code),
        "at": at.isoformat(),
        "device_verdict": verdict,
    }


def undo_of(scan: dict[str, str], at: dt.datetime, **more: str) -> dict[str, str]:
    return {"key": random_key().hex, "undoes": scan["key"], "at": at.isoformat(), **more}


def sent(phone: Client, checkpoint: Checkpoint, *scans: dict[str, str]) -> list[tuple[str, bool]]:
    response = phone.post(checkpoint.url("upload"), {"scans": scans}, content_type="application/json")
    assert response.status_code == 200, response.content
    return [(one.get("verdict", "undone"), one["is_conflict"]) for one in response.json()["scans"]]


def test_undo_on_a_phone_without_a_network_is_replayed_in_the_order_of_time(
    phone: Client, checkpoint: Checkpoint, event: Event, ravi: Any
) -> None:
    code, now = ticket_for(event).code, timezone.now()
    minutes = [now - dt.timedelta(minutes=number) for number in (3, 2, 1)]
    first, again = queued(code, minutes[0]), queued(code, minutes[2])
    rows = [again, undo_of(first, minutes[1], reason="Wrong person"), first]
    for _ in range(2):
        assert sent(phone, checkpoint, *rows) == [("in", False), ("undone", False), ("in", False)]
        found = CheckIn.objects.order_by("at").values_list("at", "undo_reason", "undone_by")
        assert list(found) == [(minutes[0], "Wrong person", ravi.pk), (minutes[2], "", None)]
    assert len(reasons()) == 1


def test_reason_that_follows_is_added(phone: Client, checkpoint: Checkpoint, event: Event) -> None:
    scan, now = queued(ticket_for(event).code, timezone.now()), timezone.now()
    sent(phone, checkpoint, scan, undo_of(scan, now))
    assert CheckIn.objects.get().undo_reason == "no reason given"
    sent(phone, checkpoint, undo_of(scan, now, reason="\0 Left the queue "))
    sent(phone, checkpoint, undo_of(scan, now, reason="Later words"))
    assert CheckIn.objects.get().undo_reason == "Left the queue"


def test_undo_of_a_scan_of_another_gate_or_of_none_changes_nothing(
    phone: Client, checkpoint: Checkpoint, green: Scan, ravi: Any
) -> None:
    other = checkpoint_of(gate_of(checkpoint.fest, name="Back gate"))
    ravi.gates.add(other.gate)
    mine = {"key": green.key.hex}
    assert sent(phone, other, undo_of(mine, timezone.now())) == [("undone", False)]
    assert CheckIn.objects.get().undone_at is None


def test_undo_that_arrives_before_its_scan_is_kept_by_the_phone(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    now = timezone.now()
    scan = queued(ticket_for(event).code, now)
    undo = undo_of(scan, now, reason="Wrong person")
    assert sent(phone, checkpoint, undo) == []
    assert sent(phone, checkpoint, scan) == [("in", False)]
    assert sent(phone, checkpoint, undo) == [("undone", False)]
    assert CheckIn.objects.get().undo_reason == "Wrong person"


def test_undo_whose_scan_never_arrives_is_given_up_after_a_day(phone: Client, checkpoint: Checkpoint) -> None:
    row = undo_of({"key": random_key().hex}, timezone.now() - dt.timedelta(hours=25))
    response = phone.post(checkpoint.url("upload"), {"scans": [row]}, content_type="application/json")
    (answer,) = response.json()["scans"]
    assert (answer["key"], answer["is_conflict"]) == (row["key"], True)
    assert "there was nothing to undo" in answer["sentence"]


def test_undo_follows_its_scan_though_the_clock_went_back(
    phone: Client, checkpoint: Checkpoint, event: Event
) -> None:
    now = timezone.now()
    scan = queued(ticket_for(event).code, now)
    rows = [undo_of(scan, now - dt.timedelta(minutes=5)), scan]
    assert sent(phone, checkpoint, *rows) == [("in", False), ("undone", False)]
    assert CheckIn.objects.get().undone_at is not None


@pytest.mark.parametrize(
    "text",
    [
        "{code}",
        "https://fest.example/t/{code}",
        "https://fest.example/delegation/{code}/",
        "httpsÑ--fest.example-t-x",
    ],
)
def test_code_typed_into_the_reason_on_a_phone_is_not_recorded(
    phone: Client, checkpoint: Checkpoint, event: Event, text: str
) -> None:
    code = ticket_for(event).code
    scan, now = queued(code, timezone.now()), timezone.now()
    reason = text.format(code=code)
    assert sent(phone, checkpoint, scan, undo_of(scan, now, reason=reason))[1] == ("undone", False)
    assert CheckIn.objects.get().undo_reason == "no reason given"
    assert reasons() == [("check-in undone", "no reason given")]


@pytest.mark.parametrize("undoes", ["", "x", 7, None])
def test_undo_that_is_not_complete_is_refused(phone: Client, checkpoint: Checkpoint, undoes: Any) -> None:
    row = {"key": random_key().hex, "undoes": undoes, "at": timezone.now().isoformat()}
    response = phone.post(checkpoint.url("upload"), {"scans": [row]}, content_type="application/json")
    assert (response.status_code, response.json()) == (400, {"error": "Scan 1 is not complete."})
