"""What comes after the events: results to publish, and purges that are near."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Fest
from registrations.models import Registration, Result, ResultSheet
from registrations.privacy.purge_schedule import Schedule, describe_state, schedules
from techfest.core.formatting import moment
from tickets.dashboard.decisions import SHOWN, Decision, Line
from tickets.dashboard.event_rows import EventRow
from tickets.dashboard.visibility import Viewer, list_path


def results(viewer: Viewer, rows: list[EventRow], *, now: dt.datetime) -> Decision | None:
    """Return the events that ended without published results, the latest first, in one query."""
    if not viewer.decides(Result):
        return None
    over = [row for row in rows if row.state == Event.State.PUBLISHED and row.ends_at <= now]
    public = ResultSheet.objects.filter(event__in=[row.pk for row in over]).exclude(published_at=None)
    published = set(public.values_list("event", flat=True))
    open_rows = sorted(
        (row for row in over if row.pk not in published), key=lambda row: row.ends_at, reverse=True
    )
    if not open_rows:
        return None
    words = ngettext(
        "event whose results are to be published", "events whose results are to be published", len(open_rows)
    )
    lines = [_line(row) for row in open_rows[:SHOWN]]
    return Decision(len(open_rows), words, list_path(ResultSheet), lines)


def _line(row: EventRow) -> Line:
    path = reverse("admin:results_enter", args=[row.pk])
    about = _("ended %(when)s") % {"when": moment(row.ends_at)}
    return Line(row.name, about, path, links=[(_("Enter the results"), path)])


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
