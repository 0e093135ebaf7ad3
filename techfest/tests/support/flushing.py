"""Empties the database after a test that committed, without Django's `flush`.

`flush` makes new files for each of some ninety tables and their indexes, and then repeats everything that happens after
a migration. A test fills a few tables with a few rows, so deleting these rows takes a tenth of the time.
"""

from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

_CASE: Any = TransactionTestCase  # the types do not know its private hook
_flush = _CASE._fixture_teardown
_contents: dict[tuple[str, str], dict[str, str]] = {}
"""By server and database: the tables that are not empty after `flush`, each with the digest of its rows."""

# Exclusive, as for TRUNCATE: a session that a test left behind ends first, and leaves no row behind.
_EMPTY = """
DO $empty$
DECLARE
    one text;
    has_rows boolean;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true); -- no triggers, no foreign keys
    LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
    FOREACH one IN ARRAY string_to_array('{tables}', ', ') LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ' || one || ')' INTO has_rows;
        IF has_rows AND pg_relation_size(one::regclass) > 1000000 THEN
            EXECUTE 'TRUNCATE ' || one || ' CASCADE'; -- thousands of dead rows would slow down the next tests
        ELSIF has_rows THEN
            EXECUTE 'DELETE FROM ' || one;
        END IF;
    END LOOP;
END $empty$
"""


def install() -> None:
    """Replace `flush` in all tests with `django_db(transaction=True)`."""
    _CASE._fixture_teardown = _empty


def _empty(case: Any) -> None:
    """The first time `flush`, to learn which tables it fills; then that only if a test has changed one of these."""
    key = (str(connection.settings_dict["HOST"]), str(connection.settings_dict["NAME"]))
    kept = _contents.get(key)
    if kept is None or not _delete_rows(kept):
        _flush(case)
        _contents[key] = _filled_tables()


def _delete_rows(kept: dict[str, str]) -> bool:
    """Empty all tables except ``kept``; returns whether these are unchanged."""
    tables = ", ".join(f'"{name}"' for name in _tables() if name not in kept)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EMPTY.format(tables=tables))
    return {name: _digest(name) for name in kept} == kept


def _filled_tables() -> dict[str, str]:
    return {name: digest for name in _tables() if (digest := _digest(name))}


def _tables() -> list[str]:
    """The tables that `flush` empties."""
    return sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))


def _digest(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
        return str(cursor.fetchone()[0] or "")
