"""Nobody waits for a database that has gone silent."""

import threading
import time

import pytest
from django.db import OperationalError, connection
from django.test import Client

from events.cache import CachedFest, cached_fest
from registrations.tests.builders import build_event, build_fest
from techfest.core.db import watchdog
from techfest.core.db.watchdog import hanging_up

pytestmark = pytest.mark.django_db(transaction=True)


def sleep_there(seconds: float) -> None:
    """Keeps the server from answering."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def test_question_without_an_answer_is_given_up_and_the_next_one_answered() -> None:
    before = time.monotonic()
    with pytest.raises(OperationalError), hanging_up(0.2):
        sleep_there(5)
    assert time.monotonic() - before < 3
    connection.close_if_unusable_or_obsolete()
    sleep_there(0)


def test_answer_in_time_leaves_the_connection_alone() -> None:
    with hanging_up(0.2):
        sleep_there(0)
    sleep_there(0.3)
    assert connection.is_usable() is True


def test_long_computation_is_not_the_database_s_fault() -> None:
    """A slow upload waits in the same way: for the visitor, and not for the database."""
    with hanging_up(0.2):
        sleep_there(0)
        time.sleep(0.7)
        sleep_there(0)
    assert connection.is_usable() is True


def test_many_short_questions_are_answered_however_long_they_take_together() -> None:
    ends = time.monotonic() + 1
    with hanging_up(0.3):
        while time.monotonic() < ends:
            sleep_there(0.001)
    assert connection.is_usable() is True


def test_question_without_an_answer_is_given_up_after_a_long_computation_too() -> None:
    def compute_then_ask() -> None:
        time.sleep(0.7)
        sleep_there(5)

    with pytest.raises(OperationalError), hanging_up(0.2):
        compute_then_ask()
    connection.close()


def test_page_that_computes_for_long_is_answered(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    build_event(build_fest())
    monkeypatch.setattr(watchdog, "AFTER", 0.3)

    def slow_cached_fest() -> CachedFest:
        time.sleep(1)
        return cached_fest()

    monkeypatch.setattr("registrations.views.cached_fest", slow_cached_fest)
    assert client.get("/register/").status_code == 200


def test_other_threads_are_left_alone() -> None:
    ended: list[str] = []

    def ask() -> None:
        try:
            with hanging_up(0.1):
                sleep_there(0.3)
            ended.append("answered")
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(10)
    assert ended == ["answered"]


def test_page_that_waits_for_the_database_ends_in_the_busy_page(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_event(build_fest())
    monkeypatch.setattr(watchdog, "AFTER", 0.3)
    monkeypatch.setattr("registrations.views.cached_fest", lambda: sleep_there(5))
    before = time.monotonic()
    response = client.get("/register/")
    connection.close()
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "Our database does not answer" in response.content.decode()
    assert time.monotonic() - before < 3
