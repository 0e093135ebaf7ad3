"""What a phone stores and uploads: live codes, the service worker, and scans made without a network."""

import base64
import datetime as dt
import json
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from events.cache import forget as forget_fest
from events.models import Event
from registrations.booking.cancel import cancel
from registrations.models import Change
from registrations.tests.builders import build_event, build_fest, build_user
from techfest.core.db.locking import Deadline
from techfest.core.formatting import moment
from tickets.checkin import offline
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.offline import RECORD, STATES, live_codes
from tickets.checkin.scan import check_in
from tickets.keys import random_key
from tickets.models import Alert, CheckIn, Gate, Scan, Ticket
from tickets.tests.admin_helpers import query_count
from tickets.tests.builders.checkin import (
    checkpoint_of,
    digest_of,
    fest_today,
    gate_of,
    open_event,
    owner,
    phone_of,
    scanned,
    ticket_for,
    volunteer,
    waiting_for,
)

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def event() -> Event:
    return open_event(fest_today(), name="Robo Race")


@pytest.fixture
def checkpoint(event: Event) -> Checkpoint:
    return checkpoint_of(gate_of(event.fest, event))


@pytest.fixture
def ravi(checkpoint: Checkpoint) -> Any:
    assert checkpoint.gate
    return volunteer(checkpoint.gate)


@pytest.fixture
def phone(ravi: Any) -> Client:
    return phone_of(ravi)


def void(ticket: Ticket) -> Ticket:
    """Replaces this ticket with a newer one."""
    Ticket.objects.filter(pk=ticket.pk).update(voided_at=timezone.now())
    return Ticket.objects.create(
        registration=ticket.registration, student=ticket.student, created_at=timezone.now()
    )


def read(content: bytes) -> tuple[list[dict[str, Any]], dict[str, tuple[str, str]]]:
    """The events of a file of live codes, and event and state of each digest."""
    head, codes = content.split(b"\n", 1)
    events = json.loads(head)["events"]
    rows = [codes[at : at + RECORD] for at in range(0, len(codes), RECORD)]
    assert rows == sorted(rows)
    tails = {row[:16].hex(): int.from_bytes(row[16:]) for row in rows}
    return events, {digest: (events[tail >> 3]["event"], STATES[tail & 7]) for digest, tail in tails.items()}


def queued(
    ticket: Ticket | str, *, device_verdict: str = "in", at: dt.datetime | None = None
) -> dict[str, str]:
    code = ticket if isinstance(ticket, str) else ticket.code
    at = at or timezone.now()
    return {
        "key": random_key().hex,
        "digest": digest_of(code),
        "at": at.isoformat(),
        "device_verdict": device_verdict,
    }


def sent(phone: Client, checkpoint: Checkpoint, *scans: dict[str, str]) -> list[tuple[str, bool]]:
    """Verdict and conflict of each scan, in order of time."""
    response = phone.post(checkpoint.url("upload"), {"scans": scans}, content_type="application/json")
    assert response.status_code == 200
    return [(one["verdict"], one["is_conflict"]) for one in response.json()["scans"]]


def rows() -> list[tuple[str, str, bool]]:
    return list(Scan.objects.order_by("pk").values_list("device_verdict", "verdict", "is_conflict"))


# ---- The live codes


def test_live_file_tells_event_and_state_of_every_code(
    event: Event, checkpoint: Checkpoint, ravi: Any
) -> None:
    other = open_event(event.fest, name="Quiz Bowl", capacity=1)
    build_event(event.fest, name="Still a draft", state=Event.State.DRAFT)
    good, used, gone, old, elsewhere = (ticket_for(one) for one in (event, event, event, event, other))
    scanned(checkpoint, used.code, ravi)
    cancel([gone.registration_id], actor=Change.Actor.ORGANISER, deadline=Deadline())
    new = void(old)
    waiting_for(other)
    ticket_for(open_event(build_fest(is_current=False)))
    events, found = read(live_codes(checkpoint).content)
    assert [(one["event"], one["here"]) for one in events] == [("Robo Race", True), ("Quiz Bowl", False)]
    assert found == {
        digest_of(good.code): ("Robo Race", "live"),
        digest_of(used.code): ("Robo Race", "already"),
        digest_of(gone.code): ("Robo Race", "cancelled"),
        digest_of(old.code): ("Robo Race", "reissued"),
        digest_of(new.code): ("Robo Race", "live"),
        digest_of(elsewhere.code): ("Quiz Bowl", "live"),
    }


