"""Inserts rows with SQL that is built once per model.

Building a statement costs the ORM several times as much as sending it (deploy/bench reserve), and inside the seat
transaction all other requests wait for that.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from operator import attrgetter
from types import NoneType
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, models
from django.db.models import NOT_PROVIDED

from techfest.core.db.batch import Batch, Result

BATCH_SIZE = 100
MAX_SINGLE_ROWS = 8
"""Up to this many rows, as one submission has, the statement takes single values and stays prepared."""


_PLAIN = frozenset({str, int, bool, NoneType, dt.datetime, uuid.UUID, bytes})
"""Types that the driver takes as they are. To prepare each value would cost most of the time of a bulk insert."""


def columns(model: type[models.Model], *, without: Collection[str] = ()) -> list[str]:
    """The columns of a model in the order that `Model.from_db` needs."""
    return [field.column for field in model._meta.concrete_fields if field.name not in without]


_observed: ContextVar[list[models.Model] | None] = ContextVar("observed_inserts", default=None)


@contextmanager
def observed_inserts() -> Iterator[list[models.Model]]:
    """Collect the rows that this module inserts, or queues to insert, in this block: what an act has really done."""
    rows: list[models.Model] = []
    token = _observed.set(rows)
    try:
        yield rows
    finally:
        _observed.reset(token)


def observe(rows: Iterable[models.Model]) -> None:
    """Add rows that were inserted otherwise."""
    if (observed := _observed.get()) is not None:
        observed.extend(rows)


@lru_cache(maxsize=64)
def insert_fields(model: type[models.Model]) -> tuple["models.Field[Any, Any]", ...]:
    """The fields that an INSERT writes: all but the primary key and those that only the database fills.

    Hand-written SQL takes its columns from here, so that a new field of the model cannot be forgotten.
    """
    return tuple(
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and (field.db_default is NOT_PROVIDED or field.has_default())
    )


def column_list(fields: Iterable["models.Field[Any, Any]"]) -> str:
    """The columns of these fields for an INSERT or SELECT, separated by commas."""
    return ", ".join(connection.ops.quote_name(field.column) for field in fields)


def unnested(fields: Iterable["models.Field[Any, Any]"]) -> str:
    """`unnest(%s::bigint[], …)` for one array per field, as `column_arrays` returns them."""
    return f"unnest({', '.join(f'%s::{_type_of(field)}[]' for field in fields)})"


def column_arrays(
    rows: Sequence[models.Model], fields: Sequence["models.Field[Any, Any]"]
) -> list[list[Any]]:
    """The values of each field in all rows, as parameters of `unnested`."""
    return [_column(rows, field) for field in fields]


def _column(rows: Sequence[models.Model], field: "models.Field[Any, Any]") -> list[Any]:
    values = list(map(attrgetter(field.attname), rows))
    if set(map(type, values)) <= _PLAIN and not isinstance(field, models.JSONField):
        return values
    return [_value_of(row, field) for row in rows]


def row_values(row: models.Model, fields: Iterable["models.Field[Any, Any]"]) -> list[Any]:
    """The values of these fields in one row, as parameters of a statement."""
    return [_value_of(row, field) for field in fields]


def _value_of(row: models.Model, field: "models.Field[Any, Any]") -> Any:
    value = getattr(row, field.attname)
    if type(value) in _PLAIN and not isinstance(field, models.JSONField):
        return value
    return field.get_db_prep_save(value, connection)


def _type_of(field: "models.Field[Any, Any]") -> str:
    """The column's type without its length: a cast to varchar(20) would cut a longer text in silence."""
    return (field.db_type(connection) or "").partition("(")[0]


def insert(rows: Sequence[models.Model], *, keep_others: bool = False) -> None:
    """Insert rows of one model and set their primary keys. No signals are sent and `save` is not called.

    Columns with a database default get that default, which is not read back. Raises the database's errors;
    with `keep_others` rows that exist already are skipped and get no primary key.
    """
    for some in _portions(rows):
        keys = _insert(some, keep_others)
        if not keep_others:
            _give_keys(some, keys)
            observe(some)


