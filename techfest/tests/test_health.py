import json
import time
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from techfest import health
from tickets.tests.brokers import hanging_url, refusing_url

WELL = {"database": True, "migrations": True, "broker": True, "mail": True, "restore": True}


def ready(client: Client) -> tuple[int, dict[str, bool]]:
    answer = client.get("/health/ready")
    return answer.status_code, {
        name: part["ok"] for name, part in json.loads(answer.content)["parts"].items()
    }


def test_live_needs_no_database(client: Client) -> None:
    # Without the db fixture every query would fail the test.
    answer = client.get("/health/live")
    assert (answer.status_code, answer.content) == (200, b"alive\n")


def test_ready_when_every_part_is_well(client: Client, db: None) -> None:
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
    assert found == (503, {**WELL, "broker": False})
    assert waited < 3


def test_dead_database_is_red_and_tells_no_address(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("connection to server at secret.example failed")

    monkeypatch.setattr(connection, "cursor", refuse)
    answer = client.get("/health/ready")
    assert (answer.status_code, json.loads(answer.content)["parts"]) == (
        503,
        {"database": {"ok": False, "text": "the database does not answer"}},
    )


@pytest.mark.parametrize(("age", "well"), [(None, True), (300, True), (301, False)])
def test_mail_owed_for_too_long_is_red(age: int | None, well: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tickets.deliveries.oldest_owed_age", lambda now: age)
    assert health.mail()[0] is well


def test_post_to_a_health_page_is_refused(client: Client) -> None:
    assert [client.post(f"/health/{page}").status_code for page in ("live", "ready")] == [405, 405]
