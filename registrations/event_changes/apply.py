"""Applies a previewed edit: the event, its seats, its conflicts, the audit log and the mails, in one transaction."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from events import editing
from events.editing import ReservedCapacity
from events.models import Event
from registrations.booking import conflicts
from registrations.booking.cancel import cancel_event
from registrations.booking.ledger import change_ledger
from registrations.booking.state import Origin, note
from registrations.booking.waitlist import promote_after_change, promotions_quote, promotions_sample
from registrations.event_changes.impact import NOTIFIED_FIELDS, Edit, Impact
from registrations.models import Change, Registration
from techfest.core import audit_log


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """What the organiser decides: a reason, seats to reserve per event, and a deadline for choosing.

    With `quotes_reason` the mails quote the reason; without it only those about a cancelled event do.
    """

    user: Any
    reason: str = ""
    reserved: Mapping[int, ReservedCapacity] = field(default_factory=dict)
    choose_by: dt.datetime | None = None
    quotes_reason: bool = False
    sample: int | None = None
    """The one registration that a rehearsal of a cancelled event cancels."""
    promoted_sample: int | None = None
    """The one registration that a rehearsal of many new seats promotes."""

    @property
    def quoted(self) -> str:
        return self.reason if self.quotes_reason else ""


def apply_edits(impacts: Sequence[Impact], options: ApplyOptions, *, now: dt.datetime) -> None:
    """Apply to each event, and to its registrations, the impact previewed under the same locks.

    Needs the transaction that locked the Seats rows of all events and made the preview. Each affected registration
    gets one mail; the deliveries are part of the transaction.
    """
    with promotions_quote(options.quoted), promotions_sample(options.promoted_sample):
        _apply(impacts, options, now)


def _apply(impacts: Sequence[Impact], options: ApplyOptions, now: dt.datetime) -> None:
    for one in impacts:
        _write(one.edit, options, now)
    for one in impacts:
        event = one.edit.after
        if one.edit.is_event_cancelled:
            cancel_event(event, user=options.user, reason=options.reason, now=now, sample=options.sample)
            continue
        promote_after_change(event)
        conflicts.end(one.ended_conflicts, now=now)
        conflicts.raise_conflicts(one.new_conflicts, now=now, choose_by=options.choose_by, user=options.user)
        _notify(one, options, now)


def _write(edit: Edit, options: ApplyOptions, now: dt.datetime) -> None:
    event, changed = edit.after, set(edit.changed)
    before, after = values_of(edit.before, changed), values_of(event, changed)
    if edit.added:
        before["capacity"], after["capacity"] = edit.seats.capacity, edit.capacity
    reserved = options.reserved.get(event.pk)
    if reserved:
        before["reserved"], after["reserved"] = 0, reserved.seats
    editing.write(event, changed=changed, capacity=edit.capacity if edit.added else None, reserved=reserved)
    if after:
        what = _what(edit)
        audit_log.record(
            event,
            what=what,
            now=now,
            user=options.user,
            before=before,
            after=after,
            reason=options.reason,
        )


def _what(edit: Edit) -> str:
    if edit.is_event_cancelled:
        return "cancelled"
    if edit.is_reinstated:
        return "takes place after all"
    return "published" if edit.is_published else "changed"


def _notify(impact: Impact, options: ApplyOptions, now: dt.datetime) -> None:
    if not impact.notified:
        return
    edit = impact.edit
    names = sorted(NOTIFIED_FIELDS & edit.changed) or sorted(edit.changed)
    # Some were promoted just now, and their Changes must show the new state.
    states = dict(Registration.objects.filter(event=edit.after.pk).active().values_list("pk", "state"))
    for row in impact.notified:
        row.event, row.state = edit.after, states[row.pk]
    origin = Origin(
        Change.Cause.EVENT_CHANGED, Change.Actor.ORGANISER, now, user=options.user, reason=options.quoted
    )
    fields = {row.student_id: names for row in impact.notified}
    with change_ledger():
        note(impact.notified, origin=origin, fields=fields)


def values_of(event: Event, names: set[str]) -> dict[str, Any]:
    """Return these fields as the audit log stores them: plain values, times in UTC, other rows by name."""
    return {name: _plain(getattr(event, name)) for name in sorted(names)}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    return value if value is None or isinstance(value, bool | int | str) else str(value)
