"""Saving an event: at once, or after a page that shows concurrent edits or the consequences."""

import copy
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from events.admin import take_picture
from events.models import Event
from registrations.admin.event_address import CONTINUE, LOOK, SEEN
from registrations.admin.event_form import ApplyForm, EventForm
from registrations.admin.event_questions import (
    answers,
    concurrent_edit_text,
    conflict_page,
    differences,
    impact_page,
)
from registrations.event_changes.apply import ApplyOptions, apply_edits
from registrations.event_changes.impact import Edit, Impact, digest, preview_impact
from techfest.core import audit_log
from techfest.core.admin.base import page_of
from techfest.core.admin.concurrent_edits import ConcurrentEdit, decided, find_concurrent_edits
from techfest.core.admin.confirmation import counted
from techfest.core.admin.rehearsal import Consequences, read, tell_teachers
from techfest.core.db.bulk import observed_inserts
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline

if TYPE_CHECKING:
    from registrations.admin.events import EventAdmin

MAX_SAID = 60
"""Characters of a value that the message after saving repeats."""


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
        return conflict_page(admin, request, form, others)
    now = database_now()
    impact = preview_impact([_edit(form, before)], now=now)[0]
    decision_form = answers(request, impact, form, now)
    if request.method != "POST":
        return _question(admin, request, form, impact, decision_form, others, now)
    if impact.needs_confirmation:
        is_seen = request.POST.get(SEEN) == digest([impact]) and LOOK not in request.POST
        if not is_seen or not decision_form.is_valid():
            return impact_page(admin, request, form, impact, decision_form, others, now)
    return _save(admin, request, form, impact, decision_form, others, now)


def _question(
    admin: "EventAdmin",
    request: HttpRequest,
    form: EventForm,
    impact: Impact,
    decision_form: ApplyForm,
    others: list[ConcurrentEdit],
    now: dt.datetime,
) -> HttpResponseBase:
    """Answer the address of a question, which is opened again where all of it was saved long ago."""
    edit, others_of = impact.edit, {"leads", "remove_picture"}
    if edit.changed or edit.added or others_of & {*form.changed_data} or form.cleaned_data.get("upload"):
        return impact_page(admin, request, form, impact, decision_form, others, now)
    text = _("“%(event)s” is already as this link would make it.") % {"event": form.instance.name}
    admin.message_user(request, text, messages.INFO)
    return admin.response_post_save_change(request, form.instance)


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
    options, changes = _apply_options(request, form, decision_form), differences(form, impact.edit)
    if decision_form.is_bound and decision_form.cleaned_data.get("notify"):
        impact = impact.telling_the_name()
    with observed_inserts() as rows:
        apply_edits([impact], options, now=now)  # also writes the audit log
        if decision_form.is_bound and decision_form.cleaned_data.get("tell_teachers"):
            tell_teachers(rows, words=options.quoted or options.reason)
        found = read(rows, shows_mails=False)
    _save_leads(form, request, options.reason, now)
    _show_result(admin, request, found, others)
    has_more = bool(impact.edit.changed) or "leads" in form.changed_data
    _say_what_is_saved(admin, request, event.name, changes, has_more=has_more)
    if CONTINUE in request.POST:
        return HttpResponseRedirect(page_of(event))
    return admin.response_post_save_change(request, event)


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
        admin.message_user(request, concurrent_edit_text(one), messages.WARNING)
    if found.groups:
        admin.message_user(request, counted(found), messages.INFO)


def _say_what_is_saved(
    admin: "EventAdmin",
    request: HttpRequest,
    name: str,
    changes: list[tuple[str, str, str]],
    *,
    has_more: bool,
) -> None:
    """Say each change with its old and its new value; of long texts only which they are."""
    words = [
        label if max(len(was), len(will)) > MAX_SAID else f"{label}: {was} → {will}"
        for label, was, will in changes
    ]
    known = {"event": name, "changes": "; ".join(words)}
    if words:
        admin.message_user(request, _("“%(event)s” is saved. %(changes)s.") % known, messages.SUCCESS)
    elif has_more:
        admin.message_user(request, _("“%(event)s” is saved.") % known, messages.SUCCESS)
    else:
        admin.message_user(request, _("Nothing was changed by you."), messages.INFO)
