"""Handing mails to a provider that is fast, slow, failing or unavailable, over real HTTP to a stub."""

import datetime as dt
import threading
import time
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models import F

from deploy.provider_stub.client import StubClient
from events.models import Fest
from registrations.tests.builders import build_event, build_fest, build_submission
from techfest.core import rush
from techfest.core.db.clock import database_now
from techfest.tests.rushes import begin_rush
from tickets.documents import ticket_pdf
from tickets.mail import breaker, send
from tickets.mail.breaker import Breaker
from tickets.mail.kinds.base import StudentMail
from tickets.mail.queue import CLICK_PATIENCE, GIVE_UP_TRIES, LEASE, POISON_ATTEMPTS
from tickets.mail.resend import send_again
from tickets.mail.send import send_due
from tickets.models import Alert, Delivery, ProviderOutage
from tickets.tests.audited import run
from tickets.tests.builders import build_answered, delivery_of, let_time_pass, pretend_rendered

pytestmark = pytest.mark.django_db

State = Delivery.State
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def fresh_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts like a new process, with an unused breaker."""
    monkeypatch.setattr(send, "breaker", Breaker())


def make_due() -> None:
    """Make each mail due for its next try; an outage still prevents it."""
    Delivery.objects.update(due_at=F("due_at") - MINUTE)


def end_pause() -> None:
    ProviderOutage.objects.update(until=F("started_at"))


def build_pending(count: int = 1, **values: Any) -> list[Delivery]:
    event = build_event(build_fest(), capacity=count)
    rows = [delivery_of(build_submission(event, **values)) for _ in range(count)]
    pretend_rendered()
    return rows


def row_of(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


def test_sent_mail_is_marked_with_the_providers_id(mailgun: StubClient) -> None:
    (delivery,) = build_pending()
    assert send_due() == 1
    (accepted,) = mailgun.accepted()
    row = row_of(delivery)
    assert (row.state, row.provider_id, row.error) == (State.SENT, accepted["id"], "")
    assert row.sent_at is not None
    assert accepted["recipients"] == [delivery.to]
    assert send_due() == 0


def test_mailgun_carries_the_delivery_along(mailgun: StubClient) -> None:
    (delivery,) = build_pending()
    send_due()
    (accepted,) = mailgun.accepted()
    assert accepted["metadata"] == {"delivery": delivery.key.hex}
    assert accepted["options"] == {"tracking-clicks": "no", "tracking-opens": "no"}
    assert {name.lower(): value for name, value in accepted["headers"].items()}["message-id"] == (
        f"<{delivery.key.hex}@localhost>"
    )
    assert [(file["name"][-4:], file["type"].partition(";")[0]) for file in accepted["attachments"]] == [
        (".pdf", "application/pdf"),
        (".ics", "text/calendar"),
    ]


def test_brevo_gets_the_key_and_carries_the_delivery_along(brevo: StubClient) -> None:
    (delivery,) = build_pending()
    send_due()
    (accepted,) = brevo.accepted()
    assert (accepted["key"], accepted["metadata"]) == (str(delivery.key), {"delivery": delivery.key.hex})
    assert accepted["headers"]["Message-ID"] == f"<{delivery.key.hex}@localhost>"


@pytest.mark.parametrize("provider", ["mailgun", "brevo"])
def test_name_and_sender_arrive_in_every_script(provider: str, request: pytest.FixtureRequest) -> None:
    stub: StubClient = request.getfixturevalue(provider)
    build_submission(build_event(build_fest(name="टेक, फेस्ट")), name="李小龙")
    pretend_rendered()
    send_due()
    (accepted,) = stub.accepted()
    assert accepted["subject"].startswith("李小龙: ")
    assert "李小龙" in accepted["text"]
    assert "tickets@fest.example" in accepted["sender"]
    assert "टेक फेस्ट" in accepted["sender"]


def test_hundred_mails_fly_together(mailgun: StubClient, settings: Any) -> None:
    settings.EMAIL_RATE_PER_SECOND = 1000
    mailgun.script(delay=0.5)
    build_pending(30)
    send_due()
    assert len(mailgun.accepted()) == 30
    assert mailgun.status()["max_in_flight"] > 10


def test_pace_of_the_provider_is_kept(mailgun: StubClient, settings: Any) -> None:
    settings.EMAIL_RATE_PER_SECOND = 10
    build_pending(8)
    send_due()
    moments = [accepted["at"] for accepted in mailgun.accepted()]
    assert moments[-1] - moments[0] >= 0.6


def test_slow_pace_lets_no_lease_run_out(mailgun: StubClient, settings: Any) -> None:
    """A claimed mail must be handed over long before another worker may claim it."""
    settings.EMAIL_RATE_PER_SECOND = 1
    budget = LEASE.total_seconds() / 3
    assert send.max_in_flight() <= budget * settings.EMAIL_RATE_PER_SECOND
    settings.EMAIL_RATE_PER_SECOND = 50
    assert send.max_in_flight() == 100


def test_429_holds_everything_back_for_as_long_as_asked(mailgun: StubClient) -> None:
    first, second = build_pending(2)
    Delivery.objects.filter(pk=second.pk).update(due_at=F("due_at") + dt.timedelta(hours=1))
    mailgun.script(rules=[{"do": "status", "status": 429, "retry_after": "30"}])
    assert send_due() == 1
    row = row_of(first)
    assert (row.state, row.error.startswith("AnymailRequestsAPIError")) == (State.QUEUED, True)
    wait = row.due_at - database_now()
    assert dt.timedelta(seconds=20) < wait <= dt.timedelta(seconds=30)
    Delivery.objects.update(due_at=F("created_at"))
    assert send_due() == 0
    end_pause()
    assert send_due() == 2
    assert ProviderOutage.objects.count() == 0
    assert sorted(Delivery.objects.values_list("state", flat=True)) == [State.SENT] * 2


@pytest.mark.parametrize(
    ("requested", "seconds"),
    [("3", 3), ("0", 1), ("99999", breaker.MAX_REQUESTED), ("soon", 10), ("²", 10), ("", None)],
)
def test_retry_after_is_read_within_bounds(requested: str, seconds: float | None) -> None:
    class Response:
        headers = {"Retry-After": requested}

    error = Exception()
    error.response = Response()  # type: ignore[attr-defined]  # as the mail library hangs it on
    assert breaker.requested_pause(error) == seconds


def test_provider_that_is_down_is_asked_once_a_pause(mailgun: StubClient) -> None:
    build_pending(30)
    mailgun.script(rules=[{"do": "status", "status": 503, "times": None}])
    send_due()
    requested = mailgun.status()["counts"]["status_503"]
    make_due()
    assert [send_due() for _ in range(5)] == [0] * 5
    pauses = []
    for _ in range(6):
        end_pause()
        assert send_due() == 1
        make_due()
        pauses.append(round((ProviderOutage.objects.get().until - database_now()).total_seconds()))
    assert pauses == [5, 10, 20, 40, 60, 60]
    assert mailgun.status()["counts"]["status_503"] == requested + 6
    assert ProviderOutage.objects.get().reason == "status 503"
    assert max(row.attempts for row in Delivery.objects.all()) <= 2  # each try is of another mail


def test_outage_outlives_the_worker_and_ends_with_the_first_mail_that_is_taken(mailgun: StubClient) -> None:
    build_pending(8)
    mailgun.script(refuse=True)
    send_due()
    assert ProviderOutage.objects.count() == 1
    send.breaker = Breaker()  # as a worker that was started again
    make_due()
    mailgun.script(refuse=False)
    assert send_due() == 0
    end_pause()
    assert send_due() == 8
    assert (ProviderOutage.objects.count(), len(mailgun.accepted())) == (0, 8)


def test_pause_does_not_grow_while_there_is_nothing_to_try(mailgun: StubClient) -> None:
    build_pending(5)
    mailgun.script(rules=[{"do": "status", "status": 503, "times": 5}])
    send_due()
    end_pause()
    assert send_due() == 0
    assert ProviderOutage.objects.get().failures == 0
    make_due()
    assert send_due() == 5


@pytest.mark.parametrize(("idle", "left"), [(0.0, 0), (600.0, 1)])
def test_outage_that_has_nothing_to_try_with_ends_after_a_while(
    monkeypatch: pytest.MonkeyPatch, idle: float, left: int
) -> None:
    """Otherwise a site without mails would report an outage for ever."""
    monkeypatch.setattr(breaker, "IDLE", idle)
    monkeypatch.setattr(send, "breaker", Breaker())
    now = database_now()
    ProviderOutage.objects.create(id=1, started_at=now, until=now, failures=3, reason="status 503")
    counts = []
    for _ in range(3):
        assert send_due() == 0
        counts.append(ProviderOutage.objects.count())
    assert counts == [1, left, left]


def test_failed_try_begins_the_wait_anew(mailgun: StubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "IDLE", 0.0)
    monkeypatch.setattr(send, "breaker", Breaker())
    now = database_now()
    ProviderOutage.objects.create(id=1, started_at=now, until=now, failures=3, reason="status 503")
    assert send_due() == 0
    build_pending(1)
    mailgun.script(rules=[{"do": "status", "status": 503, "times": None}])
    assert send_due() == 1
    end_pause()
    assert (send_due(), ProviderOutage.objects.get().failures) == (0, 4)


def test_refused_addresses_do_not_stop_the_mails(mailgun: StubClient) -> None:
    build_pending(8)
    mailgun.script(rules=[{"do": "status", "status": 400, "times": 7}])
    assert send_due() == 8
    assert ProviderOutage.objects.count() == 0
    assert len(mailgun.accepted()) == 1


@pytest.mark.parametrize(
    "rule", [{"do": "status", "status": 500}, {"do": "status", "status": 503}, {"do": "drop"}]
)
def test_fault_of_the_provider_passes(mailgun: StubClient, rule: dict[str, Any]) -> None:
    (delivery,) = build_pending()
    mailgun.script(rules=[rule])
    send_due()
    assert row_of(delivery).state == State.QUEUED
    let_time_pass(MINUTE)
    send_due()
    assert (row_of(delivery).state, len(mailgun.accepted())) == (State.SENT, 1)


def test_refused_connections_are_tried_later_and_later(mailgun: StubClient) -> None:
    (delivery,) = build_pending()
    mailgun.script(refuse=True)
    pauses = []
    for _ in range(4):
        send_due()
        row = row_of(delivery)
        pauses.append(round((row.due_at - database_now()).total_seconds()))
        let_time_pass(2 * MINUTE)
    assert pauses == [2, 4, 8, 16]
    mailgun.script(refuse=False)
    send_due()
    assert row_of(delivery).state == State.SENT


def test_provider_down_for_a_day_of_tries_is_given_up(mailgun: StubClient) -> None:
    (delivery,) = build_pending()
    mailgun.script(refuse=True)
    Delivery.objects.update(attempts=GIVE_UP_TRIES - 2)
    send_due()
    assert row_of(delivery).state == State.QUEUED
    let_time_pass(2 * MINUTE)
    send_due()
    assert row_of(delivery).state == State.FAILED
    assert send_again([delivery.pk]) == 1
    send_due()
    assert (row_of(delivery).state, row_of(delivery).attempts) == (State.QUEUED, 1)


def test_mail_that_no_worker_tried_for_days_is_not_given_up(mailgun: StubClient) -> None:
    (delivery,) = build_pending()
    let_time_pass(dt.timedelta(days=3))
    mailgun.script(rules=[{"do": "status", "status": 503}])
    send_due()
    assert row_of(delivery).state == State.QUEUED


def test_refused_recipient_is_tried_once(mailgun: StubClient) -> None:
    bad, good = build_pending(2)
    mailgun.script(rules=[{"do": "status", "status": 400, "recipient": bad.to, "times": None}])
    assert send_due() == 2
    let_time_pass(dt.timedelta(hours=2))
    assert send_due() == 0
    assert (row_of(bad).state, row_of(good).state) == (State.FAILED, State.SENT)
    assert row_of(bad).attempts == 1


@pytest.mark.parametrize(
    ("provider", "status", "words"),
    [
        ("mailgun", 401, "Invalid private key"),
        ("mailgun", 400, "'from' parameter is not a valid address. please check documentation"),
        ("mailgun", 400, "Sandbox subdomains are for test purposes only. Please add your own domain"),
        ("mailgun", 400, "domain not found"),
        ("brevo", 400, "Your domain is not verified"),
        ("mailgun", 403, "Domain fest.example is not allowed to send: The domain is unverified"),
        ("brevo", 400, "Sender is invalid / inactive"),
        ("brevo", 402, "You have reached the limit of your plan"),
        ("brevo", 400, "Your account is not activated"),
    ],
)
def test_fault_of_our_account_keeps_the_mail_queued_and_raises_an_alert(
    request: pytest.FixtureRequest, provider: str, status: int, words: str
) -> None:
    stub: StubClient = request.getfixturevalue(provider)
    (delivery,) = build_pending()
    stub.script(rules=[{"do": "status", "status": status, "body": {"code": "x", "message": words}}])
    assert send_due() == 1
    assert (row_of(delivery).state, Alert.objects.get().kind) == (State.QUEUED, Alert.Kind.SENDER)
    assert "@" not in Alert.objects.get().subject
    let_time_pass(dt.timedelta(hours=1))
    send_due()
    assert row_of(delivery).state == State.SENT


@pytest.mark.parametrize(
    "words",
    [
        "'to' parameter is not a valid address",
        "email is not valid in to",
        "The domain of the recipient does not exist",
        "'to' parameter: the address could not be verified",
    ],
)
def test_refusal_of_the_recipient_raises_no_alert(mailgun: StubClient, words: str) -> None:
    (delivery,) = build_pending()
    mailgun.script(rules=[{"do": "status", "status": 400, "body": {"message": words}}])
    send_due()
    assert (row_of(delivery).state, Alert.objects.exists()) == (State.FAILED, False)


def test_wrong_key_of_ours_fails_no_mail(mailgun: StubClient) -> None:
    (delivery,) = build_pending()
    mailgun.script(rules=[{"do": "status", "status": 401}])
    send_due()
    let_time_pass(MINUTE)
    send_due()
    assert row_of(delivery).state == State.SENT


@pytest.mark.parametrize("deed", ["accept_then_drop", "accept_then_hang", "garbage"])
@pytest.mark.parametrize(("provider", "copies"), [("mailgun", 2), ("brevo", 1)])
def test_lost_answer_repeats_a_mail_at_most_once(
    deed: str, provider: str, copies: int, request: pytest.FixtureRequest
) -> None:
    stub: StubClient = request.getfixturevalue(provider)
    (delivery,) = build_pending()
    stub.script(rules=[{"do": deed}])
    send_due()
    assert row_of(delivery).state == State.QUEUED
    let_time_pass(MINUTE)
    send_due()
    assert (row_of(delivery).state, len(stub.accepted())) == (State.SENT, copies)


def test_hanging_hand_over_holds_no_other_up(mailgun: StubClient) -> None:
    hanging, *others = build_pending(5)
    mailgun.script(rules=[{"do": "hang", "recipient": hanging.to}])
    send_due()
    assert row_of(hanging).state == State.QUEUED
    assert {row_of(other).state for other in others} == {State.SENT}


def test_mail_that_cannot_be_written_fails_after_five_tries(
    mailgun: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, good = build_pending(2)
    real = StudentMail.context

    def poisoned(self: StudentMail, delivery: Delivery, fest: Fest) -> dict[str, Any] | None:
        if delivery.pk == poison.pk:
            raise RuntimeError("cannot be written")
        return real(self, delivery, fest)

    monkeypatch.setattr(StudentMail, "context", poisoned)
    for _ in range(POISON_ATTEMPTS + 2):
        send_due()
        let_time_pass(2 * MINUTE)
    row = row_of(poison)
    assert (row.state, row.attempts, row.error) == (
        State.FAILED,
        POISON_ATTEMPTS,
        "RuntimeError: cannot be written",
    )
    assert row_of(good).state == State.SENT
    monkeypatch.setattr(StudentMail, "context", real)
    assert send_again([poison.pk, good.pk]) == 1
    send_due()
    assert (row_of(poison).state, len(mailgun.accepted())) == (State.SENT, 2)


def test_mail_whose_lease_is_over_is_not_handed_over(
    mailgun: StubClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock continues in a stopped process; deploy/tests stops a real one."""
    (delivery,) = build_pending()
    monkeypatch.setattr(send, "FRESH", -1.0)
    ends = time.monotonic() + 0.1
    while time.monotonic() < ends:
        send_due(budget=0.05)
    assert (len(mailgun.accepted()), row_of(delivery).attempts) == (0, 0)
    monkeypatch.undo()
    send_due()
    assert row_of(delivery).state == State.SENT


