"""Inserts rows with SQL that is built once per model.

Building a statement costs the ORM several times as much as sending it (deploy/bench reserve), and inside the seat
transaction all other requests wait for that.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.db.models import NOT_PROVIDED

BATCH_SIZE = 100
MAX_SINGLE_ROWS = 8
"""Up to this many rows, as one submission has, the statement takes single values and stays prepared."""


def columns(model: type[models.Model], *, without: Collection[str] = ()) -> list[str]:
    """The columns of a model in the order that `Model.from_db` needs."""
    return [field.column for field in model._meta.concrete_fields if field.name not in without]


def insert(rows: Sequence[models.Model], *, keep_others: bool = False) -> None:
    """Insert rows of one model and set their primary keys. No signals are sent and `save` is not called.

    Columns with a database default get that default, which is not read back. Raises the database's errors;
    with `keep_others` rows that exist already are skipped and get no primary key.
    """
    for some in _portions(rows):
        keys = _insert(some, keep_others)
        if not keep_others:
            _give_keys(some, keys)


def insert_new(rows: Sequence[models.Model]) -> bool:
    """Insert rows; return False if a unique value of one of them is taken, in which case some may be missing.

    Waits for a concurrent transaction that inserts the same value. A taken value raises no error, because the
    database would write the value to its log, and an idempotency key is a secret. Database defaults are deferred.
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
    """Whether the model has no array columns; an array of arrays would be multidimensional."""
    return all(field.get_internal_type() != "ArrayField" for field in model._meta.concrete_fields)


@lru_cache(maxsize=512)
def _statement(
    model: type[models.Model], count: int, keep_others: bool
) -> tuple[list["models.Field[Any, Any]"], str]:
    """The INSERT statement for `count` rows of single values, or with one array per column if `count` is 0.

    Rows are inserted and returned in order. Passing each value of many rows as a parameter would cost the driver
    more time than the insert costs the database.
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
