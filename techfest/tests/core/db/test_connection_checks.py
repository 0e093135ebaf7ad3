"""A kept connection is asked for a sign of life only where there is doubt, and a dead one is always noticed."""

import select
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import close_old_connections, connection
from django.test import Client

from techfest.core.db.postgresql.base import TRUSTED_FOR, DatabaseWrapper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """The answers of the connection to questions for a sign of life."""
    answers: list[bool] = []
    is_usable = DatabaseWrapper.is_usable

    def ask(wrapper: DatabaseWrapper) -> bool:
        answers.append(is_usable(wrapper))
        return answers[-1]

    monkeypatch.setattr(DatabaseWrapper, "is_usable", ask)
    connection.close()
    connection.ensure_connection()
    yield answers
    connection.close()


def begin_request() -> None:
    """What Django does before each request."""
    close_old_connections()


def one() -> int:
    begin_request()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return int(cursor.fetchone()[0])


def end_by_the_server() -> None:
    """Another connection ends this one, as a server does that is restarted."""
    pid = connection.connection.info.backend_pid
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        password=settings["PASSWORD"],
        dbname=settings["NAME"],
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    arrived = select.poll()
    arrived.register(connection.connection.fileno(), select.POLLIN)
    assert arrived.poll(10_000)


def test_connection_that_answered_a_moment_ago_is_not_asked(asked: list[bool]) -> None:
    assert [one() for _ in range(3)] == [1, 1, 1]
    assert asked == []


def test_connection_unused_for_seconds_is_asked_once(
    asked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_answered_at", time.monotonic() - TRUSTED_FOR)
    assert [one() for _ in range(3)] == [1, 1, 1]
    assert asked == [True]


@pytest.mark.parametrize("seconds_ago", [0.0, TRUSTED_FOR])
def test_connection_that_the_server_ended_is_replaced(
    asked: list[bool], monkeypatch: pytest.MonkeyPatch, seconds_ago: float
) -> None:
    monkeypatch.setattr(connection, "_answered_at", time.monotonic() - seconds_ago)
    end_by_the_server()
    assert [one() for _ in range(2)] == [1, 1]
    assert asked == [False]


def test_page_after_a_restart_of_the_server_is_no_error(asked: list[bool], client: Client) -> None:
    client.get("/")
    end_by_the_server()
    begin_request()
    assert client.get("/link/").status_code == 200
    response = client.post("/link/", {"email": "asha@example.org"})
    assert (response.status_code, asked) == (200, [False])
