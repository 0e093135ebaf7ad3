"""Saving a fest with another time zone, after a page that asks which times stay and shows what would change."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from events.models import Event, Fest
from registrations.event_changes.impact import Impact, digest, preview_impact
from registrations.event_changes.messages import Sentence, sentences
from registrations.event_changes.zones import ZoneChange, change_zone, events_of, lock_fest, zone_edits
from techfest.core.admin.concurrent_edits import carried
from techfest.core.admin.pages import staff_page
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.formatting import dated_moment

SEEN, KEEPS, REASON = "seen", "keeps", "zone_reason"


@dataclass(frozen=True, slots=True)
class Row:
    """A time as it is now, and as it would be if clock times or if moments stay."""

    name: str
    was: str
    by_clock: str
    by_moment: str


def handle_save(
    admin: Any, request: HttpRequest, object_id: str, deadline: Deadline
) -> HttpResponseBase | None:
    """Save the fest and its events, or return the page that asks first.

    Return `None` where the time zone stays or the form is not valid: Django's own view then answers. Needs a
    transaction; locks the Seats rows of the fest's events, then the fest, before it reads them.
    """
    fest = admin.get_object(request, unquote(object_id))
    if fest is None or not admin.has_change_permission(request, fest) or not admin.new_zone(request, fest):
        return None
    lock_fest(fest.pk, deadline=deadline)
    fest = admin.get_object(request, unquote(object_id))
    old, new = fest.zone, admin.new_zone(request, fest)
    if new is None:
        return None
    form = admin.get_form(request, fest, change=True)(request.POST, request.FILES, instance=fest)
    if not form.is_valid():
        if upload := request.FILES.get("upload"):
            upload.seek(0)  # Django's own view reads it again
        return None
    change = ZoneChange(old, new, form.keeps_clock)
    fest.__dict__.pop("zone", None)  # a cached property, computed before the change
    events, now = events_of(fest.pk), database_now()
    impacts = preview_impact(zone_edits(events, fest, change), now=now)
    seen = f"{digest(impacts)}-{change.keeps_clock}-{new.key}"
    if events and request.POST.get(SEEN) != seen:
        return _page(admin, request, form, change, events, impacts, seen, now)
    return _save(admin, request, form, change, impacts, now)


def _save(
    admin: Any,
    request: HttpRequest,
    form: Any,
    change: ZoneChange,
    impacts: Sequence[Impact],
    now: dt.datetime,
) -> HttpResponseBase:
    fest = form.instance
    admin.save_model(request, fest, form, change=True)
    admin.log_change(request, fest, admin.construct_change_message(request, form, [], False))
    reason = request.POST.get(REASON, "").strip()[:300]
    change_zone(fest, impacts, change, user=request.user, reason=reason, now=now)
    notified = sum(bool(row.student.email) for one in impacts for row in one.notified)
    if notified:
        text = ngettext(
            "%(count)d person is notified by mail.", "%(count)d people are notified by mail.", notified
        )
        admin.message_user(request, text % {"count": notified})
    answer: HttpResponseBase = admin.response_change(request, fest)
    return answer


def _page(
    admin: Any,
    request: HttpRequest,
    form: Any,
    change: ZoneChange,
    events: Sequence[Event],
    impacts: Sequence[Impact],
    seen: str,
    now: dt.datetime,
) -> HttpResponseBase:
    return staff_page(
        request,
        admin,
        "admin/events/fest/zone.html",
        title=_("Which times stay in the new time zone?"),
        shown_fest=form.instance,
        old=change.old.key,
        new=change.new.key,
        keeps_clock=change.keeps_clock,
        rows=[*_own_rows(form, change), *(_row(event, change) for event in events)],
        sentences=[Sentence(text) for text in _notified(impacts)]
        + [
            sentence
            for one in impacts
            for sentence in sentences(_of_times(one), now=now)
            if sentence.is_danger
        ],
        is_changed=SEEN in request.POST,
        hidden=[*carried(form, leave_out=[KEEPS, REASON]), (SEEN, seen)],
        reason=request.POST.get(REASON, ""),
    )


def _of_times(impact: Impact) -> Impact:
    """The impact without venues that are taken twice: all events move alike, so they were before."""
    return replace(impact, dates=[one for one in impact.dates if one.field != "venue"])


def _notified(impacts: Sequence[Impact]) -> Iterator[str]:
    rows = [row for one in impacts for row in one.notified]
    mails = sum(bool(row.student.email) for row in rows)
    if rows:
        yield ngettext(
            "%(count)d mail announces the new time to people who are registered or waiting.",
            "%(count)d mails announce the new time to people who are registered or waiting.",
            mails,
        ) % {"count": mails}
    if silent := len(rows) - mails:
        yield ngettext(
            "%(count)d registration has no e-mail address: tell them in another way.",
            "%(count)d registrations have no e-mail address: tell them in another way.",
            silent,
        ) % {"count": silent}


def _own_rows(form: Any, change: ZoneChange) -> Iterator[Row]:
    """The fest's own times; a time that was edited counts in the new zone in either case."""
    for name in ("opens_at", "closes_at"):
        label = capfirst(str(Fest._meta.get_field(name).verbose_name))  # type: ignore[union-attr]  # a column
        if name in form.changed_data:
            typed = _in(form.cleaned_data[name], change.new)
            yield Row(label, _in(form.initial[name], change.old), typed, typed)
        else:
            yield _both(label, form.initial[name], change)


def _row(event: Event, change: ZoneChange) -> Row:
    return _both(event.name, event.starts_at, change)


def _both(name: str, moment: dt.datetime, change: ZoneChange) -> Row:
    by_clock = ZoneChange(change.old, change.new, keeps_clock=True).moved(moment)
    return Row(name, _in(moment, change.old), _in(by_clock, change.new), _in(moment, change.new))


def _in(moment: dt.datetime, zone: dt.tzinfo) -> str:
    return dated_moment(moment, zone=zone)
