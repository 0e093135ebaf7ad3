"""The columns of a list as a file: where each comes from, and how its values are written."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import F, Model, QuerySet
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CHUNK = 2_000
"""Rows that are fetched at once: what a file weighs in memory, be it ever so long."""
Cell = str | int | None
Writer = Callable[[Any], Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, and the lookup or expression that it shows.

    `choices` are a field's choices, whose labels are written. Values of an `owners_only` column are for owners.
    """

    title: "str | _StrPromise"
    source: str | Combinable
    choices: Iterable[tuple[Any, Any]] = ()
    is_owners_only: bool = False
    write: Writer | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Titles and the rows of a query, ready to be written row by row, whoever is asking and in whichever zone.

    All words are resolved here: the rows are read when the answer is sent, long after the language and the
    time zone of the request have ended.
    """

    titles: list[str]
    rows: QuerySet[Any]
    writers: list[Writer] = field(repr=False)

    def lines(self) -> Iterator[list[Cell]]:
        for row in self.rows.iterator(chunk_size=CHUNK):
            yield [write(value) for write, value in zip(self.writers, row, strict=True)]


def table(rows: QuerySet[Model], columns: Sequence[Column], *, zone: dt.tzinfo) -> Table:
    """These columns of the rows, in the order of the rows. Times are written in `zone`."""
    named = {
        f"column_{number}": F(column.source) if isinstance(column.source, str) else column.source
        for number, column in enumerate(columns)
    }
    return Table(
        [str(column.title) for column in columns],
        rows.annotate(**named).values_list(*named),
        [_writer(column, zone) for column in columns],
    )


def _writer(column: Column, zone: dt.tzinfo) -> Writer:
    if column.write:
        return column.write
    yes, no = _("yes"), _("no")
    labels = {value: str(label) for value, label in column.choices}

    def write(value: Any) -> Cell:
        if isinstance(value, bool):
            return yes if value else no
        if isinstance(value, dt.datetime):
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        if value is None or isinstance(value, int):
            return value
        return labels.get(value, str(value))

    return write
