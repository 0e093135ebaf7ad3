"""A registration takes two round trips, and is all or nothing wherever the connection breaks."""

import os
import socket
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from events.models import Event, Fest
from events.querysets import SeatsQuerySet
from registrations import schools
from registrations.booking import allocate, policy
from registrations.booking.errors import RegistrationRejected
from registrations.booking.submit import BookingRequest, submit
from registrations.models import Change, Consent, Refusal, Registration, Student, Submission
from registrations.tests.builders import (
    build_event,
    build_fest,
    build_request,
    build_school,
    build_submission,
    submit_now,
)
from registrations.tests.counting import counts, round_trips, states
from registrations.tests.races import without_lock
from techfest.core.db import batch as batch_module
from techfest.core.db.locking import Deadline
from techfest.core.errors import LockTimeout
from tickets.models import Delivery, Ticket
from tickets.tests.audited import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fest() -> Iterator[Fest]:
    connection.close()
    build_school()
    schools.forget()
    schools.school_names()  # cached, as in a process that has served a form
    yield build_fest()
    connection.close()


@pytest.mark.parametrize("events", [1, 3])
def test_newcomer_takes_two_round_trips(fest: Fest, events: int) -> None:
    booking_request = build_request(*(build_event(fest) for _ in range(events)))
    assert round_trips(lambda: submit_now(booking_request)) == 2
    rows = (Student, Submission, Consent, Registration, Change, Ticket, Delivery)
    assert [model.objects.count() for model in rows] == [1, 1, 1, events, events, events, 1]
    assert run() == []


def test_newcomer_who_obtains_one_event_of_two_takes_two_round_trips(fest: Fest) -> None:
    full, other = build_event(fest, capacity=0, waiting_limit=0), build_event(fest)
    booking_request = build_request(full, other)
    assert round_trips(lambda: submit_now(booking_request)) == 2
    assert (states(full), states(other), Refusal.objects.get().event) == ([], ["confirmed"], full)


def test_newcomer_who_is_refused_takes_one_round_trip_its_rollback_and_the_search_for_a_twin(
    fest: Fest,
) -> None:
    booking_request = build_request(build_event(fest, capacity=0, waiting_limit=0))

    def refused() -> None:
        with pytest.raises(RegistrationRejected):
            submit_now(booking_request)

    assert round_trips(refused) == 3
    assert Student.objects.count() == 0


def test_no_statement_is_planned_anew_for_each_newcomer(fest: Fest) -> None:
    """The server makes five plans for the values it is given, and then one for all if that is no worse."""
    event = build_event(fest, capacity=20)
    for _ in range(8):
        submit_now(build_request(event))
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements WHERE custom_plans > 5")
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE generic_plans >= 3")
        assert cursor.fetchone()[0] >= 12


def test_repeat_locks_the_seats_once_at_most(fest: Fest) -> None:
    """In a rush many forms are sent twice; a repeat must not queue for the seats again and again."""
    booking_request = build_request(build_event(fest))
    first = submit_now(booking_request)
    with CaptureQueriesContext(connection) as asked:
        assert submit_now(booking_request) == first
    assert sum('"events_seats"' in one["sql"] and "FOR NO KEY UPDATE" in one["sql"] for one in asked) <= 1


def test_student_who_is_known_takes_one_more_per_lock(fest: Fest) -> None:
    """The student is read first; the limit of the second lock depends on how long the first was waited for."""
    student = build_submission(build_event(fest, hour=9)).student
    event = build_event(fest, hour=14)
    booking_request = BookingRequest(
        Submission.new_key(), fest.pk, (event.pk,), wants_waiting=True, student_id=student.pk
    )
    assert round_trips(lambda: submit_now(booking_request)) <= 6
    assert states(event) == ["confirmed"]


def cut() -> None:
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def test_connection_that_breaks_between_the_trips_leaves_nothing(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, decide_all = build_event(fest), policy.decide_all

    def decide_and_break(*args: Any, **kwargs: Any) -> Any:
        cut()
        return decide_all(*args, **kwargs)

    booking_request = build_request(event)
    monkeypatch.setattr(allocate, "decide_all", decide_and_break)
    with pytest.raises(LockTimeout):
        submit(booking_request, deadline=Deadline())
    monkeypatch.undo()
    connection.close()
    assert (Student.objects.count(), Submission.objects.count(), counts(event)) == (0, 0, (0, 0, 0))
    assert submit_now(booking_request).registrations.get().state == "confirmed"
    assert run() == []


def test_commit_whose_answer_is_lost_is_found_when_the_form_is_sent_again(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, read = build_event(fest), batch_module._read
    booking_request = build_request(event)
    sent: list[int] = []

    def read_until_commit(pgconn: Any) -> Any:
        results = yield from read(pgconn)
        sent.append(len(results))
        if len(sent) == 2:
            raise psycopg.OperationalError("the line broke after COMMIT")
        return results

    monkeypatch.setattr(batch_module, "_read", read_until_commit)
    with pytest.raises(LockTimeout):
        submit(booking_request, deadline=Deadline())
    monkeypatch.undo()
    connection.close()
    submission = submit_now(booking_request)
    assert (submission, counts(event)) == (Submission.objects.get(), (1, 0, 1))
    assert run() == []


def test_counts_moved_between_the_trips_are_noticed_by_the_condition(
    fest: Fest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second guard provoked: without the lock, the last seat goes to somebody else after it was decided."""
    event, decide_all = build_event(fest, capacity=1), policy.decide_all
    attempts: list[int] = []

    def decide_and_lose(*args: Any, **kwargs: Any) -> Any:
        results = decide_all(*args, **kwargs)
        attempts.append(1)
        if len(attempts) == 1:
            other = connections.create_connection("default")
            with other.cursor() as cursor:
                cursor.execute("UPDATE events_seats SET taken = taken + 1 WHERE event_id = %s", [event.pk])
            other.close()
        return results

    monkeypatch.setattr(SeatsQuerySet, "queue_lock", without_lock)
    monkeypatch.setattr(allocate, "decide_all", decide_and_lose)
    submission = submit_now(build_request(event))
    assert (submission.registrations.get().state, counts(event), len(attempts)) == ("waiting", (1, 1, 1), 2)


@pytest.mark.parametrize("prepare_threshold", [None, 2], ids=["off", "on"])
def test_registration_needs_no_prepared_statements(fest: Fest, prepare_threshold: int | None) -> None:
    """`DATABASE_PREPARED=off` behind a pooler that does not know them."""
    event = build_event(fest)
    connection.ensure_connection()
    connection.connection.prepare_threshold = prepare_threshold
    for _ in range(3):
        submit_now(build_request(event))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'batch%%'")
        assert (cursor.fetchone()[0] > 0, counts(event)) == (prepare_threshold is not None, (3, 0, 3))


def test_refused_registrations_keep_the_prepared_statements(fest: Fest) -> None:
    full = build_event(fest, capacity=0, waiting_limit=0)
    known: list[int] = []
    for booking_request in [build_request(full) for _ in range(4)]:
        with pytest.raises(RegistrationRejected):
            submit_now(booking_request)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'batch%%'")
            known += cursor.fetchone()
    assert known[0] == known[-1] > 0


def test_registration_after_a_rollback_by_the_driver_prepares_anew(fest: Fest) -> None:
    event = build_event(fest)
    for _ in range(2):
        submit_now(build_request(event))
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
    assert (states(event), Event.objects.count()) == (["confirmed"] * 2, 1)
