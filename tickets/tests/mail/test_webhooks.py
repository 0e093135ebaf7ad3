"""Webhooks of the provider: in any order, any number of times, and only if they are authentic."""

import json
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deploy.provider_stub.webhooks import brevo_event, signature, signed_event
from tickets.mail.queue import GIVE_UP_TRIES
from tickets.models import Alert, Delivery, DeliveryEvent
from tickets.tests.builders import build_answered, delivery_of
from tickets.tests.providers import HOOK_SECRET, SIGNING_KEY, basic, report

pytestmark = pytest.mark.django_db

State = Delivery.State
DAY = 24 * 3600


@pytest.fixture
def sent() -> Delivery:
    delivery = delivery_of(build_answered())
    Delivery.objects.update(state=State.SENT)
    return delivery


def mailgun_body(delivery: Delivery, event: str, **options: Any) -> dict[str, Any]:
    metadata = {"delivery": delivery.key.hex}
    return signed_event(SIGNING_KEY, event, recipient=delivery.to, metadata=metadata, **options)


def state() -> str:
    return Delivery.objects.get().state


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize(
    ("event", "options", "expected"),
    [
        ("delivered", {}, State.DELIVERED),
        ("failed", {"severity": "permanent"}, State.BOUNCED),
        ("failed", {"severity": "temporary"}, State.SENT),
        ("complained", {}, State.COMPLAINED),
        ("opened", {}, State.SENT),
    ],
)
def test_event_moves_the_delivery(
    client: Client, sent: Delivery, event: str, options: dict[str, Any], expected: str
) -> None:
    assert report(client, mailgun_body(sent, event, **options)) == 200
    assert (state(), DeliveryEvent.objects.count()) == (expected, 0 if event == "opened" else 1)


@pytest.mark.usefixtures("mailgun")
def test_event_told_five_times_is_one_row(client: Client, sent: Delivery) -> None:
    body = mailgun_body(sent, "delivered")
    assert [report(client, body) for _ in range(5)] == [200] * 5
    assert (state(), DeliveryEvent.objects.count()) == (State.DELIVERED, 1)


@pytest.mark.usefixtures("mailgun")
def test_events_in_the_wrong_order_never_move_backwards(client: Client, sent: Delivery) -> None:
    states = []
    for event in ("complained", "failed", "delivered", "opened"):
        assert report(client, mailgun_body(sent, event)) == 200
        states.append(state())
    assert states == [State.COMPLAINED] * 4
    assert DeliveryEvent.objects.count() == 3


@pytest.mark.usefixtures("mailgun")
def test_event_that_was_faster_than_our_mark_ends_the_tries(client: Client, sent: Delivery) -> None:
    """The provider accepted the mail but its response was lost: its event prevents a second copy."""
    Delivery.objects.update(state=State.QUEUED)
    report(client, mailgun_body(sent, "delivered"))
    assert state() == State.DELIVERED


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize("ended", [State.DROPPED, State.FAILED])
def test_delivery_that_ended_with_us_is_not_moved(client: Client, sent: Delivery, ended: str) -> None:
    Delivery.objects.update(state=ended)
    report(client, mailgun_body(sent, "delivered"))
    assert state() == ended


@pytest.mark.usefixtures("mailgun")
def test_forged_signature_is_refused(client: Client, sent: Delivery) -> None:
    body = mailgun_body(sent, "failed")
    forged = body | {"signature": signature("another key", at=time.time())}
    assert report(client, forged) == 400
    assert (state(), DeliveryEvent.objects.count()) == (State.SENT, 0)
    assert report(client, body) == 200


@pytest.mark.usefixtures("mailgun")
def test_old_call_is_refused(client: Client, sent: Delivery) -> None:
    report(client, mailgun_body(sent, "failed", at=time.time() - 30 * DAY))
    assert (state(), DeliveryEvent.objects.count()) == (State.SENT, 0)


