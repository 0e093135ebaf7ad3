"""A batch is one round trip, and for the rest behaves as its statements would if they were sent one by one."""

import datetime as dt
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.test.utils import CaptureQueriesContext

from events.models import Fest
from registrations.tests.builders import build_fest
from techfest.core.db.batch import Batch, Result
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.db.watchdog import hanging_up
from techfest.core.errors import LockTimeout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def new_connection() -> Iterator[None]:
    """A connection that has prepared nothing, and that no later test has to use."""
    connection.close()
    yield
    connection.close()


def asked(sql: str, *params: Any, prepares: bool = False) -> list[tuple[Any, ...]]:
    batch = Batch(prepares=prepares)
    result = batch.add(sql, params)
    batch.send()
    return result.rows


def prepared() -> int:
    """How many statements of batches the server has prepared for this connection."""
    return int(asked("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'batch%'")[0][0])


def rows_of(name: str) -> list[str]:
    return list(Fest.objects.filter(name=name).values_list("name", flat=True))


def rename(batch: Batch, name: str) -> Result:
    return batch.add("UPDATE events_fest SET name = $1 RETURNING name", [name])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bigint", 2**40),
        ("integer", None),
        ("boolean", True),
        ("text", 'Zoë\'s "quote", 100 % {of} it\\'),
        ("uuid", uuid.UUID(int=7)),
        ("bytea", b"\x00\xff"),
        ("timestamptz", dt.datetime(2026, 11, 30, 12, 0, 0, 123456, tzinfo=dt.UTC)),
        ("bigint[]", [1, None, 3]),
        ("text[]", ["a,b", 'c"d', "", "\\"]),
    ],
)
@pytest.mark.parametrize("prepares", [True, False])
def test_value_returns_as_it_was_given(kind: str, value: Any, prepares: bool) -> None:
    assert asked(f"SELECT $1::{kind}", value, prepares=prepares) == [(value,)]


def test_results_belong_to_their_statements() -> None:
    batch = Batch()
    one, none, two = batch.add("SELECT 1"), batch.add("SELECT 1 WHERE false"), batch.add("SELECT 2, 'b'")
    batch.send()
    assert (one.rows, none.rows, two.rows) == ([(1,)], [], [(2, "b")])


def test_result_cannot_be_read_before_its_batch_is_sent() -> None:
    with pytest.raises(RuntimeError):
        _ = Batch().add("SELECT 1").rows


def test_transaction_of_two_batches_takes_two_round_trips() -> None:
    """Counted on the line: `Sync` ends a batch, and `Query` would be a statement that Django or psycopg sends alone."""
    build_fest()
    connection.ensure_connection()
    with transaction.atomic(durable=True):
        sent = traced(connection.connection)
        first = Batch()
        rename(first, "First")
        first.send()
        second = Batch()
        rename(second, "Second")
        second.send(commit=True)
    assert (sent.count("Sync"), sent.count("Query")) == (2, 0)
    assert rows_of("Second") == ["Second"]


class traced(list[str]):  # noqa: N801 - reads as a verb
    """The kinds of messages that this process sends to the server on this connection."""

    def __init__(self, link: "psycopg.Connection[Any]") -> None:
        super().__init__()
        self._file = os.memfd_create("trace")
        link.pgconn.trace(self._file)
        link.pgconn.set_trace_flags(psycopg.pq.Trace.SUPPRESS_TIMESTAMPS)

    def count(self, kind: str) -> int:
        connection.connection.pgconn.untrace()
        with open(os.dup(self._file), "rb") as file:  # noqa: PTH123 - a file without a path
            file.seek(0)
            lines = [line.split(b"\t") for line in file.read().splitlines()]
        return sum(line[0] == b"F" and line[2].decode() == kind for line in lines)


def test_commit_ends_the_outermost_block_only() -> None:
    build_fest()
    with transaction.atomic():
        with transaction.atomic():
            batch = Batch()
            rename(batch, "Undone")
            batch.send(commit=True)
        transaction.set_rollback(True)
    assert rows_of("Undone") == []


