"""The numbers of an event in words, each with the list that it counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.meters import filled
from registrations.models import Hold, Registration
from tickets.dashboard.event_rows import EventRow, Overlap, State
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import CheckIn


@dataclass(frozen=True, slots=True)
class Number:
    """A number in words with the list that it counts; `tone` is part of a class name, "" for a normal state."""

    words: str
    path: str = ""
    tone: str = "plain"


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


def paths_for(viewer: Viewer) -> Paths:
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


def tags_of(row: EventRow) -> list[Number]:
    if row.state == State.DRAFT:
        return [Number(_("Draft"))]
    return [Number(_("Registration paused"), tone="wait")] if row.is_paused else []


def overlap_words(overlap: Overlap | None) -> str:
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


def numbers_of(row: EventRow, paths: Paths, came_in: Mapping[int, int] | None) -> list[Number]:
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


def meter_of(row: EventRow) -> tuple[int, str]:
    """The part of the meter that is taken, and its tone."""
    capacity, taken = row.capacity or 0, row.taken or 0
    if not taken:
        return 0, ""
    return filled(taken, capacity), "bad" if taken > capacity else "full" if taken == capacity else ""


def sums_of(rows: Sequence[EventRow]) -> list[Number]:
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
