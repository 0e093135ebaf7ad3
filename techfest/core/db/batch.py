"""Statements that travel to the database together: one write, one read, one round trip.

Waiting for PostgreSQL is a third of what a registration costs the web worker (deploy/bench reserve). A batch queues its
statements on libpq's pipeline and reads all results at once. psycopg's own `connection.pipeline()` sends each statement
as soon as it is executed, which wakes the server and the worker once per statement and keeps 40 % of that cost.

Within `transaction.atomic` the first batch also carries BEGIN, and the last one may carry COMMIT: psycopg and Django
find the transaction open or closed and have nothing left to send.
"""

import hashlib
import weakref
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.generators import fetch_many, send

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_COMMIT = "COMMIT"
_SUCCESS = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


class _Prepared:
    """The statements that batches have prepared on one connection."""

    def __init__(self) -> None:
        self.names: set[bytes] = set()
        self.generation = 0

    def forget(self) -> None:
        """Use other names from now on: the server does not know all of the present ones."""
        self.names.clear()
        self.generation += 1


_prepared: "weakref.WeakKeyDictionary[psycopg.Connection[Any], _Prepared]" = weakref.WeakKeyDictionary()


class Result:
    """The rows of one statement, readable once its batch was sent."""

    def __init__(self, rows: list[tuple[Any, ...]] | None = None) -> None:
        self._rows = rows

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        if self._rows is None:
            raise RuntimeError("the batch of this statement was not sent")
        return self._rows


class Batch:
    """Statements to be sent together, in the order in which they were added. It may be filled and sent again.

    Each statement sees what was committed before it began, as if it had been sent alone (READ COMMITTED). Parameters
    are written `$1`, or `%s` as the ORM does. The server infers their types: cast those that meet no column.

    With `prepares` the connection keeps the plans. Use it only where `in_transaction` repeats the work: psycopg
    deallocates all statements after a rollback to a savepoint, and the next batch then fails once.
    """

    def __init__(self, *, prepares: bool = False) -> None:
        self._prepares = prepares
        self._statements: list[tuple[str, Sequence[Any], Result]] = []

    @property
    def is_empty(self) -> bool:
        return not self._statements

    @property
    def begins_transaction(self) -> bool:
        """Whether this batch, if it was sent now, would be the first of its transaction."""
        link = connection.connection
        return not link or link.pgconn.transaction_status == pq.TransactionStatus.IDLE

    def add(self, sql: str, params: Sequence[Any] = ()) -> Result:
        """Queue a statement."""
        result = Result()
        self._statements.append((sql, params, result))
        return result

    def send(self, *, commit: bool = False) -> None:
        """Send what is queued and read the results. With `commit`, end the outermost `atomic` block's transaction too.

        Nothing may follow in that block: its statements would be a transaction of their own. Raises the database error
        of the first statement that fails; those after it, COMMIT included, are then not executed.
        """
        if commit and len(connection.atomic_blocks) == 1:
            self.add(_COMMIT)
        if self.is_empty:
            return
        statements, self._statements = self._statements, []
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        exchange: Any = _Exchange(connection.connection, statements, prepares=self._prepares)
        # Django's wrapper translates errors, logs, and calls execute wrappers such as the watchdog's.
        wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
        wrap(exchange).execute(";\n".join(sql for sql, _params, _result in statements))