def test_what_another_transaction_does_between_two_statements_is_seen_by_the_second() -> None:
    """READ COMMITTED: a statement behind a lock reads what its holder has written."""
    fest = build_fest()
    has_it = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Fest.objects.select_for_update().get(pk=fest.pk)
            has_it.set()
            time.sleep(0.3)
            Fest.objects.update(name="Written meanwhile")
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    has_it.wait(10)
    with transaction.atomic():
        batch = Batch()
        batch.add("SELECT id FROM events_fest FOR UPDATE")
        name = batch.add("SELECT name FROM events_fest")
        batch.send()
    thread.join()
    assert name.rows == [("Written meanwhile",)]


@pytest.mark.parametrize("prepares", [True, False])
@pytest.mark.parametrize(
    ("sql", "error", "cause"),
    [
        ("SELECT 1 / 0", DataError, psycopg.errors.DivisionByZero),
        ("SELECT nonsense", ProgrammingError, psycopg.errors.UndefinedColumn),
        ("UPDATE events_fest SET starts_on = ends_on + 1", IntegrityError, psycopg.errors.CheckViolation),
    ],
)
def test_statement_that_fails_undoes_the_others_and_names_its_cause(
    sql: str, error: type[Exception], cause: type[Exception], prepares: bool
) -> None:
    build_fest()
    batch = Batch(prepares=prepares)
    rename(batch, "Undone")
    batch.add(sql)
    rename(batch, "Never")
    with pytest.raises(error) as raised, transaction.atomic(durable=True):
        batch.send(commit=True)
    assert isinstance(raised.value.__cause__, cause)
    assert rows_of("Undone") == rows_of("Never") == []
    assert asked("SELECT 1", prepares=prepares) == [(1,)]


def test_statements_are_prepared_once_and_survive_a_refused_transaction() -> None:
    build_fest()

    def refused() -> None:
        batch = Batch(prepares=True)
        rename(batch, "Undone")
        rename(batch, "Undone too")
        batch.send()
        raise ZeroDivisionError

    for _time in range(3):
        with pytest.raises(ZeroDivisionError):
            in_transaction(refused, deadline=Deadline())
    assert (prepared(), rows_of("Undone too")) == (2, [])  # BEGIN and the update


def test_rollback_by_the_driver_loses_them() -> None:
    """The negative control: why the backend sends ROLLBACK itself."""
    for _time in range(3):
        Fest.objects.count()  # prepared by psycopg
    asked("SELECT 1", prepares=True)
    with transaction.atomic():
        Fest.objects.count()
        connection.connection.rollback()
    assert prepared() == 0


def test_lost_statements_are_prepared_again_when_the_transaction_is_repeated() -> None:
    build_fest()

    def work() -> None:
        batch = Batch(prepares=True)
        rename(batch, "Written")
        batch.send(commit=True)

    in_transaction(work, deadline=Deadline())
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    Fest.objects.update(name="Before")
    in_transaction(work, deadline=Deadline())
    assert rows_of("Written") == ["Written"]


def test_rows_that_cannot_be_read_lose_no_prepared_statement() -> None:
    """A time after the year 9999 fits into no datetime; what the batch prepared behind it stays known."""
    batch = Batch(prepares=True)
    batch.add("SELECT 'infinity'::timestamptz")
    batch.add("SELECT $1::text", ["x"])
    with pytest.raises(DataError), transaction.atomic():
        batch.send()
    assert asked("SELECT $1::text", "y", prepares=True) == [("y",)]


def commit_after_an_error() -> None:
    with transaction.atomic():
        asked("SELECT 1")
        connection.connection.pgconn.exec_(b"SELECT 1/0")
        Batch().send(commit=True)


def test_commit_of_a_failed_transaction_is_an_error() -> None:
    """PostgreSQL answers it with ROLLBACK, and not with an error."""
    with pytest.raises(InternalError):
        commit_after_an_error()
    assert asked("SELECT 1") == [(1,)]


def test_deferred_constraint_outside_a_transaction_is_its_error() -> None:
    batch = Batch()
    batch.add("INSERT INTO events_venue (fest_id, name) VALUES (0, 'nowhere')")
    with pytest.raises(IntegrityError):
        batch.send()


def test_batch_is_logged_without_prepared_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    with CaptureQueriesContext(connection):
        assert asked("SELECT 1") == [(1,)]