class Unwritable(BaseEmailBackend):
    def send_messages(self, email_messages: Any) -> int:
        raise ValueError("this message can never be handed over")


def test_mail_that_cannot_be_handed_over_fails_after_five_tries(settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Unwritable"
    (delivery,) = build_pending()
    for _ in range(POISON_ATTEMPTS + 2):
        send_due()
        let_time_pass(2 * MINUTE)
    assert (row_of(delivery).state, row_of(delivery).attempts) == (State.FAILED, POISON_ATTEMPTS)


def test_full_disk_of_the_mail_folder_is_no_fault_of_the_mail(settings: Any, tmp_path: Any) -> None:
    settings.EMAIL_BACKEND = "tickets.mail.file_backend.EmlBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "occupied"
    settings.EMAIL_FILE_PATH.write_text("a file where the folder should be")
    (delivery,) = build_pending()
    for _ in range(POISON_ATTEMPTS + 1):
        send_due()
        let_time_pass(2 * MINUTE)
    assert row_of(delivery).state == State.QUEUED
    settings.EMAIL_FILE_PATH.unlink()
    send_due()
    assert row_of(delivery).state == State.SENT


def test_run_ends_with_its_budget(mailgun: StubClient) -> None:
    build_pending(2)
    before = time.monotonic()
    assert send_due(budget=0.0) == 0
    assert time.monotonic() - before < 30
    assert len(mailgun.accepted()) == 0


def test_mails_wait_during_a_rush_but_not_long(mailgun: StubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rush, "OVER", 600.0)
    build_pending(2)
    begin_rush()
    assert send_due(budget=0.3) == 0
    begin_rush(began=send.STEP_BACK)
    assert send_due() == 2
    assert len(mailgun.accepted()) == 2


def test_together_a_mail_and_its_pdf_step_back_less_than_a_minute() -> None:
    """A mail that answers a click is sent within 60 s of it, with its PDF where that is made in time."""
    assert CLICK_PATIENCE.total_seconds() / 2 >= ticket_pdf.STEP_BACK
    assert MINUTE.total_seconds() / 2 >= send.STEP_BACK


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("provider", ["mailgun", "brevo"])
def test_bounced_mail_may_be_sent_again(provider: str, request: pytest.FixtureRequest) -> None:
    stub: StubClient = request.getfixturevalue(provider)
    delivery = delivery_of(build_answered())
    pretend_rendered()
    send_due()
    Delivery.objects.update(state=State.BOUNCED)
    assert send_again([delivery.pk]) == 1
    assert row_of(delivery).key != delivery.key
    assert run() == []
    send_due()
    assert (row_of(delivery).state, len(stub.accepted())) == (State.SENT, 2)
    assert run() == []


@pytest.mark.django_db(transaction=True)
def test_database_that_goes_while_mails_are_in_flight_doubles_none(mailgun: StubClient) -> None:
    build_pending(5)
    mailgun.script(delay=1.0)
    worker = database_process()
    timer = threading.Timer(0.6, end_database_process, [worker])
    timer.start()
    send_due()
    timer.join()
    assert database_process() != worker
    assert {row.state for row in Delivery.objects.all()} == {State.SENT}
    assert len(mailgun.accepted()) == 5
    let_time_pass(LEASE)
    send_due()
    assert len(mailgun.accepted()) == 5


def database_process() -> int:
    """The PostgreSQL process of this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def end_database_process(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    connection.close()
