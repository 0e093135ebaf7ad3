"""One deadline for all locks; deadlocks are repeated, lock timeouts never."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from events.models import Event, Seats
from registrations.booking.submit import submit
from registrations.models import Registration, Student, Submission
from registrations.tests.builders import build_event, build_fest, build_request, build_school
from registrations.tests.races import at_once
from techfest.core.db.locking import ATTEMPTS, PATIENCE, Deadline, in_transaction
from techfest.core.errors import ConcurrentUpdate, LockTimeout

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held_elsewhere(event: Event) -> Iterator[None]:
    """Another connection holds the event's lock for as long as this lasts."""
    has_it, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Seats.objects.locked([event.pk])
                has_it.set()
                let_go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert has_it.wait(10)
    try:
        yield
    finally:
        let_go.set()
        thread.join(20)


def broken(cause: type[psycopg.Error]) -> OperationalError:
    error = OperationalError("as the database says")
    error.__cause__ = cause()
    return error


def test_submission_on_lock_held_elsewhere_is_busy_and_leaves_no_row() -> None:
    event = build_event(build_fest())
    booking_request = build_request(event)
    deadline = Deadline(0.3)
    with held_elsewhere(event), pytest.raises(LockTimeout):
        submit(booking_request, deadline=deadline)
    assert deadline.left <= 0
    assert (Student.objects.count(), Submission.objects.count()) == (0, 0)
    assert submit(booking_request, deadline=Deadline()).registrations.get().state == "confirmed"


TIMEOUTS = ("lock_timeout", "statement_timeout")


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [name])
        return str(cursor.fetchone()[0])


@pytest.mark.parametrize("name", TIMEOUTS)
def test_submission_with_whole_patience_relies_on_the_connections_timeout(name: str) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        Deadline().limit_locks()
    assert (shown(name), len(queries)) == (f"{PATIENCE:g}s", 0)


@pytest.mark.parametrize("name", TIMEOUTS)
def test_deadline_limits_locks_to_what_is_left(name: str) -> None:
    with transaction.atomic():
        Deadline(1).limit_locks()
        milliseconds = int(shown(name).removesuffix("ms"))
    assert 500 < milliseconds <= 1000


@pytest.mark.parametrize("name", TIMEOUTS)
def test_process_whose_statements_may_take_longer_limits_them_from_the_beginning(
    name: str, settings: Any
) -> None:
    settings.DATABASE_STATEMENT_TIMEOUT = 8000
    with transaction.atomic():
        Deadline().limit_locks()
        assert shown(name).endswith("ms")


@pytest.mark.parametrize("name", TIMEOUTS)
def test_longer_deadline_waits_as_long_as_it_says(name: str) -> None:
    with transaction.atomic():
        Deadline(20).limit_locks()
        assert shown(name).startswith(("20", "19"))


def test_deadline_that_is_over_is_busy() -> None:
    with pytest.raises(LockTimeout):
        Deadline(0).limit_locks()


def test_limit_of_locks_ends_with_the_transaction() -> None:
    with transaction.atomic():
        Deadline(1).limit_locks()
    assert [shown(name) for name in TIMEOUTS] == [f"{PATIENCE:g}s"] * 2


def test_transactions_are_read_committed() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        assert cursor.fetchone() == ("read committed",)


@pytest.mark.parametrize("cause", [psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
def test_work_ended_by_the_database_is_repeated(cause: type[psycopg.Error]) -> None:
    endings = [broken(cause), None]

    def work() -> str:
        if ending := endings.pop(0):
            raise ending
        return "done"

    assert in_transaction(work, deadline=Deadline()) == "done"
    assert endings == []


@pytest.mark.parametrize(
    ("cause", "tries"),
    [
        (psycopg.errors.DeadlockDetected, ATTEMPTS),
        (psycopg.errors.SerializationFailure, ATTEMPTS),
        (psycopg.errors.LockNotAvailable, 1),
        (psycopg.errors.QueryCanceled, 1),
        (psycopg.errors.AdminShutdown, 1),
    ],
)
def test_work_that_always_fails_is_busy_after_so_many_tries(cause: type[psycopg.Error], tries: int) -> None:
    begun: list[int] = []

    def work() -> None:
        begun.append(1)
        raise broken(cause)

    with pytest.raises(LockTimeout):
        in_transaction(work, deadline=Deadline())
    assert len(begun) == tries


def test_deadlock_is_not_repeated_when_the_time_is_over() -> None:
    begun: list[int] = []

    def work() -> None:
        begun.append(1)
        raise broken(psycopg.errors.DeadlockDetected)

    with pytest.raises(LockTimeout):
        in_transaction(work, deadline=Deadline(0))
    assert len(begun) == 1


def test_work_overtaken_is_repeated_then_busy() -> None:
    begun: list[int] = []

    def work() -> None:
        begun.append(1)
        raise ConcurrentUpdate

    with pytest.raises(LockTimeout):
        in_transaction(work, deadline=Deadline())
    assert len(begun) == ATTEMPTS


def test_work_that_fails_undoes_what_it_wrote() -> None:
    event = build_event(build_fest(), capacity=1)

    def work() -> None:
        Seats.objects.filter(pk=event.pk).update(capacity=7)
        raise broken(psycopg.errors.LockNotAvailable)

    with pytest.raises(LockTimeout):
        in_transaction(work, deadline=Deadline())
    assert Seats.objects.get(pk=event.pk).capacity == 1


@pytest.mark.race
def test_deadlock_provoked_is_repeated_until_both_are_through() -> None:
    """Two who lock against the order, each holding what the other wants; the database ends one of them."""
    fest = build_fest()
    one, other = build_event(fest), build_event(fest)
    line = threading.Barrier(2)
    begun: list[int] = []

    def crossing(first: Event, second: Event) -> str:
        def work() -> str:
            begun.append(first.pk)
            Seats.objects.locked([first.pk])
            if len(begun) <= 2:
                line.wait(10)
            Seats.objects.locked([second.pk])
            return "through"

        return in_transaction(work, deadline=Deadline(20))

    responses = at_once([lambda: crossing(one, other), lambda: crossing(other, one)])
    assert responses == ["through", "through"]
    # The one that was ended may take its first row again before the other has woken: then there is a second time.
    assert len(begun) >= 3


def test_foreign_keys_do_not_wait_for_the_lock() -> None:
    """Writing a row that points at the event goes on while its Seats row is locked."""
    event = build_event(build_fest())
    with held_elsewhere(event), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
        student = Student.objects.create(fest=event.fest, school=build_school(), grade=7, name="Asha")
        Registration.objects.create(
            event=event, student=student, state="waiting", queue_position=1, created_at=event.starts_at
        )
    assert event.registrations.count() == 1