class _Exchange:
    """One round trip, in the form of a cursor for Django's wrapper."""

    _query = None
    """Where psycopg keeps what a cursor executed last; Django's log of queries asks for it."""

    def __init__(
        self,
        link: "psycopg.Connection[Any]",
        statements: list[tuple[str, Sequence[Any], Result]],
        *,
        prepares: bool,
    ) -> None:
        self._link = link
        self._statements = statements
        self._prepared = _prepared.setdefault(link, _Prepared())
        self._prepares = prepares and link.prepare_threshold is not None
        self._new: set[bytes] = set()
        self._expected: list[Result | bytes | None] = []
        """What each result of the server is: rows, the name of a prepared statement, or nothing of interest."""
        self._transformer = Transformer(link)

    def execute(self, _sql: str) -> None:
        link, pgconn = self._link, self._link.pgconn
        values = [self._dumped(params) for _sql, params, _result in self._statements]
        with link.lock:
            begins = not link.autocommit and pgconn.transaction_status == pq.TransactionStatus.IDLE
            pgconn.enter_pipeline_mode()
            try:
                if begins:
                    self._queue(_BEGIN, (), None)
                for (sql, _params, result), dumped in zip(self._statements, values, strict=True):
                    self._queue(sql, dumped, result)
                pgconn.pipeline_sync()
                results = link.wait(_read(pgconn))
                pgconn.exit_pipeline_mode()
            except BaseException:
                link.close()  # results may be unread, so nothing else can be asked on this connection
                raise
        self._deliver(results)

    def _dumped(self, params: Sequence[Any]) -> Sequence[Any]:
        """The parameters as text, whose types the server infers."""
        return self._transformer.dump_sequence(params, [PyFormat.TEXT] * len(params)) if params else ()

    def _queue(self, sql: str, values: Sequence[Any], result: Result | None) -> None:
        pgconn = self._link.pgconn
        key, text = _numbered(sql)
        if self._prepares:
            name = b"batch_%d_%b" % (self._prepared.generation, key)
            if name not in self._prepared.names and name not in self._new:
                pgconn.send_prepare(name, text)
                self._new.add(name)
                self._expected.append(name)
            pgconn.send_query_prepared(name, values)
        else:
            pgconn.send_query_params(text, values)
        self._expected.append(result)

    def _deliver(self, results: "list[pq.abc.PGresult]") -> None:
        # What was prepared is known to the server, also where a later statement fails or its rows cannot be read.
        prepared = zip(self._expected, results, strict=False)
        self._prepared.names |= {
            name for name, found in prepared if isinstance(name, bytes) and found.status in _SUCCESS
        }
        for found in results:  # one more than statements if a deferred constraint fails at the sync
            if found.status not in _SUCCESS:
                error = psycopg.errors.error_from_result(found, encoding=self._link.info.encoding)
                if isinstance(error, psycopg.errors.InvalidSqlStatementName):
                    self._prepared.forget()
                raise error
        for (sql, _params, _result), found in zip(self._statements[-1:], results[-1:], strict=True):
            if sql == _COMMIT and found.command_status != _COMMIT.encode():
                raise psycopg.errors.InFailedSqlTransaction("the transaction was rolled back")
        for expected, found in zip(self._expected, results, strict=True):
            if isinstance(expected, Result):
                self._transformer.set_pgresult(found)
                expected._rows = self._transformer.load_rows(0, found.ntuples, tuple)


def _read(pgconn: pq.abc.PGconn) -> Any:
    """A generator for psycopg's `wait`: sends what is queued and returns the results up to the sync.

    Raises what the server said before it closed the connection, such as that it shuts down.
    """
    yield from send(pgconn)
    results: list[pq.abc.PGresult] = []
    while True:
        try:
            found = yield from fetch_many(pgconn)
        except psycopg.OperationalError as error:
            last = results[-1] if results else None
            if last is None or last.status in _SUCCESS:
                raise
            raise psycopg.errors.error_from_result(last) from error
        if found and found[-1].status == pq.ExecStatus.PIPELINE_SYNC:
            return results
        results += found


@lru_cache(maxsize=1024)
def _numbered(sql: str) -> tuple[bytes, bytes]:
    """A key for the name of the prepared statement, and the text with the parameters numbered."""
    first, *others = sql.split("%s")
    text = first + "".join(f"${number}{part}" for number, part in enumerate(others, start=1))
    return hashlib.sha256(text.encode()).hexdigest()[:16].encode(), text.encode()
