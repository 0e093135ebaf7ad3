"""Saving an event: at once, or after a page that shows concurrent edits or the consequences."""

import copy
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from events.admin import take_picture
from events.models import Event
from registrations.admin.event_form import KEPT_PICTURE, ApplyForm, EventForm
from registrations.admin.event_rehearsal import rehearsed
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Edit, Impact, digest, preview_impact
from registrations.event_changes.messages import sentences
from techfest.core import audit_log
from techfest.core.admin.concurrent_edits import (
    UNDECIDED,
    ConcurrentEdit,
    carried,
    decided,
    find_concurrent_edits,
    in_words,
)
from techfest.core.admin.confirmation import counted
from techfest.core.admin.pages import staff_page
from techfest.core.admin.rehearsal import Consequences, read, tell_teachers
from techfest.core.db.bulk import observed_inserts
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from techfest.core.formatting import exact_moment

if TYPE_CHECKING:
    from registrations.admin.events import EventAdmin

SEEN, LOOK, UNMAILED = "seen", "look", "unmailed"


def handle_save(
    admin: "EventAdmin", request: HttpRequest, object_id: str, deadline: Deadline
) -> HttpResponseBase | None:
    """Save the event or return a page that asks first; return `None` where Django's own view is to answer.

    Needs a transaction; locks the event's Seats row before it reads anything.
    """
    deadline.limit_locks()
    event = admin.get_object(request, unquote(object_id))
    if event is None or not admin.has_change_permission(request, event):
        return None
    before = copy.copy(event)
    data = decided(request.POST)
    request.POST = data  # type: ignore[assignment]  # Django's own view reads the same data
    form: Any = admin.get_form(request, event, change=True)(data, request.FILES, instance=event)
    if not form.is_valid():
        if upload := request.FILES.get("upload"):
            upload.seek(0)  # Django's own view reads it again
        return None
    return _answer(admin, request, form, before)


def _answer(admin: "EventAdmin", request: HttpRequest, form: EventForm, before: Event) -> HttpResponseBase:
    others = find_concurrent_edits(form)
    if any(one.is_conflict for one in others):
        return _conflict_page(admin, request, form, others)
    now = database_now()
    impact = preview_impact([_edit(form, before)], now=now)[0]
    decision_form = ApplyForm(
        request.POST if SEEN in request.POST else None,
        impact=impact,
        now=now,
        reason=form.cleaned_data["reason"],
    )
    if impact.needs_confirmation:
        is_seen = request.POST.get(SEEN) == digest([impact]) and LOOK not in request.POST
        if not is_seen or not decision_form.is_valid():
            return _impact_page(admin, request, form, impact, decision_form, others, now)
    return _save(admin, request, form, impact, decision_form, others, now)


def _edit(form: EventForm, before: Event) -> Edit:
    event = form.instance
    changed = {
        field.name
        for field in event._meta.concrete_fields
        if getattr(event, field.attname) != getattr(before, field.attname)
    }
    capacity = form.cleaned_data["capacity"] if "capacity" in form.changed_data else before.seats.capacity
    return Edit(before, event, before.seats, capacity, frozenset(changed))


def _save(
    admin: "EventAdmin",
    request: HttpRequest,
    form: EventForm,
    impact: Impact,
    decision_form: ApplyForm,
    others: list[ConcurrentEdit],
    now: dt.datetime,
) -> HttpResponseBase:
    event, edit = form.instance, impact.edit
    names = take_picture(form, event, "picture")
    if names:
        edit = dataclasses.replace(edit, changed=edit.changed | set(names))
        impact = dataclasses.replace(impact, edit=edit)
    options = _apply_options(request, form, decision_form)
    with observed_inserts() as rows:
        apply_edits([impact], options, now=now)  # also writes the audit log
        if decision_form.is_bound and decision_form.cleaned_data.get("tell_teachers"):
            tell_teachers(rows, words=options.quoted or options.reason)
        found = read(rows, shows_mails=False)
    _save_leads(form, request, options.reason, now)
    _show_result(admin, request, found, others)
    return admin.response_change(request, event)


def _apply_options(request: HttpRequest, form: EventForm, decision_form: ApplyForm) -> ApplyOptions:
    if not decision_form.is_bound or not decision_form.is_valid():
        return ApplyOptions(request.user, form.cleaned_data["reason"], quotes_reason=True)
    return ApplyOptions(
        request.user,
        decision_form.cleaned_data["reason"],
        decision_form.reserved_by(request.user),
        decision_form.cleaned_data.get("choose_by"),
        quotes_reason=True,
    )


