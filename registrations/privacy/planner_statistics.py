"""Keep personal data out of PostgreSQL's planner statistics.

`ANALYZE` copies frequent values and a histogram into `pg_statistic`, which an erasure does not reach. Columns that
can hold personal data or secrets therefore have no statistics. Numbers, times and columns with a fixed set of choices
keep theirs, which is what the planner needs: names, addresses and keys are looked up by indexes.
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
"""All columns but numbers, booleans, times and intervals: text, JSON, bytes, arrays, addresses, UUIDs."""


class Column(NamedTuple):
    table: str
    name: str
    type: str
    is_sampled: bool
    has_samples: bool


def withhold(**_kwargs: Any) -> int:
    """Disable statistics for all such columns and clear what was collected; return how many columns were changed.

    Runs after every migration, so that no new column is missed. One query if nothing needs to be done; otherwise each
    column is locked for a moment.
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
    """Return every column of this schema that can hold personal data or secrets."""
    chosen = _with_choices()
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        found = [Column(*row) for row in cursor.fetchall()]
    return [column for column in found if (column.table, column.name) not in chosen]


def _with_choices() -> set[tuple[str, str]]:
    """Return the columns with a fixed set of values."""
    return {
        (model._meta.db_table, field.column)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if field.choices
    }


def _clear(cursor: Any, column: Column) -> None:
    """Clear the statistics of one column: before PostgreSQL 18 by a change of type, even to the same type."""
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
