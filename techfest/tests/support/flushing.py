"""Empties the database after a test that committed, without Django's `flush`.

`flush` makes new files for every table and its indexes, and then repeats everything that happens after a migration. A
test fills a few tables with a few rows: deleting these takes 20 ms instead of 500 (medians on a busy machine, after
`build_row_of_everything`).
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.test import TransactionTestCase

_CASE: Any = TransactionTestCase  # the types do not know its private hook
_flush = _CASE._fixture_teardown
Kept = dict[str, tuple[int, str]]
"""The tables that are not empty after `flush`: the last primary key and the digest of the rows of each."""
_contents: dict[tuple[str, str], Kept] = {}
"""By server and database."""

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


def _delete_rows(kept: Kept) -> bool:
    """Delete all rows of a test; returns whether those that are kept are unchanged."""
    tables = ", ".join(f'"{name}"' for name in _tables() if name not in kept)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_EMPTY.format(tables=tables))
        for name, (last, _digest_of_rows) in kept.items():
            cursor.execute(f'DELETE FROM "{name}" WHERE id > %s', [last])
    return _filled_tables(kept) == kept


def _filled_tables(names: Iterable[str] = ()) -> Kept:
    """Of these tables or of all, those that have rows."""
    found = {name: _content(name) for name in names or _tables()}
    return {name: content for name, content in found.items() if content[1]}


def _tables() -> list[str]:
    """The tables that `flush` empties."""
    return sorted(connection.introspection.django_table_names(only_existing=True, include_views=False))


def _content(table: str) -> tuple[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t")
        digest = str(cursor.fetchone()[0] or "")
        if not digest:
            return 0, ""
        cursor.execute(f'SELECT max(id) FROM "{table}"')
        return int(cursor.fetchone()[0]), digest