@pytest.mark.usefixtures("mailgun")
def test_old_signature_under_a_fresh_event_is_refused(client: Client, sent: Delivery) -> None:
    """The signature does not cover the event, so a captured one could be used with any event."""
    body = mailgun_body(sent, "failed")
    body["signature"] = signature(SIGNING_KEY, at=time.time() - 30 * DAY)
    report(client, body)
    assert (state(), DeliveryEvent.objects.count()) == (State.SENT, 0)


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize("key", ["0123456789abcdef" * 2, "1", "", "x" * 5000, "\x00"])
def test_unknown_delivery_is_taken_and_forgotten(client: Client, sent: Delivery, key: str) -> None:
    body = signed_event(SIGNING_KEY, "failed", recipient=sent.to, metadata={"delivery": key})
    assert report(client, body) == 200
    assert (state(), DeliveryEvent.objects.count()) == (State.SENT, 0)


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize(
    ("length", "status", "expected", "kept"),
    [(10_000, 200, State.BOUNCED, [300]), (1_000_000, 400, State.SENT, [])],
)
def test_long_word_of_a_signed_call_is_cut_or_refused(
    client: Client, sent: Delivery, length: int, status: int, expected: str, kept: list[int]
) -> None:
    body = mailgun_body(sent, "failed")
    body["event-data"]["delivery-status"]["description"] = "x" * length
    assert report(client, body) == status
    assert (state(), [len(event.detail) for event in DeliveryEvent.objects.all()]) == (expected, kept)


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize(
    "body",
    [
        "",
        "x" * 1_000_000,
        "[]",
        "null",
        "1",
        '"text"',
        "{}",
        '{"signature": []}',
        '{"signature": {"timestamp": "१", "token": "ü", "signature": "x"}}',
        '{"signature": {"timestamp": null, "token": {}, "signature": 7}}',
        b"\xff\xfe\x00",
    ],
)
def test_nonsense_is_refused_without_a_crash(client: Client, sent: Delivery, body: str | bytes) -> None:
    assert report(client, body) == 400
    assert state() == State.SENT


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"event": "failed"},
        {"event": "failed", "timestamp": "never"},
        {"event": ["failed"], "timestamp": 1e300},
        {"event": "failed", "timestamp": 1e300},
        {"event": "failed", "timestamp": 1, "user-variables": "none"},
        {"event": "failed", "timestamp": 1, "user-variables": {"delivery": 7}},
        {"event": "rejected", "timestamp": 1, "message": None},
    ],
)
def test_signed_nonsense_does_not_crash(client: Client, sent: Delivery, data: dict[str, Any]) -> None:
    body = {"signature": signature(SIGNING_KEY, at=time.time()), "event-data": data}
    assert report(client, body) in {200, 400}
    assert state() == State.SENT


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_hook_takes_posts_only(client: Client, method: str) -> None:
    assert getattr(client, method)("/hooks/mailgun/").status_code == 405


@pytest.mark.parametrize("provider", ["mailgun", "brevo"])
def test_hook_of_a_provider_that_is_not_ours_is_not_there(
    client: Client, sent: Delivery, provider: str
) -> None:
    assert report(client, mailgun_body(sent, "failed"), provider=provider) == 404
    assert state() == State.SENT


@pytest.mark.usefixtures("mailgun")
def test_unsigned_hook_of_the_other_provider_is_not_there(client: Client, sent: Delivery) -> None:
    body = brevo_event("hard_bounce", recipient=sent.to, metadata=json.dumps({"delivery": sent.key.hex}))
    assert report(client, body, provider="brevo") == 404
    assert state() == State.SENT


def brevo_body(delivery: Delivery, event: str, **options: Any) -> dict[str, Any]:
    metadata = json.dumps({"delivery": delivery.key.hex})
    return brevo_event(event, recipient=delivery.to, metadata=metadata, **options)


@pytest.mark.usefixtures("brevo")
def test_brevos_events_move_the_delivery_once_each(client: Client, sent: Delivery) -> None:
    """Brevo sends no event ids, so the content of an event identifies it."""
    delivered, bounced = brevo_body(sent, "delivered"), brevo_body(sent, "hard_bounce")
    for body in (bounced, delivered, bounced, delivered, delivered):
        assert report(client, body, provider="brevo", headers=basic(HOOK_SECRET)) == 200
    assert (state(), DeliveryEvent.objects.count()) == (State.BOUNCED, 2)


@pytest.mark.usefixtures("brevo")
@pytest.mark.parametrize("headers", [{}, basic("hook:guess"), {"Authorization": "Basic %%%"}])
def test_brevo_without_the_secret_is_refused(client: Client, sent: Delivery, headers: dict[str, str]) -> None:
    body = brevo_body(sent, "hard_bounce")
    assert report(client, body, provider="brevo", headers=headers) == 400
    assert state() == State.SENT


def brevo_case(delivery: Delivery, event: str, *, reason: str = "") -> dict[str, Any]:
    return brevo_body(delivery, event) | {"reason": reason, "id": 11, "subject": "s"}


@pytest.mark.usefixtures("brevo")
@pytest.mark.parametrize(
    ("event", "reason", "expected", "alerts"),
    [
        ("soft_bounce", "452 4.2.2 mailbox full", State.SENT, 0),
        ("deferred", "421 try again later", State.SENT, 0),
        ("hard_bounce", "550 5.1.1 no such user", State.BOUNCED, 0),
        ("hard_bounce", "550 5.7.26 unauthenticated sender kid@example.org", State.FAILED, 1),
        ("invalid_email", "", State.BOUNCED, 0),
        ("blocked", "", State.SUPPRESSED, 0),
        ("error", "Sending has been rejected because the sender is not valid", State.QUEUED, 1),
        ("spam", "", State.COMPLAINED, 0),
    ],
)
def test_meaning_of_brevos_events(
    client: Client, sent: Delivery, event: str, reason: str, expected: str, alerts: int
) -> None:
    body = brevo_case(sent, event, reason=reason)
    assert report(client, body, provider="brevo", headers=basic(HOOK_SECRET)) == 200
    assert (state(), DeliveryEvent.objects.count(), Alert.objects.count()) == (expected, 1, alerts)
    assert not any("@" in alert.subject for alert in Alert.objects.all())


