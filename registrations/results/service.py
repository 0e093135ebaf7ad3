"""Entering results: many at once, by several organisers at once, without overwriting changes unseen."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from registrations.booking.errors import ActionRejected
from registrations.models import Registration, Result, ResultSheet
from registrations.querysets import RegistrationQuerySet
from registrations.results.ranking import formatted, ranks_of
from registrations.signals import results_changed
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.folding import in_dictionary_order
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.errors import UserFacingError

Counting = ResultSheet.Counting
Value = Decimal | int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of one registration on the sheet."""

    points: Decimal | None
    rank: int | None

    def value(self, counting: str) -> Value:
        """The typed values: points, or the rank if ranks are typed."""
        return self.rank if counting == Counting.RANK else self.points


class SheetChanged(UserFacingError):
    """Another organiser saved since the page was shown. Nothing was written; the page shows the new values."""

    text = gettext_lazy("Another organiser has changed this sheet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedPage:
    """One submitted page of the sheet: by registration, the value it was shown with and the new one."""

    version: int
    counting: str
    shown: Mapping[int, str]
    values: Mapping[int, Value]


def competitors(event: Event) -> RegistrationQuerySet:
    """Return the registrations with a seat, by name, those checked in first; `came_at` is the time of check-in.

    Tickets belong to a higher layer and are reached through their relation only.
    """
    came = Max("tickets__checked_in_at", filter=Q(tickets__voided_at=None))
    rows = Registration.objects.filter(event=event, state=Registration.State.CONFIRMED)
    rows = rows.select_related("student__school").annotate(came_at=came, has_not_come=Q(came_at=None))
    return rows.order_by("has_not_come", *in_dictionary_order("student__name"), "pk")


def sheet_of(event: Event) -> ResultSheet:
    """Return the event's sheet, or a new unsaved one."""
    return ResultSheet.objects.filter(event=event).first() or ResultSheet(event=event)


def entries_of(event: Event) -> dict[int, Entry]:
    """Return the entries of the sheet by registration, for those with a seat."""
    rows = Result.objects.filter(registration__event=event, registration__state=Registration.State.CONFIRMED)
    return {
        key: Entry(points, rank) for key, points, rank in rows.values_list("registration", "points", "rank")
    }


def save(event: Event, submitted: SubmittedPage, *, user: Any, deadline: Deadline) -> list[str]:
    """Save one page of the sheet and all ranks that follow; return sentences about what followed elsewhere.

    Raises SheetChanged if a row of the page differs from what was shown, and LockTimeout.
    """
    return in_transaction(lambda: _save(event, submitted, user), deadline=deadline)


def change_counting(event: Event, counting: str, *, user: Any, deadline: Deadline) -> list[str]:
    """Change how the event is ranked, using the points that exist. Raises ActionRejected and LockTimeout."""
    return in_transaction(lambda: _change_counting(event, counting, user), deadline=deadline)


def locked_sheet(event: Event) -> ResultSheet:
    """Return the event's sheet, created if necessary, locked until the transaction ends."""
    ResultSheet.objects.bulk_create([ResultSheet(event=event)], ignore_conflicts=True)
    return ResultSheet.objects.select_for_update(no_key=True).get(event=event)


def _save(event: Event, submitted: SubmittedPage, user: Any) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    before = entries_of(event)
    if sheet.version != submitted.version and not _is_as_shown(sheet, before, submitted):
        raise SheetChanged
    seats = set(competitors(event).filter(pk__in=submitted.values).order_by().values_list("pk", flat=True))
    values = {key: entry.value(sheet.counting) for key, entry in before.items()}
    values |= {key: value for key, value in submitted.values.items() if key in seats}
    after = _ranked(sheet.counting, values, before)
    return _write(sheet, before, after, user=user, now=now)


def _is_as_shown(sheet: ResultSheet, before: Mapping[int, Entry], submitted: SubmittedPage) -> bool:
    nothing = Entry(None, None)
    return sheet.counting == submitted.counting and all(
        formatted(before.get(key, nothing).value(sheet.counting)) == shown
        for key, shown in submitted.shown.items()
    )


def _ranked(counting: str, values: Mapping[int, Value], before: Mapping[int, Entry]) -> dict[int, Entry]:
    """Return the whole sheet that follows from the typed values; emptied values are not on it."""
    there = {key: value for key, value in values.items() if value is not None}
    if counting == Counting.RANK:
        kept = {key: entry.points for key, entry in before.items()}
        return {key: Entry(kept.get(key), int(value)) for key, value in there.items()}
    points = {key: Decimal(value) for key, value in there.items()}
    ranks = ranks_of(points, counting=counting)
    return {key: Entry(points[key], ranks[key]) for key in points}


def _change_counting(event: Event, counting: str, user: Any) -> list[str]:
    sheet, now = locked_sheet(event), database_now()
    before = entries_of(event)
    if sheet.counting == counting:
        return []
    if any(entry.points is None for entry in before.values()):
        raise ActionRejected(_("Some ranks were typed without points. Clear them first."))
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
    """Write the differences and the audit log, by registration id; nothing if there are none."""
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
        return {key: formatted(entry.value(sheet.counting)) for key, entry in entries.items()}

    old, new = values(before), values(after)
    differs = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
    if differs:
        was, has = ({f"registration {key}": side.get(key, "") for key in differs} for side in (old, new))
        record(sheet, what="entered", now=now, user=user, before=was, after=has)


def announce(sheet: ResultSheet, *, user: Any, now: dt.datetime) -> list[str]:
    """Send `results_changed`; return the receivers' sentences for the organiser."""
    heard = results_changed.send(ResultSheet, sheet=sheet, user=user, now=now)
    return [str(words) for _receiver, words in heard if words]