def test_live_file_contains_no_names_and_no_keys(event: Event, checkpoint: Checkpoint, phone: Client) -> None:
    ticket = ticket_for(event, name="Asha Raman", email="asha@example.org")
    response = phone.get(checkpoint.url("live"))
    first_status = response.content + json.dumps(dict(response.headers)).encode()
    student = ticket.student
    secrets = ["Asha", "asha@", student.reference, ticket.code, student.school.name]
    secrets.append(base64.b64encode(ticket.code.encode()).decode())
    assert [secret for secret in secrets if secret.encode() in first_status] == []


def test_live_file_has_18_bytes_a_code(event: Event, checkpoint: Checkpoint) -> None:
    empty = len(live_codes(checkpoint).content)
    for _ in range(3):
        ticket_for(event)
    assert len(live_codes(checkpoint).content) - empty == 3 * 18


def test_live_file_asks_as_many_queries_for_three_codes_as_for_one(
    event: Event, checkpoint: Checkpoint, phone: Client
) -> None:
    ticket_for(event)
    phone.get(checkpoint.url("live"))
    one = query_count(phone, checkpoint.url("live"))
    for _ in range(2):
        ticket_for(open_event(event.fest))
    assert query_count(phone, checkpoint.url("live")) == one


def test_live_file_is_sent_again_only_when_it_has_changed(
    event: Event, checkpoint: Checkpoint, phone: Client
) -> None:
    ticket_for(event)
    first = phone.get(checkpoint.url("live"))
    etag = {"If-None-Match": first["ETag"]}
    same = phone.get(checkpoint.url("live"), headers=etag)
    assert (same.status_code, same.content) == (304, b"")
    first_status, second = json.loads(first["X-Checkin"]), json.loads(same["X-Checkin"])
    assert second["at"] > first_status["at"]
    assert (first_status["in"], first_status["of"]) == (0, 1)
    ticket_for(event)
    assert phone.get(checkpoint.url("live"), headers=etag).status_code == 200
    assert first["Cache-Control"] == "no-store"


# ---- The worker and its page


def test_worker_may_keep_the_door_and_no_more(phone: Client, checkpoint: Checkpoint) -> None:
    response = phone.get(reverse("checkin:worker"))
    assert (response["Service-Worker-Allowed"], response["Cache-Control"]) == ("/door/", "no-store")
    assert response["Content-Type"] == "text/javascript"
    assert "wasm-unsafe-eval" not in response["Content-Security-Policy"]
    assert "js/checkin/scanner" in response.content.decode()


def test_only_pages_with_a_camera_may_run_a_decoder(phone: Client, checkpoint: Checkpoint) -> None:
    allowed = "script-src 'self' 'wasm-unsafe-eval'"
    names = ("scanner", "offline", "search", "live")
    policies = {name: phone.get(checkpoint.url(name))["Content-Security-Policy"] for name in names}
    assert {name: allowed in policy for name, policy in policies.items()} == {
        "scanner": True,
        "offline": True,
        "search": False,
        "live": False,
    }


def test_page_that_is_kept_shows_no_message(
    phone: Client, event: Event, checkpoint: Checkpoint, ravi: Any
) -> None:
    """A message may contain a name; the next page that is not cached still shows it."""
    scan = scanned(checkpoint, ticket_for(event).code, ravi)
    phone.post(checkpoint.url("undo", scan.link_id), {"reason": "Wrong ticket", "key": random_key().hex})
    first_status = 'role="status">'
    kept, shown = (phone.get(checkpoint.url(name)).content.decode() for name in ("offline", "scanner"))
    assert shown.count(first_status) == kept.count(first_status) + 1


@pytest.mark.parametrize("name", ["live", "offline"])
def test_other_volunteers_checkpoint_is_not_found(checkpoint: Checkpoint, name: str) -> None:
    stranger = phone_of(volunteer(gate_of(checkpoint.fest, name="Back gate")))
    assert stranger.get(checkpoint.url(name)).status_code == 404
    assert Client().get(checkpoint.url(name)).status_code == 302