@pytest.mark.usefixtures("brevo")
@pytest.mark.parametrize("event", ["opened", "unique_opened", "proxy_open", "click"])
def test_what_a_recipient_does_with_a_mail_is_not_recorded(
    client: Client, sent: Delivery, event: str
) -> None:
    body = brevo_case(sent, event)
    assert report(client, body, provider="brevo", headers=basic(HOOK_SECRET)) == 200
    assert (state(), DeliveryEvent.objects.count()) == (State.SENT, 0)


@pytest.mark.usefixtures("brevo")
def test_soft_bounce_and_a_later_delivery_is_delivered(client: Client, sent: Delivery) -> None:
    for event in ("soft_bounce", "delivered"):
        body = brevo_case(sent, event)
        assert report(client, body, provider="brevo", headers=basic(HOOK_SECRET)) == 200
    assert state() == State.DELIVERED


@pytest.mark.usefixtures("brevo")
def test_mail_refused_for_our_account_goes_again_after_a_pause(client: Client, sent: Delivery) -> None:
    report(client, brevo_case(sent, "error"), provider="brevo", headers=basic(HOOK_SECRET))
    row = Delivery.objects.get()
    assert (row.state, row.sent_at, row.due_at > timezone.now()) == (State.QUEUED, None, True)
    # A provider that honours keys would take the next try for the mail that it has refused.
    assert row.key != sent.key
    # A mail that arrived is not sent again.
    Delivery.objects.update(state=State.DELIVERED)
    report(client, brevo_case(row, "error", reason="2"), provider="brevo", headers=basic(HOOK_SECRET))
    assert state() == State.DELIVERED


@pytest.mark.usefixtures("brevo")
@pytest.mark.parametrize("change", [{"attempts": GIVE_UP_TRIES}, {"kind": Delivery.Kind.NOTICE}])
def test_mail_that_cannot_go_again_fails(client: Client, sent: Delivery, change: dict[str, Any]) -> None:
    Delivery.objects.update(**change)
    report(client, brevo_case(sent, "error"), provider="brevo", headers=basic(HOOK_SECRET))
    assert state() == State.FAILED


@pytest.mark.usefixtures("brevo")
def test_refusals_for_one_reason_are_one_alert(client: Client, sent: Delivery) -> None:
    """The provider's words have another id in each mail; a row for each would bury the owners."""
    for number in range(3):
        words = f"550 5.7.26 unauthenticated mail id-{number}.example kid{number}@example.org"
        body = brevo_case(sent, "hard_bounce", reason=words)
        assert report(client, body, provider="brevo", headers=basic(HOOK_SECRET)) == 200
    alert = Alert.objects.get()
    assert (alert.count, "5.7.26" in alert.subject, "id-" in alert.subject) == (3, True, False)


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize(("message_id", "words"), [("\x00", ""), ("<\x00@x>", "a\x00b"), ("x" * 5000, "")])
def test_event_with_characters_that_no_text_may_have_is_taken(
    client: Client, sent: Delivery, message_id: str, words: str
) -> None:
    body = mailgun_body(sent, "failed") if words else signed_event(SIGNING_KEY, "failed", recipient=sent.to)
    body["event-data"]["message"]["headers"]["message-id"] = message_id
    body["event-data"]["delivery-status"]["description"] = words
    assert report(client, body) == 200
    assert [event.detail for event in DeliveryEvent.objects.all()] == (["ab"] if words else [])


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize("reason", ["suppress-bounce", "suppress-complaint", "suppress-unsubscribe"])
def test_mailguns_suppression_is_not_a_bounce(client: Client, sent: Delivery, reason: str) -> None:
    body = mailgun_body(sent, "failed")
    body["event-data"] |= {"reason": reason, "delivery-status": {"code": 605, "message": ""}}
    assert report(client, body) == 200
    assert state() == State.SUPPRESSED


@pytest.mark.usefixtures("mailgun")
@pytest.mark.parametrize("found_by", ["message-id", "provider-id"])
def test_complaint_without_our_variables_finds_its_mail(
    client: Client, sent: Delivery, found_by: str
) -> None:
    Delivery.objects.update(provider_id="<m7@provider.example>")
    message_id = f"<{sent.key.hex}@localhost>" if found_by == "message-id" else "m7@provider.example"
    body = signed_event(SIGNING_KEY, "complained", recipient=sent.to, message_id=message_id)
    assert report(client, body) == 200
    assert state() == State.COMPLAINED


@pytest.mark.usefixtures("mailgun")
def test_refused_call_leaves_no_address_in_the_log(
    client: Client, sent: Delivery, caplog: pytest.LogCaptureFixture
) -> None:
    body = mailgun_body(sent, "failed")
    report(client, body | {"signature": signature("another key", at=time.time())})
    assert sent.to not in caplog.text
    assert sent.key.hex not in caplog.text
