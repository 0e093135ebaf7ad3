"""PostgreSQL's planner statistics hold sample values of every column; none may hold what people typed.

`ANALYZE` copies frequent values and a histogram into `pg_statistic`, where an erasure does not reach. So columns
that can hold words of people, or secrets, have no statistics at all. Numbers, times and columns with a fixed set
of choices keep theirs, and those are what the planner needs: names, addresses and keys are looked up by indexes.
"""

from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection

_CLEARS_BY_FUNCTION = 180000
_COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), coalesce(a.attstattarget, -1) <> 0,
        EXISTS (SELECT FROM pg_stats s
            WHERE s.schemaname = current_schema() AND s.tablename = c.relname AND s.attname = a.attname)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
        AND a.attnum > 0 AND NOT a.attisdropped
        AND t.typcategory NOT IN ('N', 'B', 'D', 'T')
    ORDER BY 1, 2
"""
"""All but numbers, truth values, times and intervals: texts, JSON, bytes, arrays, addresses, UUIDs."""


class Column(NamedTuple):
    table: str
    name: str
    type: str
    is_sampled: bool
    has_samples: bool


def withhold(**_kwargs: Any) -> int:
    """Stops the statistics of all such columns and removes what was collected; how many columns were changed.

    Runs after every migration, so that a new column cannot be forgotten. Where nothing is to be done it is one
    query; else each column is locked for a moment.
    """
    found = [column for column in columns() if column.is_sampled or column.has_samples]
    with connection.cursor() as cursor:
        for column in found:
            table, name = connection.ops.quote_name(column.table), connection.ops.quote_name(column.name)
            if column.is_sampled:
                cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET STATISTICS 0")
            if column.has_samples:
                _clear(cursor, column)
    return len(found)


def columns() -> list[Column]:
    """Every column of this schema that can hold words of people or secrets."""
    chosen = _with_choices()
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        found = [Column(*row) for row in cursor.fetchall()]
    return [column for column in found if (column.table, column.name) not in chosen]


def _with_choices() -> set[tuple[str, str]]:
    """The columns that only ever hold one of our own words."""
    return {
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if field.choices
    }


def _clear(cursor: Any, column: Column) -> None:
    """Before release 18 there is no function for it; changing the type, also to the same one, removes them."""
    cursor.execute("SELECT current_setting('server_version_num')::integer")
    if cursor.fetchone()[0] >= _CLEARS_BY_FUNCTION:
        cursor.execute(
            "SELECT pg_clear_attribute_stats(schemaname => current_schema()::text, relname => %s, attname => %s,"
            " inherited => false)",
            [column.table, column.name],
        )
        return
    table, name = connection.ops.quote_name(column.table), connection.ops.quote_name(column.name)
    cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {column.type}")
