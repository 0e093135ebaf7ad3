"""The way to the results of events that are over."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from events.models import Event, Fest
from registrations.models import Result
from tickets.dashboard.visibility import Viewer

MAX_EVENTS = 12
"""Events that are shown; the rest is on the list of all."""


@dataclass(frozen=True, slots=True)
class Unpublished:
    name: str
    ended_at: dt.datetime
    path: str


@dataclass(frozen=True, slots=True)
class Results:
    """Events that ended and have no published results, the latest first."""

    events: Sequence[Unpublished]
    count: int


def results(viewer: Viewer, fest: Fest, *, now: dt.datetime) -> Results | None:
    """One query; `None` for whoever enters no results."""
    events = viewer.rows(Event)
    if events is None or not viewer.decides(Result):
        return None
    over = events.filter(
        fest=fest, state=Event.State.PUBLISHED, ends_at__lte=now, result_sheet__published_at=None
    )
    rows = over.order_by("-ends_at", "name").values_list("pk", "name", "ends_at")
    found = [Unpublished(name, ended, reverse("admin:results_enter", args=[pk])) for pk, name, ended in rows]
    return Results(found[:MAX_EVENTS], len(found))
