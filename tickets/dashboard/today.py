"""The content of Today, the first page of the admin: decisions, the next step or the timetable, and what is wrong."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.fest_choice import choice_of
from events.models import Fest
from registrations.models import Registration
from registrations.restore.hold import current_hold
from techfest.core.db.clock import database_now
from techfest.core.formatting import full_day, long_day
from tickets.dashboard.charts import drawn, timeline
from tickets.dashboard.decisions import decisions
from tickets.dashboard.event_rows import event_rows
from tickets.dashboard.next_step import next_step, without_fest
from tickets.dashboard.schools import schools
from tickets.dashboard.timetable import timetable
from tickets.dashboard.todo import purge_notices, results
from tickets.dashboard.trouble import troubles
from tickets.dashboard.visibility import Viewer


def context(request: HttpRequest, site: admin.AdminSite) -> dict[str, Any]:
    """Return the context of the page; its number of queries depends on the user's role and the day only.

    Without a current or chosen fest it has only what belongs to no fest.
    """
    viewer, now = Viewer(request, site), database_now()
    choice = choice_of(request)
    fest = choice.main
    found: dict[str, Any] = {
        "title": _("Today"),
        "now": now,
        "held": current_hold(),
        "decides": viewer.is_owner,
        "decisions": decisions(viewer),
        "purges": purge_notices(viewer, now=now),
        "troubles": troubles(viewer, fest, now=now),
    }
    if fest is None:
        return found | {"next_step": without_fest(choice.fests) if viewer.is_owner else None}
    return found | _of_fest(request, viewer, fest, now) | {"when": _when(fest, now)}


def _of_fest(request: HttpRequest, viewer: Viewer, fest: Fest, now: dt.datetime) -> dict[str, Any]:
    rows = event_rows(viewer, fest)
    registered = viewer.rows(Registration)
    over_time = None if registered is None else timeline(registered.filter(event__fest=fest), now=now)
    return {
        "results": None if rows is None else results(viewer, rows, now=now),
        "next_step": next_step(fest, rows or [], now=now) if viewer.is_owner else None,
        "timetable": timetable(viewer, rows, wanted=request.GET.get("day", ""), now=now) if rows else None,
        "chart": drawn(over_time),
        "schools": schools(viewer, fest),
    }


def _when(fest: Fest, now: dt.datetime) -> str:
    """Today's date and how far the fest is: "Monday 30 November 2026, 12 days before the fest"."""
    today = localtime(now).date()
    words = {"today": full_day(today), "day": (today - fest.starts_on).days + 1}
    words["days"] = (fest.ends_on - fest.starts_on).days + 1
    if today < fest.starts_on:
        left = (fest.starts_on - today).days
        text = ngettext(
            "%(today)s, %(left)d day before the fest", "%(today)s, %(left)d days before the fest", left
        )
        return text % (words | {"left": left})
    if today > fest.ends_on:
        return _("%(today)s. The fest ended on %(end)s.") % (words | {"end": long_day(fest.ends_on)})
    if words["days"] == 1:
        return _("%(today)s, the day of the fest") % words
    return _("%(today)s, day %(day)d of %(days)d") % words
