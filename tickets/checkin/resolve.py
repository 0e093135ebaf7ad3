"""A person's word on what a phone said without a network, and what was not so."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from tickets.models import Scan


def resolve(scan_ids: Sequence[int], *, user: Any, note: str, now: dt.datetime) -> int:
    """Ends these conflicts with a note; how many of them were open still. The scans stay as they are."""
    open_ones = Scan.objects.filter(pk__in=scan_ids, is_conflict=True, resolved_at=None)
    return open_ones.update(resolved_at=now, resolved_by=user, note=note)
