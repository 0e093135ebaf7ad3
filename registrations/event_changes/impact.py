"""Previews what an edit of events would do to their registrations, under the locks that applying it needs.

Edits in one list are previewed together: two events that swap their times do not clash.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from django.utils.translation import gettext as _

from events.dates import DateProblem, concerning
from events.models import Event, Seats
from events.venues import bookings_of, questions_about
from registrations.booking.confirmation_deadline import release_late
from registrations.booking.conflicts import Kind, NewConflict, key_of, open_conflicts_of
from registrations.booking.waitlist import is_moving
from registrations.models import Conflict, Hold, Registration, Student

State = Event.State
TIMES = frozenset({"starts_at", "ends_at", "buffer_minutes"})
"""The fields that decide whether two events clash."""
GRADES = frozenset({"grade_min", "grade_max"})
NOTIFIED_FIELDS = frozenset({"starts_at", "ends_at", "venue"})
"""The fields whose change is mailed to everyone with a seat or on the waiting list."""
MANY_SEATS = 20
"""Added seats that are never doubted, however few the event has."""


@dataclass(frozen=True)
class Edit:
    """An event before and after a change; `before`, `seats` and all counts are read under its lock.

    `after` is not saved. `changed` names the fields that differ.
    """

    before: Event
    after: Event
    seats: Seats
    capacity: int
    changed: frozenset[str]

    @property
    def added(self) -> int:
        """The number of additional seats; negative if there are fewer."""
        return self.capacity - self.seats.capacity

    @property
    def is_event_cancelled(self) -> bool:
        return self.before.state == State.PUBLISHED and self.after.state == State.CANCELLED

    @property
    def is_reinstated(self) -> bool:
        return self.before.state == State.CANCELLED != self.after.state

    @property
    def is_published(self) -> bool:
        return self.before.state == State.DRAFT and self.after.state == State.PUBLISHED

    def concerns_participants(self, now: dt.datetime) -> bool:
        """Whether the change matters to participants: the event takes place and is not over by either of its times."""
        return self.after.state == State.PUBLISHED and now < max(self.before.ends_at, self.after.ends_at)


@dataclass(frozen=True)
class Impact:
    """What one edit would do, with students and events; `dates` are unusual dates and venues taken twice.

    `renamed` are the registrations of an event with a new name, which is mailed only if the organiser wants it.
    """

    edit: Edit
    promoted: list[Registration] = field(default_factory=list)
    new_conflicts: list[NewConflict] = field(default_factory=list)
    ended_conflicts: list[Conflict] = field(default_factory=list)
    notified: list[Registration] = field(default_factory=list)
    cancelled: list[Registration] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    dates: list[DateProblem] = field(default_factory=list)
    renamed: list[Registration] = field(default_factory=list)

    def telling_the_name(self) -> "Impact":
        """The same, with the new name mailed to those who are registered."""
        return replace(self, notified=self.notified or self.renamed)

    @property
    def doubts(self) -> list[str]:
        """What is probably a slip: more than twice the seats of an event that is public."""
        edit = self.edit
        if edit.after.state == State.DRAFT or edit.added <= max(edit.seats.capacity, MANY_SEATS):
            return []
        text = _(
            "%(added)d seats are added to %(before)d: then there are %(after)d. Check that the venue has room."
        )
        counts = {"added": edit.added, "before": edit.seats.capacity, "after": edit.capacity}
        return [text % counts]

    @property
    def over(self) -> int:
        """How many more seats are taken than there will be; 0 unless the capacity falls."""
        edit = self.edit
        return max(0, edit.seats.taken - edit.capacity) if edit.added < 0 and not self.cancelled else 0

    @property
    def max_reserved(self) -> int:
        """The number of new seats that can be reserved."""
        room = min(self.edit.added, self.edit.capacity - self.edit.seats.taken)
        return max(0, room) if self.promoted else 0

    @cached_property
    def needs_confirmation(self) -> bool:
        """Whether the organiser must confirm this before it happens."""
        edit = self.edit
        affected = (
            self.promoted,
            self.new_conflicts,
            self.ended_conflicts,
            self.notified,
            self.cancelled,
            self.holds,
            self.renamed,
            self.doubts,
        )
        steps = (edit.is_published, edit.is_reinstated, edit.is_event_cancelled)
        return any((*affected, *steps, self.dates, self.over))

    @cached_property
    def confirmed_facts(self) -> list[object]:
        """What must still hold when the preview is confirmed.

        The number of mails is not part of it: in a rush it grows with each click, and one mail more does no harm.
        """
        return [
            self.edit.before.pk,
            self.edit.after.state,
            [row.pk for row in self.promoted],
            sorted([kind, *sorted(pks)] for kind, pks in (one.key for one in self.new_conflicts)),
            sorted(conflict.pk for conflict in self.ended_conflicts),
            sorted(row.pk for row in self.cancelled),
            sorted(hold.pk for hold in self.holds),
            self.over,
            [one.text for one in self.dates],
            self.doubts,
            bool(self.renamed),
        ]


def digest(impacts: Sequence[Impact]) -> str:
    """Return a digest that stays the same as long as the same would happen to the same registrations."""
    return hashlib.sha256(json.dumps([one.confirmed_facts for one in impacts]).encode()).hexdigest()


def lock_students(event_ids: Collection[int]) -> None:
    """Lock the students of these events, so that a concurrent registration cannot create an unseen clash.

    The Seats rows of these events are locked already; students follow in the lock order.
    """
    active = Registration.objects.active().filter(event__in=event_ids).values("student")
    list(Student.objects.filter(pk__in=active).locked().values_list("pk"))


def preview_impact(edits: Sequence[Edit], *, now: dt.datetime, locks: bool = True) -> list[Impact]:
    """Return what each of these edits of one fest would do, in a constant number of queries.

    Without `locks` it is not binding. With them the caller has locked the Seats rows, and late seats are released.
    """
    if locks:
        lock_students([edit.after.pk for edit in edits if (TIMES | GRADES | {"state"}) & edit.changed])
        release_late((edit.seats for edit in edits), {edit.seats.pk: edit.before for edit in edits}, now)
    active = _active([edit.after.pk for edit in edits])
    new_conflicts = _new_conflicts(edits, active, now)
    open_conflicts = open_conflicts_of([edit.after.pk for edit in edits if (TIMES | GRADES) & edit.changed])
    ended_conflicts = _ended_conflicts(edits, open_conflicts)
    known = {key_of(conflict) for conflict in open_conflicts}
    bookings = (
        bookings_of(edits[0].after.fest, edited={one.after.pk: one.after for one in edits}) if edits else []
    )
    impacts = []
    for edit in edits:
        rows = active[edit.after.pk]
        fresh = [one for one in new_conflicts[edit.after.pk] if one.key not in known]
        if edit.is_event_cancelled:
            impacts.append(Impact(edit, cancelled=rows, holds=_holds(edit)))
            continue
        impacts.append(
            Impact(
                edit,
                promoted=_promoted(edit, rows, now),
                new_conflicts=fresh,
                ended_conflicts=ended_conflicts[edit.after.pk],
                notified=_notified(edit, rows, fresh, now),
                dates=concerning(questions_about(edit.after, bookings, now=now), edit.changed),
                renamed=_renamed(edit, rows, now),
            )
        )
    return impacts


def _active(event_ids: Sequence[int]) -> Mapping[int, list[Registration]]:
    found: dict[int, list[Registration]] = defaultdict(list)
    rows = Registration.objects.active().filter(event__in=event_ids).with_related()
    for row in rows.order_by("queue_position"):
        found[row.event_id].append(row)
    return found


def _promoted(edit: Edit, rows: Sequence[Registration], now: dt.datetime) -> list[Registration]:
    waiting = [row for row in rows if row.state == Registration.State.WAITING]
    return waiting[: max(0, edit.capacity - edit.seats.taken)] if is_moving(edit.after, now) else []


def _notified(
    edit: Edit, rows: list[Registration], new_conflicts: Sequence[NewConflict], now: dt.datetime
) -> list[Registration]:
    if not edit.concerns_participants(now):
        return []
    if NOTIFIED_FIELDS & edit.changed:
        return rows
    flagged = {one.registration.pk for one in new_conflicts}
    return [row for row in rows if row.pk in flagged]


def _renamed(edit: Edit, rows: list[Registration], now: dt.datetime) -> list[Registration]:
    return rows if "name" in edit.changed and edit.concerns_participants(now) else []


def _holds(edit: Edit) -> list[Hold]:
    rows = Hold.objects.unreturned().filter(event=edit.after.pk)
    return list(rows.select_related("school", "event").order_by("pk"))


def _new_conflicts(
    edits: Sequence[Edit], active: Mapping[int, list[Registration]], now: dt.datetime
) -> Mapping[int, list[NewConflict]]:
    """Return new conflicts by event; a clash of two events that both move belongs to the earlier edit."""
    found: dict[int, list[NewConflict]] = defaultdict(list)
    after = {edit.after.pk: edit.after for edit in edits}
    moved = [edit for edit in edits if TIMES & edit.changed and edit.concerns_participants(now)]
    clashing = _clashes(moved, active, after)
    for edit in edits:
        found[edit.after.pk] += clashing.get(edit.after.pk, [])
        if GRADES & edit.changed and edit.concerns_participants(now):
            found[edit.after.pk] += [
                NewConflict(Kind.INELIGIBLE, row)
                for row in active[edit.after.pk]
                if edit.before.has_room_for_grade(row.student.grade)
                and not edit.after.has_room_for_grade(row.student.grade)
            ]
    return found


def _clashes(
    edits: Sequence[Edit], active: Mapping[int, list[Registration]], after: Mapping[int, Event]
) -> Mapping[int, list[NewConflict]]:
    mine = [row for edit in edits for row in active[edit.after.pk]]
    if not mine:
        return {}
    others: dict[int, list[Registration]] = defaultdict(list)
    students = {row.student_id for row in mine}
    for row in Registration.objects.active().filter(student__in=students).with_related().order_by("pk"):
        others[row.student_id].append(row)
    found: dict[int, list[NewConflict]] = defaultdict(list)
    seen = set()
    for row in mine:
        event = after[row.event_id]
        for other in others[row.student_id]:
            their = after.get(other.event_id, other.event)
            conflict = NewConflict(Kind.CLASH, row, other)
            if other.pk == row.pk or conflict.key in seen or their.state == State.CANCELLED:
                continue
            if event.overlaps(their):
                seen.add(conflict.key)
                found[row.event_id].append(conflict)
    return found


def _ended_conflicts(edits: Sequence[Edit], conflicts: Sequence[Conflict]) -> Mapping[int, list[Conflict]]:
    """Return the open conflicts whose reason disappears, by the edit that removes it; each once."""
    after = {edit.after.pk: edit.after for edit in edits}
    found: dict[int, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        mine = conflict.registration
        event = after.get(mine.event_id, mine.event)
        if other := conflict.other:
            remains = event.overlaps(after.get(other.event_id, other.event))
        else:
            remains = not event.has_room_for_grade(mine.student.grade)
        if not remains:
            touched = [mine.event_id, *([other.event_id] if other else [])]
            found[next(pk for pk in touched if pk in after)].append(conflict)
    return found
