"""What saving an event does to its registrations, shown and undone before it is done."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from django.http import HttpRequest

from events.editing import ReservedCapacity
from registrations.admin.consequences import scaled
from registrations.admin.event_form import ApplyForm
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Impact
from registrations.models import Registration
from techfest.core.admin.confirmation import YOUR_WORDS
from techfest.core.admin.rehearsal import Consequences, shown_and_undone

MAX_REHEARSED = 300
"""Registrations; more are not rehearsed one by one, because submissions to the event wait meanwhile."""


def rehearsed(
    request: HttpRequest, impact: Impact, decision_form: ApplyForm, now: dt.datetime
) -> Consequences:
    """Return what saving does to registrations, and its mails; nothing of it stays."""
    reserved: dict[int, ReservedCapacity] = {}
    if decision_form.is_bound and decision_form.is_valid():
        chosen = decision_form.cleaned_data
        reason, by = chosen["reason"], chosen.get("choose_by")
        reserved = decision_form.reserved_by(request.user)
    else:
        reason, by = str(decision_form.initial["reason"] or YOUR_WORDS), decision_form.initial["choose_by"]
    options = ApplyOptions(request.user, reason, reserved, by, quotes_reason=True)
    impact = impact.telling_the_name()
    if max(len(impact.cancelled), len(impact.notified), len(impact.promoted)) > MAX_REHEARSED:
        return _sampled(impact, options, now)
    return shown_and_undone(lambda: apply_edits([impact], options, now=now))


def _sampled(impact: Impact, options: ApplyOptions, now: dt.datetime) -> Consequences:
    """As the whole rehearsal, which would hold the event's lock for seconds; counted from the impact."""
    kept = sum(one.seats for one in options.reserved.values())
    promoted = impact.promoted[: len(impact.promoted) - kept]
    alike = impact.cancelled or impact.notified
    one, first = _one_of(alike), _one_of(promoted)
    sample = dataclasses.replace(
        impact, cancelled=one[: len(impact.cancelled)], notified=one[: len(impact.notified)]
    )
    limited = dataclasses.replace(
        options, sample=one[0].pk if one else None, promoted_sample=first[0].pk if first else None
    )
    found = shown_and_undone(lambda: apply_edits([sample], limited, now=now))
    return scaled(found, promoted=promoted, alike=alike)


def _one_of(rows: Sequence[Registration]) -> list[Registration]:
    """The one that stands for all of them, if possible one that is mailed."""
    return [next((row for row in rows if row.student.email), rows[0])] if rows else []
