"""Everything that the admin's first page shows to one person."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from events.fest_choice import choice_of
from registrations.models import Registration
from registrations.restore.hold import current_hold
from techfest.core.db.clock import database_now
from tickets.dashboard.chart import drawn
from tickets.dashboard.occupancy import occupancy
from tickets.dashboard.purges import purge_notices
from tickets.dashboard.results import results
from tickets.dashboard.schools import schools
from tickets.dashboard.timeline import timeline
from tickets.dashboard.todo import decisions
from tickets.dashboard.visibility import Viewer
from tickets.dashboard.workers import documents, jobs, mails


def dashboard_context(request: HttpRequest, site: admin.AdminSite) -> dict[str, Any]:
    """The page's context; the number of queries depends on the person's role and on nothing else.

    Where no fest is current or chosen only what belongs to none is told.
    """
    viewer, now = Viewer(request, site), database_now()
    made, at_work = documents(viewer), jobs(viewer, now=now)
    context: dict[str, Any] = {
        "now": now,
        "held": current_hold(),
        "decisions": decisions(viewer),
        "decides": viewer.is_owner,
        "purges": purge_notices(viewer, now=now),
        "mails": mails(viewer, now=now),
        "documents": made,
        "jobs": at_work,
        "makes": any(one.count for one in made) or any(one.running or one.stuck for one in at_work),
    }
    fest = choice_of(request).main
    if fest is None:
        return context
    registered = viewer.rows(Registration)
    over_time = None if registered is None else timeline(registered.filter(event__fest=fest), now=now)
    return context | {
        "current": fest,
        "occupancy": occupancy(viewer, fest),
        "chart": drawn(over_time),
        "schools": schools(viewer, fest),
        "results": results(viewer, fest, now=now),
    }