def _save_leads(form: EventForm, request: HttpRequest, reason: str, now: dt.datetime) -> None:
    """Save the leads of the event, and record their ids, not their names, in the audit log."""
    if "leads" not in form.changed_data:
        return
    event = form.instance
    before = sorted(event.leads.values_list("pk", flat=True))
    event.leads.set(form.cleaned_data["leads"])
    after = sorted(event.leads.values_list("pk", flat=True))
    if before != after:
        audit_log.record(
            event,
            what="leads changed",
            now=now,
            user=request.user,
            before={"leads": before},
            after={"leads": after},
            reason=reason,
        )


def _show_result(
    admin: "EventAdmin", request: HttpRequest, found: Consequences, others: list[ConcurrentEdit]
) -> None:
    """Show the changes that others made in the meantime, and what has happened to registrations, in numbers."""
    for one in others:
        admin.message_user(request, _concurrent_edit_text(one), messages.WARNING)
    if found.groups:
        admin.message_user(request, counted(found), messages.INFO)


def _concurrent_edit_text(one: ConcurrentEdit) -> str:
    words = {"field": one.label, "old": one.old, "new": one.new, "who": one.who}
    if one.who and one.when:
        text = _(
            "%(who)s changed “%(field)s” from %(old)s to %(new)s in the meantime (%(when)s). That change is kept."
        )
        return text % (words | {"when": exact_moment(one.when)})
    return _("“%(field)s” was changed from %(old)s to %(new)s in the meantime. That change is kept.") % words


def _conflict_page(
    admin: "EventAdmin", request: HttpRequest, form: EventForm, others: list[ConcurrentEdit]
) -> HttpResponseBase:
    conflicts = [one for one in others if one.is_conflict]
    return staff_page(
        request,
        admin,
        "admin/registrations/event_concurrent_edits.html",
        title=_("Someone else changed this in the meantime"),
        event=form.instance,
        conflicts=conflicts,
        others=[_concurrent_edit_text(one) for one in others if not one.is_conflict],
        is_again=bool(request.POST.getlist(UNDECIDED)),
        hidden=[
            *carried(form, leave_out=[KEPT_PICTURE]),
            *form.kept_picture(),
            *((UNDECIDED, one.name) for one in conflicts),
        ],
    )


def _impact_page(
    admin: "EventAdmin",
    request: HttpRequest,
    form: EventForm,
    impact: Impact,
    decision_form: ApplyForm,
    others: list[ConcurrentEdit],
    now: dt.datetime,
) -> HttpResponseBase:
    is_changed = SEEN in request.POST and request.POST[SEEN] != digest([impact])
    if is_changed:
        decision_form = ApplyForm(None, impact=impact, now=now, reason=request.POST.get("hold-reason", ""))
    # Before the rehearsal, which changes the rows of the impact.
    said, seen, differences = sentences(impact, now=now), digest([impact]), _differences(form, impact.edit)
    outcome = rehearsed(request, impact, decision_form, now)
    return staff_page(
        request,
        admin,
        "admin/registrations/event_impact.html",
        title=_("Save %(event)s?") % {"event": impact.edit.before.name},
        event=form.instance,
        sentences=said,
        differences=differences,
        outcome=outcome,
        decision_form=decision_form,
        submit_label=_("Cancel the event") if impact.edit.is_event_cancelled else _("Save"),
        is_danger=bool(impact.cancelled or impact.edit.is_event_cancelled),
        is_changed=is_changed,
        others=[_concurrent_edit_text(one) for one in others],
        hidden=[
            *carried(form, leave_out=[KEPT_PICTURE, "reason", LOOK, UNMAILED]),
            *form.kept_picture(),
            (SEEN, seen),
        ],
    )


def _differences(form: EventForm, edit: Edit) -> list[tuple[str, str, str]]:
    """Return the label of each changed field with its old and its new value in words."""
    found = []
    for name, field in form.fields.items():
        if name in edit.changed:
            pair = getattr(edit.before, name), getattr(edit.after, name)
        elif name == "capacity" and edit.added:
            pair = edit.seats.capacity, edit.capacity
        else:
            continue
        was, will = (in_words(field, value) for value in pair)
        found.append((capfirst(str(field.label or name)), was, will))
    return found
