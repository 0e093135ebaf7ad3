"""The stub is an instrument of other tests, so it is itself held against the real mail library."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from anymail.backends.brevo import EmailBackend as BrevoBackend
from anymail.backends.mailgun import EmailBackend as MailgunBackend
from anymail.exceptions import AnymailRequestsAPIError
from anymail.message import AnymailMessage

from deploy.provider_stub import StubClient, StubError, running_stub, signed_event

PDF = b"%PDF-1.7\r\n--boundary\r\n\r\nnot a real one\r\n"


@pytest.fixture(scope="module")
def running() -> Iterator[StubClient]:
    with running_stub() as stub:
        yield stub


@pytest.fixture
def stub(running: StubClient) -> StubClient:
    running.reset()
    return running


def mail(to: str = "Asha Rao <asha@example.org>", **more: object) -> AnymailMessage:
    message = AnymailMessage("Your seat, Asha", "Text", "fest@example.org", [to], **more)
    message.attach_alternative("<p>Page</p>", "text/html")
    message.attach("ticket-आशा.pdf", PDF, "application/pdf")
    message.metadata = {"delivery": "d-1"}
    return message


def send_by_mailgun(stub: StubClient, message: AnymailMessage, *, timeout: float = 5) -> str:
    backend = MailgunBackend(
        api_key="key", api_url=stub.mailgun_url, sender_domain="example.org", requests_timeout=timeout
    )
    backend.send_messages([message])
    return str(message.anymail_status.message_id)


def send_by_brevo(stub: StubClient, message: AnymailMessage) -> str:
    BrevoBackend(api_key="key", api_url=stub.brevo_url).send_messages([message])
    return str(message.anymail_status.message_id)


def outcomes(stub: StubClient) -> dict[str, int]:
    counts: dict[str, int] = stub.status()["counts"]
    return counts


def test_mailgun_message_is_recorded_whole(stub: StubClient) -> None:
    message_id = send_by_mailgun(stub, mail())
    [entry] = stub.accepted()
    digest = hashlib.sha256(PDF).hexdigest()
    assert entry["id"] == message_id
    assert entry["recipients"] == ["asha@example.org"]
    assert (entry["subject"], entry["text"], entry["html"]) == ("Your seat, Asha", "Text", "<p>Page</p>")
    assert entry["metadata"] == {"delivery": "d-1"}
    assert entry["attachments"] == [
        {"name": "ticket-आशा.pdf", "type": "application/pdf", "size": len(PDF), "sha256": digest}
    ]
    assert stub.file(digest) == PDF


def test_mailgun_message_without_a_file_is_recorded(stub: StubClient) -> None:
    message = AnymailMessage("Hello", "Text", "fest@example.org", ["a@example.org"], bcc=["b@example.org"])
    send_by_mailgun(stub, message)
    assert [entry["recipients"] for entry in stub.accepted()] == [["a@example.org", "b@example.org"]]


def test_ready_mime_message_is_recorded(stub: StubClient) -> None:
    raw = mail().message().as_bytes()
    answer = requests.post(
        f"{stub.mailgun_url}/example.org/messages.mime",
        auth=("api", "key"),
        data={"to": "asha@example.org"},
        files={"message": ("message.mime", raw)},
        timeout=5,
    )
    [entry] = stub.accepted()
    assert answer.json()["message"] == "Queued. Thank you."
    assert (entry["subject"], entry["text"], entry["html"]) == ("Your seat, Asha", "Text", "<p>Page</p>")
    assert [file["size"] for file in entry["attachments"]] == [len(PDF)]


def test_brevo_message_with_the_same_key_is_accepted_once(stub: StubClient) -> None:
    first = send_by_brevo(stub, mail(headers={"idempotencyKey": "k-1"}))
    second = send_by_brevo(stub, mail(headers={"idempotencyKey": "k-1"}))
    third = send_by_brevo(stub, mail(headers={"idempotencyKey": "k-2"}))
    assert first == second != third
    assert [entry["key"] for entry in stub.accepted()] == ["k-1", "k-2"]
    assert stub.accepted()[0]["metadata"] == {"delivery": "d-1"}
    assert outcomes(stub) == {"accepted": 2, "repeated_key": 1}


def test_brevo_key_past_its_life_is_accepted_again(stub: StubClient) -> None:
    stub.script(key_seconds=0)
    send_by_brevo(stub, mail(headers={"idempotencyKey": "k-1"}))
    send_by_brevo(stub, mail(headers={"idempotencyKey": "k-1"}))
    assert outcomes(stub) == {"accepted": 2}


def test_scripted_status_is_used_up_and_carries_retry_after(stub: StubClient) -> None:
    stub.script(rules=[{"do": "status", "status": 429, "retry_after": "7", "times": 2}])
    for _ in range(2):
        with pytest.raises(AnymailRequestsAPIError) as caught:
            send_by_mailgun(stub, mail())
        assert caught.value.response.headers["Retry-After"] == "7"
        assert caught.value.status_code == 429
    send_by_mailgun(stub, mail())
    assert outcomes(stub) == {"status_429": 2, "accepted": 1}


def test_rule_of_one_recipient_leaves_others_alone(stub: StubClient) -> None:
    stub.script(rules=[{"do": "status", "status": 400, "times": None, "recipient": "bad@example.org"}])
    with pytest.raises(AnymailRequestsAPIError, match="400"):
        send_by_mailgun(stub, mail("Bad@example.org"))
    send_by_mailgun(stub, mail())
    assert outcomes(stub) == {"status_400": 1, "accepted": 1}


@pytest.mark.parametrize(("deed", "accepted"), [("drop", 0), ("accept_then_drop", 1)])
def test_dropped_reply_leaves_the_message_as_scripted(stub: StubClient, deed: str, accepted: int) -> None:
    stub.script(rules=[{"do": deed}])
    with pytest.raises(requests.ConnectionError):
        send_by_mailgun(stub, mail())
    assert len(stub.accepted()) == accepted


@pytest.mark.parametrize(("deed", "accepted"), [("hang", 0), ("accept_then_hang", 1)])
def test_hanging_call_ends_by_the_caller_s_timeout(stub: StubClient, deed: str, accepted: int) -> None:
    stub.script(rules=[{"do": deed}])
    with pytest.raises(requests.ReadTimeout):
        send_by_mailgun(stub, mail(), timeout=0.2)
    assert len(stub.accepted()) == accepted


def test_garbage_is_an_acceptance_that_cannot_be_read(stub: StubClient) -> None:
    stub.script(rules=[{"do": "garbage"}])
    with pytest.raises(AnymailRequestsAPIError, match="Invalid JSON"):
        send_by_mailgun(stub, mail())
    assert len(stub.accepted()) == 1


def test_refusing_stub_listens_again_on_the_same_port(stub: StubClient) -> None:
    stub.script(refuse=True)
    with pytest.raises(requests.ConnectionError):
        send_by_mailgun(stub, mail())
    stub.script(refuse=False)
    send_by_mailgun(stub, mail())
    assert outcomes(stub) == {"accepted": 1}


def test_invalid_recipient_is_refused_as_by_the_provider(stub: StubClient) -> None:
    answer = requests.post(
        f"{stub.mailgun_url}/example.org/messages",
        auth=("api", "key"),
        data={"from": "fest@example.org", "to": "nobody", "text": "x"},
        timeout=5,
    )
    assert (answer.status_code, stub.accepted()) == (400, [])


def test_call_without_credentials_is_refused(stub: StubClient) -> None:
    fields = {"from": "fest@example.org", "to": "a@example.org", "text": "x"}
    answer = requests.post(f"{stub.mailgun_url}/example.org/messages", data=fields, timeout=5)
    assert (answer.status_code, stub.accepted()) == (401, [])


def test_unknown_deed_is_named(stub: StubClient) -> None:
    with pytest.raises(StubError, match="unknown deed 'explode'"):
        stub.script(rules=[{"do": "explode"}])


def test_slow_answers_do_not_queue_behind_each_other(stub: StubClient) -> None:
    stub.script(delay=0.5)
    with ThreadPoolExecutor(20) as pool:
        ids = set(pool.map(lambda number: send_by_mailgun(stub, mail(f"a{number}@example.org")), range(20)))
    assert len(ids) == 20
    assert stub.status()["max_in_flight"] > 1


def test_signed_event_carries_the_documented_signature() -> None:
    event = signed_event("secret", "failed", recipient="asha@example.org", metadata={"delivery": "d-1"})
    block = event["signature"]
    text = f"{block['timestamp']}{block['token']}".encode()
    assert block["signature"] == hmac.new(b"secret", text, hashlib.sha256).hexdigest()
    assert len(block["token"]) == 50
    assert event["event-data"]["severity"] == "permanent"
    assert json.loads(json.dumps(event)) == event
