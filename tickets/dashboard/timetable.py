"""The timetable of Today: one day of the fest by venue and hour, with seats and overlaps of a venue."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from django.db.models import Count
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from techfest.core.formatting import clock_time, moment
from tickets.dashboard.event_numbers import (
    Number,
    Paths,
    meter_of,
    numbers_of,
    overlap_words,
    paths_for,
    sums_of,
    tags_of,
)
from tickets.dashboard.event_rows import EventRow, Overlap, State, overlapping
from tickets.dashboard.visibility import Viewer
from tickets.models import Ticket

SLOT = dt.timedelta(minutes=15)
SLOTS_OF_HOUR = 4
HOURS_OF_DAY = 24
MIN_SLOTS = 5
"""The grid draws shorter events as long as this, so that their text has room."""
MIN_HOURS = 2
"""The grid is at least this long, so that the shortest block fits into it."""


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


def timetable(viewer: Viewer, rows: Sequence[EventRow], *, wanted: str, now: dt.datetime) -> Timetable | None:
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
    paths = paths_for(viewer)
    came_in = _came_in(viewer, by_day[shown]) if shown <= today else None
    grid = _grid(shown, by_day[shown], overlaps, paths, came_in, now)
    return Timetable(days, grid, sums_of(rows) if paths.going else ())


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


def _came_in(viewer: Viewer, rows: Sequence[EventRow]) -> Mapping[int, int]:
    """Return the number of checked-in tickets by event."""
    tickets = viewer.rows(Ticket)
    if tickets is None:
        return {}
    inside = tickets.filter(
        voided_at=None, checked_in_at__isnull=False, registration__event__in=[row.pk for row in rows]
    )
    return dict(inside.values_list("registration__event").annotate(count=Count("pk")))


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
    width, tone = meter_of(row)
    return Block(
        row.pk,
        row.name,
        paths.of_event(row.pk),
        row.venue,
        row.starts_at,
        _times(row, clock),
        tags_of(row),
        numbers_of(row, paths, came_in) if paths.going else (),
        overlap_words(overlaps.get(row.pk)),
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
