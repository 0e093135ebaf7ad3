"""Rows by constant SQL.

Building a statement anew costs the ORM several times what sending it costs (deploy/bench reserve); inside
the seat transaction that is time during which everybody else waits. Here it is built once.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import NOT_PROVIDED

BATCH_SIZE = 100
MAX_SINGLE_ROWS = 8
"""Up to so many rows a press has, whose statement is the same each time and stays prepared."""


def columns(model: type[models.Model], *, without: Collection[str] = ()) -> list[str]:
    """The columns of a model in its own order, which `Model.from_db` relies on."""
    return [field.column for field in model._meta.concrete_fields if field.name not in without]


def insert(rows: Sequence[models.Model], *, keep_others: bool = False) -> None:
    """Inserts these rows, all of one model, and gives them their primary keys.

    Columns with a default of the database only keep it, and are not read back. No signals, no `save`. Raises
    what the database raises; to `keep_others` is to leave out, without their keys, those that are there.
    """
    for some in _portions(rows):
        keys = _insert(some, keep_others)
        if not keep_others:
            _give_keys(some, keys)


def insert_new(rows: Sequence[models.Model]) -> bool:
    """Inserts these rows unless a unique value of one is taken: then some may be missing, and it returns `False`.

    A duplicate that is being inserted is waited for. A taken value is no error, so that the database writes nothing
    about it into its log: an error there would name the value, and an idempotency key is a secret. Defaults of
    the database are read when somebody asks for them.
    """
    for some in _portions(rows):
        keys = _insert(some, True)
        if len(keys) < len(some):
            return False
        _give_keys(some, keys)
        for row in some:
            _defer_defaults(row)
    return True


def _defer_defaults(row: models.Model) -> None:
    for field in row._meta.concrete_fields:
        if field.db_default is not NOT_PROVIDED and not field.has_default():
            vars(row).pop(field.attname, None)


def _portions(rows: Sequence[models.Model]) -> Iterator[Sequence[models.Model]]:
    for start in range(0, len(rows), BATCH_SIZE):
        yield rows[start : start + BATCH_SIZE]


def _insert(rows: Sequence[models.Model], keep_others: bool) -> list[tuple[Any, ...]]:
    many = len(rows) > MAX_SINGLE_ROWS and _fits_arrays(type(rows[0]))
    fields, statement = _statement(type(rows[0]), 0 if many else len(rows), keep_others)
    values = [
        [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows
    ]
    given = list(map(list, zip(*values, strict=True))) if many else [one for row in values for one in row]
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())


def _give_keys(rows: Sequence[models.Model], keys: Sequence[tuple[Any, ...]]) -> None:
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias


def _fits_arrays(model: type[models.Model]) -> bool:
    """A column of arrays does not: an array of them is one with more dimensions."""
    return all(field.get_internal_type() != "ArrayField" for field in model._meta.concrete_fields)


@lru_cache(maxsize=512)
def _statement(
    model: type[models.Model], count: int, keep_others: bool
) -> tuple[list["models.Field[Any, Any]"], str]:
    """A list of values, or an array for each column (`count` 0); inserted, and returned, in its own order.

    Of many rows each value as a parameter of its own takes the driver longer than the database the insert.
    """
    meta = model._meta
    fields = [
        field
        for field in meta.concrete_fields
        if not field.primary_key and (field.db_default is NOT_PROVIDED or field.has_default())
    ]
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table, key = map(connection.ops.quote_name, (meta.db_table, meta.pk.column))
    row = f"({', '.join(['%s'] * len(fields))})"
    arrays = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    source = f"VALUES {', '.join([row] * count)}" if count else f"SELECT * FROM unnest({arrays})"  # noqa: S608
    conflict = "ON CONFLICT DO NOTHING" if keep_others else ""
    return fields, f"INSERT INTO {table} ({columns}) {source} {conflict} RETURNING {key}"
