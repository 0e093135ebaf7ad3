"""Leases of queued work: a worker claims rows for a limited time, and a claim ends at once with its process.

The columns are `claimed_at`, `claimed_by` and `attempts`; a model whose rows are more than the work puts a prefix
before these names. A claim is recognised by its `claimed_at`: whoever updates `mine(row)` changes nothing once another
worker has claimed the row.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Q

from techfest.core.db import processes


@dataclass(frozen=True, slots=True)
class Lease:
    """How rows of one kind of work are claimed. Querysets are of that kind, and `now` is the database's time."""

    length: dt.timedelta
    prefix: str = ""

    def is_over(self, now: dt.datetime) -> Q:
        """Rows that were claimed so long ago that their worker has lost them."""
        return Q((f"{self.prefix}claimed_at__lt", now - self.length))

    def is_free(self, now: dt.datetime) -> Q:
        """Rows that may be claimed: by no worker yet, or too long ago."""
        return Q((f"{self.prefix}claimed_at", None)) | self.is_over(now)

    def claim(self, rows: Any, *, now: dt.datetime, limit: int = 1, **values: Any) -> list[int]:
        """Claims the first free rows, except those that another worker is claiming; returns their primary keys.

        Counts and commits the attempt before it begins, so that a row that kills its worker is given up in the end.
        """
        with transaction.atomic():
            free = rows.filter(self.is_free(now)).select_for_update(skip_locked=True)
            ids = list(free.values_list("pk", flat=True)[:limit])
            if ids:
                self.take(rows.model._default_manager.filter(pk__in=ids), now=now, **values)
        return ids

    def take(self, rows: Any, *, now: dt.datetime, **values: Any) -> int:
        """Claims rows that this transaction has locked; returns how many."""
        claim = {"claimed_at": now, "claimed_by": processes.this_process()}
        attempt = {f"{self.prefix}attempts": F(f"{self.prefix}attempts") + 1}
        return int(rows.update(**self._named(claim), **attempt, **values))

    def mine(self, row: Model) -> Any:
        """The row as long as this claim holds, for an update."""
        name = f"{self.prefix}claimed_at"
        return type(row)._default_manager.filter(**{"pk": row.pk, name: getattr(row, name)})

    def postpone(self, row: Model, *, now: dt.datetime, pause: dt.timedelta, **values: Any) -> bool:
        """Lets this claim end after `pause`, so that other rows come first; whether it still held."""
        ends = {"claimed_at": now - self.length + pause}
        return bool(self.mine(row).update(**self._named(ends), **values))

    def free_of_the_dead(self, rows: Any, **values: Any) -> int:
        """Frees the rows whose worker has certainly ended, and updates them with `values`; returns how many.

        Only at their first attempt: a row that kills its worker again stays claimed for the whole lease, so that it
        does not kill one worker after the other.
        """
        first = rows.filter(**{f"{self.prefix}attempts__lte": 1})
        return processes.free(
            first, by=f"{self.prefix}claimed_by", **self._named({"claimed_at": None}), **values
        )

    def _named(self, values: dict[str, Any]) -> dict[str, Any]:
        return {f"{self.prefix}{name}": value for name, value in values.items()}