@pytest.mark.parametrize("name", ["live", "upload", "scan"])
def test_script_reads_why_there_is_no_answer(checkpoint: Checkpoint, ravi: Any, name: str) -> None:
    """A redirect or a page could be one of the network in between; JSON is our own."""
    stranger = phone_of(build_user())
    accept = {"Accept": "application/json"}
    refusals = [
        (client.get if name == "live" else client.post)(checkpoint.url(name), headers=accept)
        for client in (Client(), stranger)
    ]
    assert [(one.status_code, one.json()) for one in refusals] == [
        (401, {"error": "signed_out"}),
        (404, {"error": "no_access"}),
    ]


def test_every_page_carries_the_mark_of_the_server(checkpoint: Checkpoint, phone: Client) -> None:
    marks = [phone.get(checkpoint.url(name)).get("X-Checkin") for name in ("scanner", "offline", "search")]
    assert marks == ["page"] * 3
    assert "token" in json.loads(phone.get(checkpoint.url("live"))["X-Checkin"])


def test_upload_needs_the_token_of_its_page(checkpoint: Checkpoint, ravi: Any) -> None:
    phone = Client(enforce_csrf_checks=True)
    phone.force_login(ravi)
    url, nothing, kind = checkpoint.url("upload"), json.dumps({"scans": []}), "application/json"
    assert phone.post(url, nothing, content_type=kind).status_code == 403
    token = {"X-CSRFToken": json.loads(phone.get(checkpoint.url("live"))["X-Checkin"])["token"]}
    assert phone.post(url, nothing, content_type=kind, headers=token).status_code == 200


# ---- Uploading


def test_offline_scan_checks_in_at_the_time_of_the_device(
    phone: Client, event: Event, checkpoint: Checkpoint, ravi: Any
) -> None:
    ticket, at = ticket_for(event), timezone.now() - 10 * MINUTE
    assert sent(phone, checkpoint, queued(ticket, at=at)) == [("in", False)]
    row = CheckIn.objects.get()
    assert (row.ticket, row.at, row.how, row.user, row.gate) == (ticket, at, "offline", ravi, checkpoint.gate)
    assert row.recorded_at > at


