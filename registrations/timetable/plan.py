"""What a changed timetable would do: computed for the preview, and again under the locks when it is applied."""

import copy
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import editing
from events.dates import concerning, event_refusals
from events.models import Event, Fest, Seats
from events.venues import Booking, bookings_of, double_booking
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Edit, Impact, digest, preview_impact
from registrations.timetable.columns import TIMES
from registrations.timetable.events import FestChoices, free_slug, put, row_of
from registrations.timetable.read import Timetable
from techfest.core import audit_log
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction
from techfest.core.text import folded

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

MAX_PLAN_LENGTH = 200_000
"""Characters of a plan in the form of the preview; Django accepts 256 KiB of form fields."""
_SALT = "registrations.timetable.plan"
_CARRIED_SECONDS = 3600
_NEW = 0
_CHANGED = gettext_lazy(
    "Another organiser has changed it in the meantime. Upload the file again to see what is different."
)


@dataclass(frozen=True, slots=True)
class RowChange:
    """What one row changes in an event: by field, the value at the time of the export and the new one.

    `event_id` is 0 for a new event, whose old values are empty.
    """

    number: int
    event_id: int
    fields: Mapping[str, tuple[Any, Any]]

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: wanted for name, (_was, wanted) in self.fields.items()}


@dataclass
class Plan:
    """What would happen by row of the file; `refused` has the reason for each row that cannot be applied any more."""

    impacts: dict[int, Impact] = field(default_factory=dict)
    new: list[RowChange] = field(default_factory=list)
    refused: dict[int, "str | _StrPromise"] = field(default_factory=dict)
    double_bookings: dict[int, str] = field(default_factory=dict)
    """By row of a new event, the sentence about a venue that is taken twice."""

    @property
    def digest(self) -> str:
        news = [[one.number, self.double_bookings.get(one.number, "")] for one in self.new]
        return (
            f"{digest(list(self.impacts.values()))}-{hashlib.sha256(json.dumps(news).encode()).hexdigest()}"
        )


def row_changes_of(timetable: Timetable) -> list[RowChange]:
    """Return the changes of the rows that are to be applied."""
    return [
        RowChange(
            row.number,
            row.event.pk if row.event else _NEW,
            {name: (row.was.get(name), value) for name, value in row.changes.items()},
        )
        for row in timetable.good
    ]


def dumped(row_changes: Sequence[RowChange], fest: Fest) -> str:
    """Return the changes as one signed text for the form of the preview, or an empty text if it is too long.

    Nothing of the file is stored elsewhere.
    """
    plain = [
        [one.number, one.event_id, {name: list(pair) for name, pair in one.fields.items()}]
        for one in row_changes
    ]
    text = signing.dumps([fest.pk, plain], salt=_SALT, compress=True)
    return text if len(text) <= MAX_PLAN_LENGTH else ""


def loaded(text: str, fest: Fest) -> list[RowChange]:
    """Return the changes that the form sent for this fest. Raises signing.BadSignature, also after an hour."""
    key, plain = signing.loads(text, salt=_SALT, max_age=_CARRIED_SECONDS)
    if key != fest.pk:
        raise signing.BadSignature("the timetable of another fest")
    return [
        RowChange(number, event, {name: (was, to) for name, (was, to) in fields.items()})
        for number, event, fields in plain
    ]


def preview_plan(row_changes: Sequence[RowChange], events: "QuerySet[Event]", fest: Fest) -> Plan:
    """Return what would happen now. Takes no locks, so it is not binding."""
    return _plan(row_changes, events, fest, now=database_now(), locks=False)


def apply_plan(
    row_changes: Sequence[RowChange],
    events: "QuerySet[Event]",
    fest: Fest,
    *,
    seen: str,
    options: ApplyOptions,
    deadline: Deadline,
) -> tuple[Plan, bool]:
    """Apply all changes in one transaction if the plan still has the digest `seen`; return both.

    Locks the Seats rows of all events in primary-key order before anything is read. A row whose event was
    changed since the preview is refused, and then nothing is applied. Raises LockTimeout after 3 s.
    """

    def work() -> tuple[Plan, bool]:
        deadline.limit_locks()
        Seats.objects.locked(row_change.event_id for row_change in row_changes if row_change.event_id)
        now = database_now()
        plan = _plan(row_changes, events, fest, now=now, locks=True)
        if plan.refused or plan.digest != seen:
            return plan, False
        apply_edits(list(plan.impacts.values()), options, now=now)
        _add(plan.new, fest, options, now)
        return plan, True

    return in_transaction(work, deadline=deadline)