def copy(rows: Iterable[models.Model], model: type[models.Model]) -> None:
    """Insert rows of one model by COPY, which suits thousands of rows and array columns. Sets no primary keys."""
    fields = insert_fields(model)
    table = connection.ops.quote_name(model._meta.db_table)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({column_list(fields)}) FROM STDIN") as target,
    ):
        for row in rows:
            target.write_row(row_values(row, fields))


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
    statement = insert_statement(type(rows[0]), 0 if many else len(rows), keep_others)
    fields = insert_fields(type(rows[0]))
    given = column_arrays(rows, fields) if many else [one for row in rows for one in row_values(row, fields)]
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
def insert_statement(model: type[models.Model], count: int, keep_others: bool = False) -> str:
    """The INSERT statement for `count` rows of single values, or with one array per column if `count` is 0.

    Rows are inserted and returned in order. Passing each value of many rows as a parameter would cost the driver
    more time than the insert costs the database.
    """
    fields = insert_fields(model)
    table, key = map(connection.ops.quote_name, (model._meta.db_table, model._meta.pk.column))
    row = f"({', '.join(['%s'] * len(fields))})"
    source = f"VALUES {', '.join([row] * count)}" if count else f"SELECT * FROM {unnested(fields)}"  # noqa: S608
    conflict = "ON CONFLICT DO NOTHING" if keep_others else ""
    return f"INSERT INTO {table} ({column_list(fields)}) {source} {conflict} RETURNING {key}"


def next_keys(batch: Batch, models_: Sequence[type[models.Model]], count: int) -> Result:
    """Queue a statement that returns `count` rows with an unused primary key of each of these models.

    The count is no parameter: it would be planned anew each time, since a plan for any count is estimated too high.
    """
    keys = ", ".join(f"nextval('{model._meta.db_table}_{model._meta.pk.column}_seq')" for model in models_)
    rows = "" if count == 1 else f" FROM generate_series(1, {count:d})"
    return batch.add(f"SELECT {keys}{rows}")


def queue_insert(batch: Batch, rows: Sequence[models.Model]) -> None:
    """As `insert`, as a statement of a batch. Rows keep the primary keys they have; new ones are not read back."""
    for some in _portions(rows):
        many, has_keys = len(some) > MAX_SINGLE_ROWS, some[0].pk is not None
        fields = queued_fields(type(some[0]), has_keys)
        statement = queued_statement(type(some[0]), 0 if many else len(some), has_keys)
        if many:
            batch.add(
                statement, [list(map(_array_literal, values)) for values in column_arrays(some, fields)]
            )
        else:
            batch.add(statement, [value for row in some for value in row_values(row, fields)])
        for row in some:
            row._state.adding = False
            row._state.db = DEFAULT_DB_ALIAS
        observe(some)


def _array_literal(value: Any) -> Any:
    """An array as text, other values as they are: in an array of arrays all would need the same length."""
    if not isinstance(value, list):
        return value
    quoted = ('"' + one.replace("\\", r"\\").replace('"', r"\"") + '"' for one in value)
    return "{" + ",".join(quoted) + "}"


@lru_cache(maxsize=64)
def queued_fields(model: type[models.Model], has_keys: bool) -> tuple["models.Field[Any, Any]", ...]:
    return (*((model._meta.pk,) if has_keys else ()), *insert_fields(model))


@lru_cache(maxsize=512)
def queued_statement(model: type[models.Model], count: int, has_keys: bool) -> str:
    """The INSERT for `count` rows of single values, or with one array per column if `count` is 0."""
    fields = queued_fields(model, has_keys)
    if count:
        row = f"({', '.join(['%s'] * len(fields))})"
        source = f"VALUES {', '.join([row] * count)}"
    else:
        names = [connection.ops.quote_name(field.column) for field in fields]
        types = [_type_of(field).removesuffix("[]") for field in fields]
        lists = [field.get_internal_type() == "ArrayField" for field in fields]
        arrays = [f"%s::{'text' if is_list else kind}[]" for kind, is_list in zip(types, lists, strict=True)]
        chosen = [
            f"{name}::{kind}[]" if is_list else name
            for name, kind, is_list in zip(names, types, lists, strict=True)
        ]
        source = f"SELECT {', '.join(chosen)} FROM unnest({', '.join(arrays)}) AS given ({', '.join(names)})"  # noqa: S608
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({column_list(fields)}) {source}"
