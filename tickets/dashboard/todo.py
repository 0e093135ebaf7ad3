"""What waits for the user: decisions, results to publish, and purges that are near."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Model, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from events.models import Event, Fest
from registrations.models import Conflict, Hold, Registration, Result, School, Student, Teacher
from registrations.privacy.purge_schedule import Schedule, describe_state, schedules
from registrations.students import consents
from tickets.dashboard.visibility import Viewer, list_path
from tickets.models import Alert, Delivery, Scan, Ticket
from tickets.querysets import RENDER_ATTEMPTS


@dataclass(frozen=True, slots=True)
class PendingKind:
    """A kind of decision: the rows waiting for it, its text, and the filters of the list that shows them."""

    model: type[Model]
    waiting: Callable[[Any], QuerySet[Any]]
    words: Any
    filters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    count: int
    words: str
    path: str


PENDING_KINDS = (
    PendingKind(
        Alert,
        lambda rows: rows.filter(seen_at=None),
        ngettext_lazy("alert to look at", "alerts to look at"),
        {"seen_at__isempty": 1},
    ),
    PendingKind(
        Scan,
        lambda rows: rows.filter(is_conflict=True, resolved_at=None),
        ngettext_lazy("conflict at the door", "conflicts at the door"),
        {"is_conflict__exact": 1, "resolved_at__isempty": 1},
    ),
    PendingKind(
        Conflict,
        lambda rows: rows.filter(resolved_at=None),
        ngettext_lazy(
            "registration in trouble after a change of its event",
            "registrations in trouble after a change of their event",
        ),
        {},  # the list shows the open ones
    ),
    PendingKind(
        School,
        lambda rows: rows.filter(state=School.State.PENDING),
        ngettext_lazy("school to accept or merge", "schools to accept or merge"),
        {"state__exact": School.State.PENDING},
    ),
    PendingKind(
        Teacher,
        lambda rows: rows.waiting(),
        ngettext_lazy("teacher to approve", "teachers to approve"),
        {"approval": "waiting"},
    ),
    PendingKind(
        Hold,
        lambda rows: rows.requested(),
        ngettext_lazy("request to hold seats", "requests to hold seats"),
        {"state": Hold.State.REQUESTED},
    ),
    PendingKind(
        Student,
        consents.without_consent,
        ngettext_lazy("student without a consent on record", "students without a consent on record"),
        {"consent": "missing"},
    ),
    PendingKind(
        Delivery,
        lambda rows: rows.in_trouble(),
        ngettext_lazy("mail that did not arrive", "mails that did not arrive"),
        {"trouble": "yes"},
    ),
    PendingKind(
        Ticket,
        lambda rows: rows.live().filter(rendered_at=None, render_attempts__gte=RENDER_ATTEMPTS),
        ngettext_lazy("ticket whose PDF was given up", "tickets whose PDF was given up"),
        {"pdf": "given_up"},
    ),
)


def decisions(viewer: Viewer) -> list[Decision]:
    """Return the decisions that wait for the user, with one query for each kind."""
    return [one for kind in PENDING_KINDS for one in _waiting(viewer, kind)]


def _waiting(viewer: Viewer, kind: PendingKind) -> Iterator[Decision]:
    rows = viewer.rows(kind.model) if viewer.decides(kind.model) else None
    count = 0 if rows is None else kind.waiting(rows).count()
    if count:
        yield Decision(count, kind.words % count, list_path(kind.model, **kind.filters))


MAX_EVENTS = 12
"""Events shown on the dashboard; the list of result sheets has all."""


@dataclass(frozen=True, slots=True)
class Unpublished:
    name: str
    ended_at: dt.datetime
    path: str


@dataclass(frozen=True, slots=True)
class Results:
    """Events that ended without published results, the latest first."""

    events: Sequence[Unpublished]
    count: int


def results(viewer: Viewer, fest: Fest, *, now: dt.datetime) -> Results | None:
    """Return them in one query; `None` for users who may not enter results."""
    events = viewer.rows(Event)
    if events is None or not viewer.decides(Result):
        return None
    over = events.filter(
        fest=fest, state=Event.State.PUBLISHED, ends_at__lte=now, result_sheet__published_at=None
    )
    rows = over.order_by("-ends_at", "name").values_list("pk", "name", "ends_at")
    found = [Unpublished(name, ended, reverse("admin:results_enter", args=[pk])) for pk, name, ended in rows]
    return Results(found[:MAX_EVENTS], len(found))


@dataclass(frozen=True, slots=True)
class PurgeNotice:
    """A sentence about a purge, and the page of the fest, where its dates can be corrected."""

    words: str
    path: str


def purge_notices(viewer: Viewer, *, now: dt.datetime) -> list[PurgeNotice]:
    """Return the fests whose names are erased soon or held back, in four queries; for owners only."""
    if not viewer.is_owner:
        return []
    found = schedules(Fest.objects.order_by("ends_on", "pk"))
    near = [one for one in found if one.announced_at or one.is_held(now)]
    counts = dict(
        Registration.objects.filter(event__fest__in=[one.fest for one in near], student__erased_at=None)
        .order_by()
        .values_list("event__fest")
        .annotate(count=Count("pk"))
    )
    return [_notice(one, counts[one.fest.pk], now) for one in near if counts.get(one.fest.pk)]


def _notice(schedule: Schedule, registrations: int, now: dt.datetime) -> PurgeNotice:
    text = ngettext(
        "%(fest)s (%(count)d registration): %(state)s",
        "%(fest)s (%(count)d registrations): %(state)s",
        registrations,
    )
    words = {"fest": schedule.fest.name, "count": registrations, "state": describe_state(schedule, now)}
    text = f"{text} {_('Correct the dates if this is wrong.')}"
    return PurgeNotice(text % words, reverse("admin:events_fest_change", args=[schedule.fest.pk]))
