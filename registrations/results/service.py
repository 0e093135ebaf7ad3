"""Results as they are entered: many at once, by two people at once, nothing overwritten unseen."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from registrations.booking.errors import ActionRejected, RegistrationError
from registrations.locking import Deadline, in_transaction
from registrations.models import Registration, Result, ResultSheet
from registrations.querysets import RegistrationQuerySet
from registrations.results.ranking import ranks_of, written
from registrations.signals import results_changed
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now

Counting = ResultSheet.Counting
Value = Decimal | int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands on the sheet for one registration."""

    points: Decimal | None
    rank: int | None

    def value(self, counting: str) -> Value:
        """What was typed: points, or the rank where ranks are typed."""
        return self.rank if counting == Counting.RANK else self.points


class ResultsChanged(RegistrationError):
    """Somebody saved between the look and the press. Nothing was written; the page shows what is new."""

    text = gettext_lazy("Somebody changed this sheet meanwhile.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One page of the sheet as it came back: what each registration was shown with, and what it has now."""

    version: int
    counting: str
    shown: Mapping[int, str]
    values: Mapping[int, Value]


def competitors(event: Event) -> RegistrationQuerySet:
    """Whoever has a seat, those who came in first, by name; `came_at` says when they came.

    Tickets are of the room above and are asked for by the name that they have here.
    """
    came = Max("tickets__checked_in_at", filter=Q(tickets__voided_at=None))
    rows = Registration.objects.filter(event=event, state=Registration.State.CONFIRMED)
    rows = rows.select_related("student__school").annotate(came_at=came, has_not_come=Q(came_at=None))
    return rows.order_by("has_not_come", "student__name_key", "pk")


def sheet_of(event: Event) -> ResultSheet:
    """The event's sheet, or a new one that nobody has saved."""
    return ResultSheet.objects.filter(event=event).first() or ResultSheet(event=event)


def entries_of(event: Event) -> dict[int, Entry]:
    """What stands on the sheet by registration, for those who have a seat."""
    rows = Result.objects.filter(registration__event=event, registration__state=Registration.State.CONFIRMED)
    return {
        key: Entry(points, rank) for key, points, rank in rows.values_list("registration", "points", "rank")
    }


def save(event: Event, typed: Typed, *, user: Any, deadline: Deadline) -> list[str]:
    """Writes one page of the sheet and all ranks that follow; what came of it elsewhere, in words.

    Raises ResultsChanged where a row of the page is not any more what it was shown as, and Busy.
    """
    return in_transaction(lambda: _save(event, typed, user), deadline=deadline)


def count_otherwise(event: Event, counting: str, *, user: Any, deadline: Deadline) -> list[str]:
    """Judges the event in another way, from the points that are there. Raises ActionRejected and Busy."""
    return in_transaction(lambda: _count_otherwise(event, counting, user), deadline=deadline)


def locked_sheet(event: Event) -> ResultSheet:
    """The event's sheet, made where there was none, locked until the transaction ends."""
    ResultSheet.objects.bulk_create([ResultSheet(event=event)], ignore_conflicts=True)
    return ResultSheet.objects.select_for_update(no_key=True).get(event=event)


def _save(event: Event, typed: Typed, user: Any) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    before = entries_of(event)
    if sheet.version != typed.version and not _is_as_shown(sheet, before, typed):
        raise ResultsChanged
    seats = set(competitors(event).filter(pk__in=typed.values).order_by().values_list("pk", flat=True))
    values = {key: entry.value(sheet.counting) for key, entry in before.items()}
    values |= {key: value for key, value in typed.values.items() if key in seats}
    after = _ranked(sheet.counting, values, before)
    return _write(sheet, before, after, user=user, now=now)


def _is_as_shown(sheet: ResultSheet, before: Mapping[int, Entry], typed: Typed) -> bool:
    nothing = Entry(None, None)
    return sheet.counting == typed.counting and all(
        written(before.get(key, nothing).value(sheet.counting)) == shown for key, shown in typed.shown.items()
    )


def _ranked(counting: str, values: Mapping[int, Value], before: Mapping[int, Entry]) -> dict[int, Entry]:
    """The whole sheet from what was typed; what was emptied is not on it."""
    there = {key: value for key, value in values.items() if value is not None}
    if counting == Counting.RANK:
        kept = {key: entry.points for key, entry in before.items()}
        return {key: Entry(kept.get(key), int(value)) for key, value in there.items()}
    points = {key: Decimal(value) for key, value in there.items()}
    ranks = ranks_of(points, counting=counting)
    return {key: Entry(points[key], ranks[key]) for key in points}


def _count_otherwise(event: Event, counting: str, user: Any) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    before = entries_of(event)
    if sheet.counting == counting:
        return []
    if any(entry.points is None for entry in before.values()):
        raise ActionRejected(_("Ranks were typed in that no points stand behind. Empty them first."))
    after = dict(before)
    if counting != Counting.RANK:
        points = {key: entry.points for key, entry in before.items() if entry.points is not None}
        after = _ranked(counting, points, before)
    old, sheet.counting = sheet.counting, counting
    record(sheet, what="changed", now=now, user=user, before={"counting": old}, after={"counting": counting})
    return _write(sheet, before, after, user=user, now=now, is_new=True)


def _write(
    sheet: ResultSheet,
    before: Mapping[int, Entry],
    after: Mapping[int, Entry],
    *,
    user: Any,
    now: dt.datetime,
    is_new: bool = False,
) -> list[str]:
    """Writes what differs, and the trail by the registration's number; nothing where nothing differs."""
    changed = {key: entry for key, entry in after.items() if before.get(key) != entry}
    gone = before.keys() - after.keys()
    if not changed and not gone and not is_new:
        return []
    sheet.version += 1
    sheet.save(update_fields=["counting", "version"])
    Result.objects.filter(registration__in=gone).delete()
    Result.objects.bulk_create(
        [Result(registration_id=key, points=one.points, rank=one.rank) for key, one in changed.items()],
        update_conflicts=True,
        unique_fields=["registration"],
        update_fields=["points", "rank"],
    )
    _record(sheet, before, after, user=user, now=now)
    return announce(sheet, user=user, now=now) if sheet.published_at else []


def _record(
    sheet: ResultSheet,
    before: Mapping[int, Entry],
    after: Mapping[int, Entry],
    *,
    user: Any,
    now: dt.datetime,
) -> None:
    def values(entries: Mapping[int, Entry]) -> dict[int, str]:
        return {key: written(entry.value(sheet.counting)) for key, entry in entries.items()}

    old, new = values(before), values(after)
    differs = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    if differs:
        was, has = ({f"registration {key}": side.get(key, "") for key in differs} for side in (old, new))
        record(sheet, what="entered", now=now, user=user, before=was, after=has)


def announce(sheet: ResultSheet, *, user: Any, now: dt.datetime) -> list[str]:
    """Lets the rooms above follow what the public sees now; what they did, in words for the organiser."""
    heard = results_changed.send(ResultSheet, sheet=sheet, user=user, now=now)
    return [str(words) for _receiver, words in heard if words]
