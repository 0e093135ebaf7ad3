"""What saving an event does to its registrations, shown and undone before it is done."""

import dataclasses
import datetime as dt

from django.http import HttpRequest

from registrations.admin.consequences import scaled
from registrations.admin.event_form import ApplyForm
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Impact
from techfest.core.admin.confirmation import YOUR_WORDS
from techfest.core.admin.rehearsal import Consequences, shown_and_undone

MAX_REHEARSED = 300
"""Registrations; more are not rehearsed one by one, because submissions to the event wait meanwhile."""


def rehearsed(
    request: HttpRequest, impact: Impact, decision_form: ApplyForm, now: dt.datetime
) -> Consequences:
    """Return what saving does to registrations, and its mails; nothing of it stays."""
    if decision_form.is_bound and decision_form.is_valid():
        chosen = decision_form.cleaned_data
        reason, reserved, by = (
            chosen["reason"],
            decision_form.reserved_by(request.user),
            chosen.get("choose_by"),
        )
    else:
        reason, reserved = str(decision_form.initial["reason"] or YOUR_WORDS), {}
        by = decision_form.initial["choose_by"]
    options = ApplyOptions(request.user, reason, reserved, by, quotes_reason=True)
    if max(len(impact.cancelled), len(impact.notified)) > MAX_REHEARSED:
        return _sampled(impact, options, now)
    return shown_and_undone(lambda: apply_edits([impact], options, now=now))


def _sampled(impact: Impact, options: ApplyOptions, now: dt.datetime) -> Consequences:
    """As the whole rehearsal, which would hold the event's lock for seconds; counted from the impact."""
    alike = impact.cancelled or impact.notified
    affected = {row.pk: row for row in (*impact.promoted, *alike)}
    one = next((row for row in alike if row.student.email), alike[0])
    sample = dataclasses.replace(
        impact, cancelled=[one][: len(impact.cancelled)], notified=[one][: len(impact.notified)]
    )
    limited = dataclasses.replace(options, sample=one.pk)
    found = shown_and_undone(lambda: apply_edits([sample], limited, now=now))
    return scaled(found, alike, affected.values())
