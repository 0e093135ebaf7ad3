"""Changing the time zone of a fest: which times stay, and what that does to its events, under their locks."""

import copy
import datetime as dt
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from events.dates import EVENT_DATES
from events.models import Event, Fest, Seats
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Edit, Impact
from registrations.models import Hold
from registrations.signals import fest_zone_changed
from techfest.core import audit_log
from techfest.core.db.locking import Deadline


def same_clock(moment: dt.datetime, old: zoneinfo.ZoneInfo, new: zoneinfo.ZoneInfo) -> dt.datetime:
    """The moment, in UTC, at which clocks in the new zone show what clocks in the old zone show at `moment`.

    A time that the new zone skips for daylight saving is moved forward by the length of the gap.
    """
    return moment.astimezone(old).replace(tzinfo=new, fold=0).astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class ZoneChange:
    """The old and the new zone; either clock times stay, or moments do."""

    old: zoneinfo.ZoneInfo
    new: zoneinfo.ZoneInfo
    keeps_clock: bool

    def moved(self, moment: dt.datetime) -> dt.datetime:
        """Return the new moment of something that was at this moment."""
        return same_clock(moment, self.old, self.new) if self.keeps_clock else moment


def lock_fest(fest_id: int, *, deadline: Deadline) -> None:
    """Lock the Seats rows of all events of the fest, then the fest, until the caller's transaction ends."""
    deadline.limit_locks()
    Seats.objects.locked(Event.objects.filter(fest=fest_id).values_list("pk", flat=True))
    deadline.limit_locks()
    Fest.objects.select_for_update(no_key=True).get(pk=fest_id)


def events_of(fest_id: int) -> list[Event]:
    """Return all events of the fest, including drafts and cancelled ones, ordered by time."""
    rows = Event.objects.filter(fest=fest_id).select_related("fest", "venue", "category", "seats")
    return list(rows.order_by("starts_at", "name", "pk"))


def zone_edits(events: Sequence[Event], fest: Fest, change: ZoneChange) -> list[Edit]:
    """Return the edits that the change causes; `fest` is as it will be. Empty if moments stay."""
    return [edit for event in events if (edit := _edit(event, fest, change)).changed]


def _edit(event: Event, fest: Fest, change: ZoneChange) -> Edit:
    after = copy.copy(event)
    after.fest = fest
    changed = set()
    for name in EVENT_DATES:
        moment = getattr(event, name)
        if moment and change.moved(moment) != moment:
            setattr(after, name, change.moved(moment))
            changed.add(name)
    return Edit(event, after, event.seats, event.seats.capacity, frozenset(changed))


def change_zone(
    fest: Fest,
    impacts: Sequence[Impact],
    change: ZoneChange,
    *,
    user: Any,
    reason: str,
    now: dt.datetime,
) -> None:
    """Move the events as previewed under the same locks, and the times until which seats are held for schools.

    Registrations and waiting list entries of an event whose moment changes get a mail. The caller saves the fest
    first, in the same transaction.
    """
    apply_edits(impacts, ApplyOptions(user, reason), now=now)
    if change.keeps_clock:
        _move_holds(fest, change)
    audit_log.record(
        fest,
        what="time zone changed",
        now=now,
        user=user,
        before={"time_zone": change.old.key},
        after={"time_zone": change.new.key, "kept": "clock times" if change.keeps_clock else "moments"},
        reason=reason,
    )
    fest_zone_changed.send(sender=Fest, fest=fest)


def _move_holds(fest: Fest, change: ZoneChange) -> None:
    holds = list(Hold.objects.unreturned().filter(event__fest=fest))
    for hold in holds:
        hold.until = change.moved(hold.until)
    Hold.objects.bulk_update(holds, ["until"])
