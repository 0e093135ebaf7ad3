import datetime as dt
import json
import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F
from django.test import Client

from techfest import health
from techfest.core.db.clock import database_now
from tickets import heartbeats
from tickets.models import Heartbeat, ProviderOutage
from tickets.tests.brokers import hanging_url, refusing_url
from tickets.tests.builders import build_answered, let_time_pass

WELL = dict.fromkeys(health.PARTS, True)


def ready(client: Client) -> tuple[int, dict[str, bool]]:
    response = client.get("/health/ready")
    return response.status_code, {
        name: part["ok"] for name, part in json.loads(response.content)["parts"].items()
    }


def test_live_needs_no_database(client: Client) -> None:
    # Without the db fixture every query would fail the test.
    response = client.get("/health/live")
    assert (response.status_code, response.content) == (200, b"alive\n")


def test_ready_when_every_part_is_well(client: Client, db: None) -> None:
    for kind in heartbeats.KINDS:
        heartbeats.write(kind)
    assert ready(client) == (200, WELL)


def test_missing_migration_is_named(client: Client, db: None) -> None:
    (newest,) = MigrationLoader(connection).graph.leaf_nodes("tickets")
    MigrationRecorder(connection).record_unapplied(*newest)
    status, parts = ready(client)
    assert (status, parts["migrations"]) == (503, False)


@pytest.mark.parametrize("how", ["refuses", "hangs"])
def test_broker_that_does_not_answer_is_red_within_its_two_seconds(
    client: Client, db: None, settings: Any, how: str
) -> None:
    with hanging_url() as hanging:
        settings.REDIS_URL = hanging if how == "hangs" else refusing_url()
        before = time.monotonic()
        found = ready(client)
        waited = time.monotonic() - before
    status, parts = found
    assert (status, parts["broker"], parts["database"], parts["mail"]) == (503, False, True, True)
    assert waited < 3


def test_dead_database_is_red_and_tells_no_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("connection to server at secret.example failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/health/ready")
    assert (response.status_code, json.loads(response.content)["parts"]) == (
        503,
        {"database": {"ok": False, "text": "the database does not answer"}},
    )


@pytest.mark.parametrize(("seconds", "well"), [(290, True), (310, False)])
def test_mail_pending_for_too_long_is_red(seconds: int, well: bool, db: None) -> None:
    assert health.mail() == (True, "no mail is pending")
    build_answered()
    let_time_pass(dt.timedelta(seconds=seconds))
    assert health.mail()[0] is well


class AheadOfTime(dt.datetime):
    """The clock of a web server that is a day ahead."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> "AheadOfTime":
        return super().now(tz) + dt.timedelta(days=1)


def test_age_of_a_mail_is_measured_by_the_clock_of_the_database(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The web server's clock does not matter, even if it is an hour fast or slow."""
    build_answered()
    monkeypatch.setattr("techfest.health.datetime", AheadOfTime, raising=False)
    assert health.mail()[0] is True


def test_kind_of_worker_that_is_not_heard_is_named(client: Client, db: None) -> None:
    for kind in heartbeats.KINDS:
        heartbeats.write(kind)
    Heartbeat.objects.filter(kind="pdf").update(at=F("at") - dt.timedelta(seconds=heartbeats.SILENT + 1))
    assert health.workers() == (False, "not heard: pdf")
    heartbeats.write("pdf")
    assert health.workers() == (True, "all are heard")


def test_outage_of_the_provider_is_red_after_a_minute_and_tells_no_address(db: None) -> None:
    assert health.provider() == (True, "takes mails")
    now = database_now()
    ProviderOutage.objects.create(pk=1, started_at=now, until=now, reason="status 503")
    assert health.provider()[0] is True
    let_time_pass(dt.timedelta(seconds=61))
    is_well, words = health.provider()
    assert (is_well, "503" in words, "taken no mails" in words) == (False, False, True)


def test_post_to_a_health_page_is_refused(client: Client) -> None:
    assert [client.post(f"/health/{page}").status_code for page in ("live", "ready")] == [405, 405]
