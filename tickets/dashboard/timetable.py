"""The timetable of Today: one day of the fest by venue and hour, with seats and overlaps of a venue."""

import datetime as dt
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

from django.db.models import Count
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Fest
from registrations.models import Hold, Registration
from techfest.core.formatting import clock_time, moment
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import CheckIn, Ticket

SLOT = dt.timedelta(minutes=15)
SLOTS_OF_HOUR = 4
HOURS_OF_DAY = 24
MIN_SLOTS = 5
"""The grid draws shorter events as long as this, so that their text has room."""
MIN_HOURS = 2
"""The grid is at least this long, so that the shortest block fits into it."""
METER = 100
"""The width of a meter, in SVG units."""
State = Event.State


@dataclass(frozen=True, slots=True)
class EventRow:
    """What the timetable reads of an event; the order of the fields is that of `_COLUMNS`."""

    pk: int
    name: str
    venue: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: str
    is_paused: bool
    capacity: int | None
    taken: int | None
    held: int | None
    waiting: int | None


_COLUMNS = (
    *("pk", "name", "venue__name", "starts_at", "ends_at", "state", "is_paused"),
    *("seats__capacity", "seats__taken", "seats__held", "seats__waiting"),
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number in words with the list that it counts; `tone` is part of a class name, "" for a normal state."""

    words: str
    path: str = ""
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Block:
    """An event of the shown day. `start` and `length` are its place in the grid, in quarters of an hour."""

    pk: int
    name: str
    path: str
    venue: str
    starts_at: dt.datetime
    times: str
    tags: Sequence[Number]
    numbers: Sequence[Number]
    overlap: str
    start: int
    length: int
    meter: int
    meter_tone: str
    is_now: bool
    is_over: bool
    is_public: bool


class Overlap(NamedTuple):
    """The other events in the same venue at the same time: the name of one, and how many they are."""

    name: str
    others: int


@dataclass(frozen=True, slots=True)
class VenueBlocks:
    name: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class DayLink:
    date: dt.date
    events: int
    overlaps: int
    is_shown: bool

    @property
    def words(self) -> str:
        return ngettext("%(count)d event", "%(count)d events", self.events) % {"count": self.events}


@dataclass(frozen=True, slots=True)
class Grid:
    """The shown day: hours across, venues down."""

    date: dt.date
    is_today: bool
    first_hour: int
    hours: Sequence[str]
    venues: Sequence[VenueBlocks]
    cancelled: Sequence[Number]
    now_slot: int | None
    running: Sequence[Block]
    following: Sequence[Block]

    @property
    def overlaps(self) -> int:
        return sum(bool(block.overlap) for venue in self.venues for block in venue.blocks)


@dataclass(frozen=True, slots=True)
class Timetable:
    days: Sequence[DayLink]
    grid: Grid
    sums: Sequence[Number]
    has_numbers: bool


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of lists, to be completed with the id of an event; "" where the user may not see the list."""

    event: str
    going: str
    waiting: str
    held: str
    came_in: str

    def of_event(self, pk: int) -> str:
        return f"{self.event}{pk}/"


def event_rows(viewer: Viewer, fest: Fest) -> list[EventRow] | None:
    """Return the events that the user may see in one query; `None` if the user sees no events."""
    events = viewer.rows(Event)
    if events is None:
        return None
    found = events.filter(fest=fest).order_by("starts_at", "name", "pk")
    return [EventRow(*row) for row in found.values_list(*_COLUMNS)]


def timetable(
    viewer: Viewer, fest: Fest, rows: Sequence[EventRow], *, wanted: str, now: dt.datetime
) -> Timetable | None:
    """Return the day that `wanted` names, else today or the next day with events; at most one query."""
    by_day = _by_day(rows)
    if not by_day:
        return None
    today = localtime(now).date()
    shown = _chosen(sorted(by_day), wanted, today)
    overlaps = overlapping(rows)
    days = [
        DayLink(
            date, len(by_day[date]), sum(row.pk in overlaps for row in by_day[date]), is_shown=date == shown
        )
        for date in sorted(by_day)
    ]
    paths = _paths(viewer)
    came_in = _came_in(viewer, by_day[shown]) if shown <= today else None
    grid = _grid(shown, by_day[shown], overlaps, paths, came_in, now)
    return Timetable(days, grid, _sums(viewer, fest, rows) if paths.going else (), bool(paths.going))


def _by_day(rows: Iterable[EventRow]) -> dict[dt.date, list[EventRow]]:
    """Events by local day; one that runs past midnight is on each of its days."""
    found: dict[dt.date, list[EventRow]] = defaultdict(list)
    for row in rows:
        first = localtime(row.starts_at).date()
        last = localtime(row.ends_at - dt.timedelta(microseconds=1)).date()
        for number in range((last - first).days + 1):
            found[first + dt.timedelta(days=number)].append(row)
    return found


def _chosen(days: Sequence[dt.date], wanted: str, today: dt.date) -> dt.date:
    named = next((day for day in days if day.isoformat() == wanted), None)
    return named or next((day for day in days if day >= today), days[-1])


def overlapping(rows: Iterable[EventRow]) -> dict[int, Overlap]:
    """Return, by event, the others that take the same venue at the same time; cancelled events take none."""
    by_venue: dict[str, list[EventRow]] = defaultdict(list)
    for row in rows:
        if row.state != State.CANCELLED:
            by_venue[row.venue].append(row)
    names: dict[int, str] = {}
    counts: Counter[int] = Counter()
    for events in by_venue.values():
        running: list[EventRow] = []
        for row in events:
            running = [other for other in running if other.ends_at > row.starts_at]
            if running:
                names[row.pk], counts[row.pk] = running[0].name, len(running)
            for other in running:
                names.setdefault(other.pk, row.name)
                counts[other.pk] += 1
            running.append(row)
    return {pk: Overlap(name, counts[pk]) for pk, name in names.items()}


def _came_in(viewer: Viewer, rows: Sequence[EventRow]) -> Mapping[int, int]:
    """Return the number of checked-in tickets by event."""
    tickets = viewer.rows(Ticket)
    if tickets is None:
        return {}
    inside = tickets.filter(
        voided_at=None, checked_in_at__isnull=False, registration__event__in=[row.pk for row in rows]
    )
    return dict(inside.values_list("registration__event").annotate(count=Count("pk")))


def _paths(viewer: Viewer) -> Paths:
    event = reverse("admin:events_event_changelist")
    if viewer.rows(Registration) is None:
        return Paths(event, "", "", "", "")
    state = Registration.State
    inside = {"undone_at__isempty": 1, "is_reentry__exact": 0, "ticket__registration__event__id__exact": ""}
    return Paths(
        event=event,
        going=list_path(Registration, state__exact=state.CONFIRMED, event__id__exact=""),
        waiting=list_path(Registration, state__exact=state.WAITING, event__id__exact=""),
        held="" if viewer.rows(Hold) is None else list_path(Hold, state="held", event__id__exact=""),
        came_in="" if viewer.rows(CheckIn) is None else list_path(CheckIn, **inside),
    )


def _grid(
    date: dt.date,
    rows: Sequence[EventRow],
    overlaps: Mapping[int, Overlap],
    paths: Paths,
    came_in: Mapping[int, int] | None,
    now: dt.datetime,
) -> Grid:
    taking_place = [row for row in rows if row.state != State.CANCELLED]
    midnight = dt.datetime.combine(date, dt.time(), get_current_timezone())
    first, last = _hours(taking_place, midnight)
    begin = midnight + dt.timedelta(hours=first)
    slots = (last - first) * SLOTS_OF_HOUR
    make = partial(
        _block,
        begin=begin,
        slots=slots,
        overlaps=overlaps,
        paths=paths,
        came_in=came_in,
        now=now,
        clock=cache(clock_time),
    )
    blocks = [make(row) for row in taking_place]
    is_today = localtime(now).date() == date
    now_slot = (now - begin) // SLOT
    return Grid(
        date,
        is_today,
        first,
        [clock_time(begin + dt.timedelta(hours=number)) for number in range(last - first)],
        _by_venue(blocks),
        [Number(row.name, paths.of_event(row.pk)) for row in rows if row.state == State.CANCELLED],
        now_slot if is_today and 0 <= now_slot < slots else None,
        [block for block in blocks if block.is_now] if is_today else [],
        _following(blocks, now) if is_today else [],
    )


def _hours(rows: Sequence[EventRow], midnight: dt.datetime) -> tuple[int, int]:
    """Return the first and the last hour of the day that events take, the last one excluded."""
    if not rows:
        return 9, 17
    hour = dt.timedelta(hours=1)
    first = min((row.starts_at - midnight) // hour for row in rows)
    first = min(max(0, first), HOURS_OF_DAY - MIN_HOURS)
    last = max(math.ceil((row.ends_at - midnight) / hour) for row in rows)
    return first, min(HOURS_OF_DAY, max(last, first + MIN_HOURS))


def _by_venue(blocks: Iterable[Block]) -> list[VenueBlocks]:
    found: dict[str, list[Block]] = defaultdict(list)
    for block in blocks:
        found[block.venue].append(block)
    return [VenueBlocks(name, found[name]) for name in sorted(found, key=str.casefold)]


def _following(blocks: Sequence[Block], now: dt.datetime) -> list[Block]:
    """The events that start next, all at the same time."""
    later = [block for block in blocks if block.is_public and block.starts_at > now]
    return [block for block in later if block.starts_at == later[0].starts_at]


def _block(
    row: EventRow,
    *,
    begin: dt.datetime,
    slots: int,
    overlaps: Mapping[int, Overlap],
    paths: Paths,
    came_in: Mapping[int, int] | None,
    now: dt.datetime,
    clock: Callable[[dt.datetime], str],
) -> Block:
    start = min(max(0, (row.starts_at - begin) // SLOT), slots - MIN_SLOTS)
    end = min(slots, math.ceil((row.ends_at - begin) / SLOT))
    width, tone = _meter(row)
    return Block(
        row.pk,
        row.name,
        paths.of_event(row.pk),
        row.venue,
        row.starts_at,
        _times(row, clock),
        _tags(row),
        _numbers(row, paths, came_in) if paths.going else (),
        _overlap_words(overlaps.get(row.pk)),
        start,
        max(MIN_SLOTS, end - start),
        width,
        tone,
        row.state == State.PUBLISHED and row.starts_at <= now < row.ends_at,
        row.ends_at <= now,
        row.state == State.PUBLISHED,
    )


def _times(row: EventRow, clock: Callable[[dt.datetime], str]) -> str:
    words = {"start": clock(row.starts_at), "end": clock(row.ends_at)}
    if localtime(row.starts_at).date() != localtime(row.ends_at).date():
        words = {"start": moment(row.starts_at), "end": moment(row.ends_at)}
    return _("%(start)s to %(end)s") % words


def _tags(row: EventRow) -> list[Number]:
    if row.state == State.DRAFT:
        return [Number(_("Draft"))]
    return [Number(_("Registration paused"), tone="wait")] if row.is_paused else []


def _overlap_words(overlap: Overlap | None) -> str:
    if overlap is None:
        return ""
    more = overlap.others - 1
    if not more:
        return _("Same venue and time as %(event)s") % {"event": overlap.name}
    text = ngettext(
        "Same venue and time as %(event)s and %(count)d more",
        "Same venue and time as %(event)s and %(count)d more",
        more,
    )
    return text % {"event": overlap.name, "count": more}


def _numbers(row: EventRow, paths: Paths, came_in: Mapping[int, int] | None) -> list[Number]:
    found = [_seats_number(row, paths)]
    if came_in is not None and (row.taken or 0) > (row.held or 0):
        found.insert(0, _came_in_number(row, paths, came_in.get(row.pk, 0)))
    if row.waiting:
        words = ngettext("%(count)d waiting", "%(count)d waiting", row.waiting) % {"count": row.waiting}
        found.append(Number(words, f"{paths.waiting}{row.pk}", "wait"))
    if row.held:
        words = ngettext("%(count)d held", "%(count)d held", row.held) % {"count": row.held}
        found.append(Number(words, f"{paths.held}{row.pk}" if paths.held else ""))
    return found


def _came_in_number(row: EventRow, paths: Paths, count: int) -> Number:
    registered = (row.taken or 0) - (row.held or 0)
    words = _("%(count)d of %(registered)d checked in") % {"count": count, "registered": registered}
    return Number(words, f"{paths.came_in}{row.pk}" if paths.came_in else "", "in")


def _seats_number(row: EventRow, paths: Paths) -> Number:
    capacity, taken = row.capacity or 0, row.taken or 0
    going = f"{paths.going}{row.pk}"
    if not capacity and not taken:
        return Number(_("No seats yet"), paths.of_event(row.pk), "wait")
    if taken > capacity:
        words = ngettext("%(count)d over", "%(count)d over", taken - capacity) % {"count": taken - capacity}
        return Number(words, going, "bad")
    if taken == capacity:
        words = ngettext("Full, %(count)d seat", "Full, %(count)d seats", capacity) % {"count": capacity}
        return Number(words, going, "full")
    words = ngettext("%(left)d of %(all)d seat left", "%(left)d of %(all)d seats left", capacity)
    return Number(words % {"left": capacity - taken, "all": capacity}, going)


def _meter(row: EventRow) -> tuple[int, str]:
    """The part of the meter that is taken, visible even for one of a thousand, and its tone."""
    capacity, taken = row.capacity or 0, row.taken or 0
    if not taken:
        return 0, ""
    width = min(METER, max(3, round(METER * taken / capacity))) if capacity else METER
    return width, "bad" if taken > capacity else "full" if taken == capacity else ""


def _sums(viewer: Viewer, fest: Fest, rows: Sequence[EventRow]) -> list[Number]:
    """Sums over the published events. One links to its list only if the list has as many rows."""
    state = Registration.State
    on = [row for row in rows if row.state == State.PUBLISHED and row.capacity is not None]
    taken, capacity = sum(row.taken or 0 for row in on), sum(row.capacity or 0 for row in on)
    waiting, full = (
        sum(row.waiting or 0 for row in on),
        sum((row.taken or 0) >= (row.capacity or 0) for row in on),
    )
    words = ngettext("%(taken)d of %(all)d seat taken", "%(taken)d of %(all)d seats taken", capacity)
    others = [row for row in rows if row.state != State.PUBLISHED]
    is_listed = not any(row.held for row in on) and not any(row.taken for row in others)
    found = [
        Number(words % {"taken": taken, "all": capacity}, _list_in(state.CONFIRMED) if is_listed else "")
    ]
    if waiting:
        words = ngettext("%(count)d waiting", "%(count)d waiting", waiting) % {"count": waiting}
        is_listed = not any(row.waiting for row in others)
        found.append(Number(words, _list_in(state.WAITING) if is_listed else "", "wait"))
    if full:
        words = ngettext("%(count)d event full", "%(count)d events full", full) % {"count": full}
        found.append(Number(words, tone="full"))
    return found


def _list_in(state: str) -> str:
    return list_path(Registration, state__exact=state)
