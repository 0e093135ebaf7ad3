"""Django's PostgreSQL backend, with two statements less: one before many requests, one after each rollback.

Django asks with a statement at the first query of each request, since a kept connection may have died meanwhile. That
costs 0.1 ms of a registration (deploy/bench). A server that ends closes its connections, which the socket shows at
once, so that only a connection that was lost silently has to be asked.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg.generators import execute
from psycopg.pq import TransactionStatus

_OPEN = (TransactionStatus.INTRANS, TransactionStatus.INERROR)
TRUSTED_FOR = 5.0
"""Seconds after an answer in which a connection that the server has not closed needs no question."""


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_done: bool
    _answered_at = float("-inf")

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        self._answered_at = time.monotonic()
        return connection

    def close_if_health_check_failed(self) -> None:
        """As Django does, but without a statement for a connection that answered a moment ago."""
        if self.connection is None or self.health_check_done:
            return
        if time.monotonic() - self._answered_at < TRUSTED_FOR and not self._has_news():
            self.health_check_done = True
            return
        super().close_if_health_check_failed()
        self._answered_at = time.monotonic()

    def _rollback(self) -> None:
        """Roll back and keep the prepared statements.

        psycopg discards all of them when it rolls back itself, in case they used a table that is gone: each refused
        registration would make the next one plan its statements again. It has nothing left to do after this.
        """
        link = self.connection
        if link is not None and link.pgconn.transaction_status in _OPEN:
            with link.lock, self.wrap_database_errors:
                link.pgconn.send_query(b"ROLLBACK")
                link.wait(execute(link.pgconn))
        super()._rollback()  # type: ignore[misc]  # missing in the stubs

    def _has_news(self) -> bool:
        """Whether the server has sent something unasked, as it does before it closes the connection."""
        if self.connection.closed:
            return True
        socket = select.poll()
        socket.register(self.connection.fileno(), select.POLLIN)
        return bool(socket.poll(0))
