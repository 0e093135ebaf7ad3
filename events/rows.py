"""Rows by constant SQL.

Building a statement anew costs the ORM several times what sending it costs (deploy/bench reserve); inside
the seat transaction that is time during which everybody else waits. Here it is built once.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import NOT_PROVIDED

MOST_AT_ONCE = 100


def columns(model: type[models.Model], *, without: Collection[str] = ()) -> list[str]:
    """The columns of a model in its own order, which `Model.from_db` relies on."""
    return [field.column for field in model._meta.concrete_fields if field.name not in without]


def insert(rows: Sequence[models.Model]) -> None:
    """Inserts these rows, all of one model, and gives them their primary keys.

    Columns with a default of the database keep it, and are not read back. No signals, no `save`. Raises
    what the database raises.
    """
    for start in range(0, len(rows), MOST_AT_ONCE):
        _insert(rows[start : start + MOST_AT_ONCE])


def _insert(rows: Sequence[models.Model]) -> None:
    fields, statement = _statement(type(rows[0]), len(rows))
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows for field in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias


@lru_cache(maxsize=512)
def _statement(model: type[models.Model], count: int) -> tuple[list["models.Field[Any, Any]"], str]:
    """A VALUES list is inserted, and returned, in its own order."""
    meta = model._meta
    fields = [
        field for field in meta.concrete_fields if not field.primary_key and field.db_default is NOT_PROVIDED
    ]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    row = f"({', '.join(['%s'] * len(fields))})"
    key = connection.ops.quote_name(meta.pk.column)
    table = connection.ops.quote_name(meta.db_table)
    values = ", ".join([row] * count)
    return fields, f"INSERT INTO {table} ({columns}) VALUES {values} RETURNING {key}"  # noqa: S608 - names only