def test_same_upload_twice_changes_nothing(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    scans = [queued(ticket_for(event)), queued("x" * 22, device_verdict="unknown")]
    first = sent(phone, checkpoint, *scans)
    before = rows(), list(CheckIn.objects.values())
    assert sent(phone, checkpoint, *scans) == first == [("in", False), ("unknown", False)]
    assert (rows(), list(CheckIn.objects.values())) == before


def test_upload_out_of_order_is_replayed_in_the_order_of_its_time(
    phone: Client, event: Event, checkpoint: Checkpoint
) -> None:
    ticket, now = ticket_for(event), timezone.now()
    later, sooner = queued(ticket, at=now, device_verdict="already"), queued(ticket, at=now - MINUTE)
    assert sent(phone, checkpoint, later, sooner) == [("in", False), ("already", False)]
    assert CheckIn.objects.get().at == now - MINUTE


def test_two_devices_that_said_in_make_one_check_in_and_a_conflict(
    phone: Client, event: Event, checkpoint: Checkpoint
) -> None:
    ticket, now = ticket_for(event), timezone.now()
    other = phone_of(volunteer(*Gate.objects.all(), first_name="Mei"))
    assert sent(phone, checkpoint, queued(ticket, at=now)) == [("in", False)]
    # It comes late, though its device was the first.
    assert sent(other, checkpoint, queued(ticket, at=now - 5 * MINUTE)) == [("already", True)]
    assert CheckIn.objects.count() == 1


@pytest.mark.parametrize("what", ["cancelled", "reissued"])
def test_device_that_said_in_to_what_is_dead_makes_a_conflict(
    phone: Client, event: Event, checkpoint: Checkpoint, what: str
) -> None:
    ticket = ticket_for(event)
    if what == "reissued":
        void(ticket)
    else:
        cancel([ticket.registration_id], actor=Change.Actor.ORGANISER, deadline=Deadline())
    assert sent(phone, checkpoint, queued(ticket)) == [(what, True)]
    assert CheckIn.objects.count() == 0


@pytest.mark.parametrize(("device_verdict", "is_conflict"), [("in", True), ("already", False)])
def test_scan_whose_answer_came_too_late_for_the_device_is_compared(
    phone: Client, event: Event, checkpoint: Checkpoint, ravi: Any, device_verdict: str, is_conflict: bool
) -> None:
    """The scan reached the server, but the phone timed out and decided on its own."""
    ticket = ticket_for(event)
    scanned(checkpoint, ticket.code, volunteer(*Gate.objects.all(), first_name="Mei"))
    again = queued(ticket, device_verdict=device_verdict)
    late = check_in(checkpoint, code=ticket.code, key=uuid.UUID(again["key"]), user=ravi)
    assert isinstance(late, Scan)
    for _ in range(2):
        assert sent(phone, checkpoint, again) == [("already", is_conflict)]
    assert rows() == [("", "in", False), (device_verdict, "already", is_conflict)]


def test_scan_of_another_user_is_not_changed(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    ticket = ticket_for(event)
    other = scanned(checkpoint, ticket.code, volunteer(*Gate.objects.all(), first_name="Mei"))
    mine = {**queued(ticket, device_verdict="cancelled"), "key": other.key.hex}
    assert sent(phone, checkpoint, mine) == [("in", False)]
    assert rows() == [("", "in", False)]


def test_time_in_the_future_is_taken_as_now(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    ahead = timezone.now() + 20 * MINUTE
    assert sent(phone, checkpoint, queued(ticket_for(event), at=ahead)) == [("in", False)]
    assert CheckIn.objects.get().at <= timezone.now()


def test_time_before_the_doors_open_checks_no_one_in(
    phone: Client, event: Event, checkpoint: Checkpoint
) -> None:
    early = event.entry_opens_at - MINUTE
    ((verdict, is_conflict),) = sent(phone, checkpoint, queued(ticket_for(event), at=early))
    assert (verdict in ("too_soon", "other_day"), is_conflict) == (True, True)
    assert CheckIn.objects.count() == 0


def test_time_of_a_clock_that_was_reset_is_taken_and_said(
    phone: Client, event: Event, checkpoint: Checkpoint
) -> None:
    """Otherwise the scan would stay queued for ever, with all others of its upload."""
    at = dt.datetime(1970, 1, 1, 3, tzinfo=dt.UTC)
    assert sent(phone, checkpoint, queued(ticket_for(event), at=at)) == [("other_day", True)]


# ---- Scans of another gate, of a deleted gate, and of a fest that is over


def test_scans_of_another_gate_are_taken_and_flagged(event: Event, checkpoint: Checkpoint) -> None:
    ticket = ticket_for(event)
    mei = volunteer(gate_of(event.fest, name="Back gate"), first_name="Mei")
    response = phone_of(mei).post(
        checkpoint.url("upload"), {"scans": [queued(ticket)]}, content_type="application/json"
    )
    assert response.json()["scans"][0]["verdict"] == "in"
    assert "Scans made at Main gate were uploaded with your login" in response.json()["notice"]
    scan, alert = Scan.objects.get(), Alert.objects.get()
    assert (scan.gate, scan.user, scan.ticket) == (checkpoint.gate, mei, ticket)
    assert (alert.kind, alert.subject) == ("upload", "by Mei: Main gate")


def test_scans_of_the_own_gate_raise_no_alert(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    sent(phone, checkpoint, queued(ticket_for(event)))
    assert not Alert.objects.exists()


def test_scans_of_a_deleted_gate_are_taken(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    url, gate, ticket = checkpoint.url("upload"), checkpoint.gate, ticket_for(event)
    assert gate
    gate.delete()
    response = phone.post(url, {"scans": [queued(ticket)]}, content_type="application/json")
    assert [one["verdict"] for one in response.json()["scans"]] == ["in"]
    assert CheckIn.objects.get().where == "a gate that was deleted"
    assert Alert.objects.get().subject == "by Ravi: a gate that was deleted"


def test_scans_of_a_renamed_event_are_taken(event: Event) -> None:
    checkpoint = Checkpoint(event.fest, event=event, event_ids=frozenset({event.pk}))
    url, ticket = checkpoint.url("upload"), ticket_for(event)
    Event.objects.filter(pk=event.pk).update(slug="another-slug")
    response = phone_of(owner()).post(url, {"scans": [queued(ticket)]}, content_type="application/json")
    assert [one["verdict"] for one in response.json()["scans"]] == ["in"]


def test_scans_are_taken_after_the_fest(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    ticket, fest = ticket_for(event), event.fest
    fest.starts_on, fest.ends_on = (day - dt.timedelta(days=20) for day in (fest.starts_on, fest.ends_on))
    fest.save()
    forget_fest()
    response = phone.post(
        checkpoint.url("upload"), {"scans": [queued(ticket)]}, content_type="application/json"
    )
    assert [one["verdict"] for one in response.json()["scans"]] == ["in"]
    assert Alert.objects.exists()


def test_only_check_in_staff_upload(event: Event, checkpoint: Checkpoint) -> None:
    stranger = phone_of(build_user())
    body = {"scans": [queued(ticket_for(event))]}
    response = stranger.post(checkpoint.url("upload"), body, content_type="application/json")
    assert (response.status_code, Scan.objects.count()) == (404, 0)


def test_conflict_names_time_and_event_and_no_one(
    phone: Client, event: Event, checkpoint: Checkpoint
) -> None:
    ticket, now = ticket_for(event, name="Asha Raman"), timezone.now()
    scanned(checkpoint, ticket.code, volunteer(*Gate.objects.all(), first_name="Mei"))
    response = phone.post(
        checkpoint.url("upload"), {"scans": [queued(ticket, at=now)]}, content_type="application/json"
    )
    (scan,) = response.json()["scans"]
    with timezone.override(event.fest.zone):
        at = moment(now)
    assert scan["sentence"] == f"{at}, Robo Race, Main gate: the phone showed “in”; correct is “already in”."


def test_upload_answer_contains_no_names(phone: Client, event: Event, checkpoint: Checkpoint) -> None:
    ticket = ticket_for(event, name="Asha Raman")
    response = phone.post(
        checkpoint.url("upload"), {"scans": [queued(ticket)]}, content_type="application/json"
    ).content.decode()
    assert [word for word in ("Asha", ticket.code, ticket.student.reference) if word in response] == []


GOOD = {"key": "0" * 32, "digest": "0" * 32, "at": "2026-12-05T10:00:00Z", "device_verdict": "in"}
MALFORMED = {
    "empty": "",
    "not JSON": "{",
    "not an object": "[]",
    "no list": '{"scans": {}}',
    "not UTF-8": b"\xff\xfe",
    "deep": "[" * 100_000,
    "a number": '{"scans": [1]}',
    "too many": json.dumps({"scans": [GOOD] * 501}),
    "too large": json.dumps({"scans": [GOOD], "more": "x" * 200_000}),
    **{
        f"{name} {value!r}": json.dumps({"scans": [{**GOOD, name: value}]})
        for name, value in (
            ("key", "x"),
            ("key", None),
            ("key", 1),
            ("digest", "' OR 1=1--"),
            ("digest", "0" * 31),
            ("digest", []),
            ("at", "yesterday"),
            ("at", "2026-12-05T10:00:00"),
            ("at", "9999-12-31T23:59:59Z"),
            ("at", 5),
            ("device_verdict", "yes"),
            ("device_verdict", {}),
        )
    },
}


@pytest.mark.parametrize("what", list(MALFORMED))
def test_malformed_upload_is_refused_whole(phone: Client, checkpoint: Checkpoint, what: str) -> None:
    response = phone.post(checkpoint.url("upload"), MALFORMED[what], content_type="application/json")
    assert response.status_code == 400
    assert response.json()["error"]
    assert Scan.objects.count() == 0


def test_upload_looks_up_all_codes_in_one_query(
    event: Event, checkpoint: Checkpoint, ravi: Any, django_assert_max_num_queries: Any
) -> None:
    tickets = [ticket_for(event) for _ in range(3)]
    with django_assert_max_num_queries(1):
        codes = offline._codes_of([digest_of(ticket.code) for ticket in tickets], checkpoint)
    assert codes == {digest_of(ticket.code): ticket.code for ticket in tickets}


def test_logout_empties_the_browser(phone: Client) -> None:
    assert phone.post(reverse("account_logout"))["Clear-Site-Data"] == '"cache", "storage"'
    assert phone.session.items() == {}.items()