def _plan(
    row_changes: Sequence[RowChange], events: "QuerySet[Event]", fest: Fest, *, now: dt.datetime, locks: bool
) -> Plan:
    ids = [row_change.event_id for row_change in row_changes if row_change.event_id]
    stored = {
        row.pk: row for row in events.filter(pk__in=ids).select_related("fest", "venue", "category", "seats")
    }
    names = {folded(name) for name in Event.objects.filter(fest=fest).values_list("name", flat=True)}
    choices, plan, edits = FestChoices(fest), Plan(), {}
    for row_change in row_changes:
        event = stored.get(row_change.event_id)
        if row_change.event_id == _NEW:
            if folded(row_change.wanted["name"]) not in names:
                plan.new.append(row_change)
        elif event is None:
            plan.refused[row_change.number] = _("This event no longer exists, or you may not change it.")
        elif refusal := _refusal(row_change, event, choices):
            plan.refused[row_change.number] = refusal
        else:
            edits[row_change.number] = _edit(row_change, event, choices)
    impacts = preview_impact(list(edits.values()), now=now, locks=locks)
    plan.impacts = dict(zip(edits, impacts, strict=True))
    plan.double_bookings = _double_bookings(plan, fest)
    return plan


def _double_bookings(plan: Plan, fest: Fest) -> dict[int, str]:
    new = [_booking(one) for one in plan.new]
    edited = {one.edit.after.pk: one.edit.after for one in plan.impacts.values()}
    bookings = [*bookings_of(fest, edited=edited), *new] if new else []
    texts = {
        row_change.number: double_booking(booking, bookings, fest)
        for row_change, booking in zip(plan.new, new, strict=True)
    }
    return {number: text for number, text in texts.items() if text}


def _booking(row_change: RowChange) -> Booking:
    values = row_change.wanted
    starts_at, ends_at = (dt.datetime.fromisoformat(values[name]) for name in TIMES)
    return Booking(("row", row_change.number), values["name"], values["venue"], starts_at, ends_at)


def _refusal(row_change: RowChange, event: Event, choices: FestChoices) -> "str | _StrPromise":
    """Return why an event is not changed: it changed since the preview, or its new dates are impossible."""
    row = row_of(event)
    for name, (was, wanted) in row_change.fields.items():
        if row[name] not in (was, wanted):
            return _CHANGED
    becomes = {**row, **row_change.wanted}
    if becomes["grade_min"] > becomes["grade_max"]:
        return _CHANGED
    if becomes["venue"] not in choices.venues or becomes["category"] not in choices.categories:
        return _("Its venue or category no longer exists.")
    return _date_refusal(_edit(row_change, event, choices))


def _date_refusal(edit: Edit) -> str:
    """Return why the dates changed by this edit are impossible; dates that were wrong before are ignored."""
    return " ".join(one.text for one in concerning(event_refusals(edit.after), edit.changed))


def _edit(row_change: RowChange, before: Event, choices: FestChoices) -> Edit:
    row, after = row_of(before), copy.copy(before)
    changes = {name: value for name, value in row_change.wanted.items() if row[name] != value}
    put(after, changes, choices)
    capacity = changes.get("capacity", before.seats.capacity)
    return Edit(before, after, before.seats, capacity, frozenset(changes) - {"capacity"})


def _add(row_changes: Sequence[RowChange], fest: Fest, options: ApplyOptions, now: dt.datetime) -> None:
    choices = FestChoices(fest)
    slugs = set(Event.objects.filter(fest=fest).values_list("slug", flat=True))
    for row_change in row_changes:
        values = {"grade_min": fest.grade_min, "grade_max": fest.grade_max} | row_change.wanted
        event = Event(fest=fest, slug=free_slug(values["name"], slugs))
        put(event, values | {"state": Event.State.DRAFT}, choices)
        editing.write(event, changed=(), capacity=values["capacity"])
        after = row_of(Event.objects.select_related("venue", "category", "seats").get(pk=event.pk))
        audit_log.record(event, what="added", now=now, user=options.user, after=after, reason=options.reason)
