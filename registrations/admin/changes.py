"""What registrations went through, in the words of a history page."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from registrations.models import Change, Registration
from techfest.core.admin.base import MAX_LINES
from techfest.core.admin.visibility import visible_rows
from techfest.core.audit_log import Line, name_of

STATES = dict(Registration.State.choices)


def change_lines(request: HttpRequest, site: admin.AdminSite, *, about: str = "", **which: Any) -> list[Line]:
    """The newest Changes of the registrations that this person may see; one query.

    `about` says what a page that tells of several names beside each: their `event` or their `student`.
    """
    rows = visible_rows(request, Change.objects.filter(**which), site).order_by("-at", "-pk")
    rows = rows.select_related("user", "registration__event", "registration__student")
    return [_line(change, about) for change in rows[:MAX_LINES]]


def _line(change: Change, about: str) -> Line:
    moved = change.from_state != change.to_state
    states = (str(STATES.get(change.from_state, "")), str(STATES.get(change.to_state, "")))
    values = [(_("state"), *states)] if moved else []
    values += [(name, "…", "…") for name in change.fields]
    return Line(
        at=change.at,
        who=name_of(change.user) if change.user else change.get_actor_display(),
        what=change.get_cause_display(),
        values=tuple(values),
        reason=change.reason,
        about=str(getattr(change.registration, about)) if about else "",
    )