def test_nothing_is_prepared_where_the_pooler_does_not_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "prepare_threshold", None)
    assert asked("SELECT $1::int", 7, prepares=True) == [(7,)]
    assert prepared() == 0


def test_value_that_cannot_be_sent_leaves_the_connection_alone() -> None:
    connection.ensure_connection()
    before = connection.connection
    with pytest.raises((DataError, ValueError)):
        asked("SELECT $1::text", "a\x00b")
    assert asked("SELECT 1") == [(1,)]
    assert connection.connection is before


@pytest.mark.parametrize("count", [1, 3000])
def test_batch_larger_than_any_buffer_does_not_block(count: int) -> None:
    """Both sides would wait for each other if results were not read while statements are sent."""
    batch = Batch()
    results = [
        batch.add("SELECT $1::text", ["x" * 3_000_000 if count == 1 else "y" * 5000]) for _ in range(count)
    ]
    batch.send()
    assert {len(row[0]) for result in results for row in result.rows} == {3_000_000 if count == 1 else 5000}


def cut() -> None:
    """Closes the line to the server, as a crash or a network fault does."""
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("commit", [False, True], ids=["between", "at COMMIT"])
def test_connection_that_is_lost_is_an_error_and_the_next_one_works(commit: bool) -> None:
    build_fest()

    def work() -> None:
        first = Batch()
        rename(first, "Undone")
        first.send()
        cut()
        second = Batch()
        rename(second, "Undone")
        second.send(commit=commit)

    with pytest.raises(LockTimeout):
        in_transaction(work, deadline=Deadline())
    connection.close()
    assert rows_of("Undone") == []


def test_last_words_of_the_server_are_the_error() -> None:
    """The log then says that the server was stopped, and not only that the connection is gone."""
    batch = Batch()
    batch.add("SELECT 1")
    batch.add("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(OperationalError, match="terminating connection") as raised:
        batch.send()
    assert isinstance(raised.value.__cause__, psycopg.errors.AdminShutdown)
    connection.close()


def test_server_that_does_not_answer_is_hung_up_on() -> None:
    before = time.monotonic()
    with pytest.raises(OperationalError), hanging_up(0.2):
        asked("SELECT pg_sleep(5)")
    assert time.monotonic() - before < 3


def test_two_batches_are_two_statements_for_the_watchdog() -> None:
    """Otherwise a page that sends many short ones would be cut off."""
    ends = time.monotonic() + 1
    with hanging_up(0.3):
        while time.monotonic() < ends:
            asked("SELECT pg_sleep(0.05)")
    assert connection.is_usable() is True


def test_limits_of_a_batch_shrink_by_what_its_statements_have_waited() -> None:
    with transaction.atomic():
        batch = Batch()
        deadline = Deadline(2)
        deadline.limit_locks(batch)
        batch.add("SELECT pg_sleep(0.5)")
        deadline.limit_next(batch)
        limits = [
            batch.add("SELECT setting::int FROM pg_settings WHERE name = $1", [name]) for name in TIMEOUTS
        ]
        batch.send()
    assert all(1000 < limit.rows[0][0] <= 1500 for limit in limits)


TIMEOUTS = ("lock_timeout", "statement_timeout")


def test_batch_that_waits_twice_ends_with_its_deadline() -> None:
    batch, deadline = Batch(), Deadline(0.6)
    deadline.limit_locks(batch)
    batch.add("SELECT pg_sleep(0.4)")
    deadline.limit_next(batch)
    batch.add("SELECT pg_sleep(0.4)")
    with pytest.raises(OperationalError) as raised, transaction.atomic():
        batch.send()
    assert isinstance(raised.value.__cause__, psycopg.errors.QueryCanceled)


def test_error_of_a_lost_connection_is_not_hidden_by_the_rollback() -> None:

    def fail() -> None:
        Fest.objects.count()
        cut()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        in_transaction(fail, deadline=Deadline())
    connection.close()


def test_isolation_is_that_of_the_settings() -> None:
    with transaction.atomic():
        batch = Batch()
        shown = batch.add("SHOW transaction_isolation")
        batch.send()
    assert (
        settings.DATABASES["default"]["OPTIONS"]["isolation_level"] == psycopg.IsolationLevel.READ_COMMITTED
    )
    assert shown.rows == [("read committed",)]
