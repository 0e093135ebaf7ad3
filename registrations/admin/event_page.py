"""The page of one event in the admin: what it is, its numbers, and the changes made most often, each one button.

Each change is sent as the event's whole form with the stored values, so that it has the same checks, consequences and
questions about concurrent edits as the form itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from events import editing
from events.caps import rules_of
from events.models import Event
from registrations import hooks
from registrations.admin.event_address import form_data
from registrations.admin.event_form import MAX_SEATS, EventForm
from registrations.admin.event_save import handle_save
from registrations.admin.event_summary import Meter, numbers_of, registration_status
from registrations.booking.waitlist import why_nobody
from techfest.core.admin.concurrent_edits import is_of, stored_values
from techfest.core.admin.pages import staff_page
from techfest.core.admin.question_address import is_question
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline, in_transaction

if TYPE_CHECKING:
    from registrations.admin.events import EventAdmin

ADDED = 10
"""Seats that the page suggests to add."""
MAX_DIGITS = 6
ACTS: Mapping[str, frozenset[str]] = {
    "seats": frozenset({"capacity"}),
    "venue": frozenset({"venue"}),
    "time": frozenset({"starts_at", "ends_at"}),
    "registration": frozenset({"is_paused", "pause_text"}),
    "state": frozenset({"state"}),
}
"""The fields that each button of the page may change."""


def page_path(event: Event) -> str:
    """Return the path of the event's page."""
    return reverse("admin:events_event_page", args=[event.pk])


def show(admin: "EventAdmin", request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Show the event to everyone who may see it in the list."""
    event = admin.get_object(request, str(event_id))
    if event is None:
        raise Http404
    if not admin.has_view_or_change_permission(request, event):
        raise PermissionDenied
    form = _form(admin, request, event) if admin.has_change_permission(request, event) else None
    return _page(admin, request, event, form)


def act(admin: "EventAdmin", request: HttpRequest, event_id: int) -> HttpResponseBase:
    """Change the event as one button of its page says, or show the page again with what is wrong.

    With changes in its address it is the page that asks about them, which by GET saves nothing.
    """
    deadline = Deadline()
    typed = request.POST  # a repeat of the transaction finds the event's form in its place
    work = _answer_question if is_question(request) else _act
    return in_transaction(lambda: work(admin, request, event_id, deadline, typed), deadline=deadline)


def _event_to_change(admin: "EventAdmin", request: HttpRequest, event_id: int) -> Event:
    """Return the event behind its lock. Raises Http404 or PermissionDenied where the user may not change it."""
    editing.lock(event_id)
    event = admin.get_object(request, str(event_id))
    if event is None:
        raise Http404
    if not admin.has_change_permission(request, event):
        raise PermissionDenied
    return event


def _answer_question(
    admin: "EventAdmin", request: HttpRequest, event_id: int, deadline: Deadline, typed: QueryDict
) -> HttpResponseBase:
    deadline.limit_locks()
    event = _event_to_change(admin, request, event_id)
    request.POST = typed  # type: ignore[assignment]  # of the first attempt
    data = form_data(_form(admin, request, event), request)
    request.POST = data  # type: ignore[assignment]  # the form reads the whole of it
    if answer := handle_save(admin, request, str(event_id), deadline):
        return answer
    bound: Any = admin.get_form(request, event, change=True)(data, instance=event)
    for text in _errors(bound, frozenset()):
        messages.error(request, text)
    return HttpResponseRedirect(page_path(event))


def _act(
    admin: "EventAdmin", request: HttpRequest, event_id: int, deadline: Deadline, typed: QueryDict
) -> HttpResponseBase:
    deadline.limit_locks()
    event = _event_to_change(admin, request, event_id)
    name = typed.get("act", "")
    if name not in ACTS:
        messages.info(request, _("Nothing was changed. Use the buttons of this page."))
        return HttpResponseRedirect(page_path(event))
    data = stored_values(_form(admin, request, event))
    problem = _type_in(data, typed, name)
    if problem:
        form = _form(admin, request, event)
        return _page(admin, request, event, form, Problem(name, [problem], typed.get("add", "")))
    request.POST = data  # type: ignore[assignment]  # the form reads the whole of it
    if answer := handle_save(admin, request, str(event_id), deadline):
        return answer
    event = admin.get_object(request, str(event_id)) or event
    bound: Any = admin.get_form(request, event, change=True)(data, instance=event)
    shown = admin.get_object(request, str(event_id)) or event
    return _page(admin, request, shown, bound, Problem(name, list(_errors(bound, ACTS[name]))))


def _type_in(data: QueryDict, typed: QueryDict, name: str) -> str:
    """Put what was typed, and the values it was shown with, into the event's form; return what is wrong with it."""
    for key in typed:
        if any(is_of(key.removeprefix("initial-"), one) for one in ACTS[name]):
            data.setlist(key, typed.getlist(key))
    if name != "seats":
        return ""
    added, before = typed.get("add", "").strip(), typed.get("initial-capacity", "")
    if not (_is_number(added) and _is_number(before) and 0 < int(added) <= MAX_SEATS):
        return _("Enter how many seats to add, like 10")
    data["capacity"] = str(int(before) + int(added))
    return ""


def _is_number(text: str) -> bool:
    """Python refuses to read a number of thousands of digits."""
    return text.isdecimal() and len(text) <= MAX_DIGITS


def _errors(form: EventForm, fields: frozenset[str]) -> Any:
    form.is_valid()
    for name, errors in form.errors.items():
        for text in errors:
            yield text if name in fields or name not in form.fields else f"{form.fields[name].label}: {text}"
    if form.date_questions:
        yield from (one.text for one in form.date_questions)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a button of the page did nothing; `typed` is what stands in its field."""

    act: str = ""
    texts: list[str] = field(default_factory=list)
    typed: str = ""


def _form(admin: "EventAdmin", request: HttpRequest, event: Event) -> EventForm:
    form: Any = admin.get_form(request, event, change=True)(instance=event)
    return form  # type: ignore[no-any-return]  # made from EventForm


def _page(
    admin: "EventAdmin",
    request: HttpRequest,
    event: Event,
    form: EventForm | None,
    problem: Problem | None = None,
) -> HttpResponseBase:
    now, figures = database_now(), hooks.event_figures.call(request, event)
    status = registration_status(event, now)
    can_write = request.user.has_perm("tickets.add_message")
    if problem and problem.texts:
        messages.error(request, _("Nothing was changed. See below what to correct."))
    return staff_page(
        request,
        admin,
        "admin/events/event/page.html",
        title=event.name,
        event=event,
        seats=event.seats,
        meter=Meter(event.seats),
        numbers=numbers_of(admin, request, event, figures),
        decisions=figures.decisions,
        status=status,
        limits=rules_of(event),
        waiting_status=why_nobody(event, event.seats, now=now) if event.seats.waiting else "",
        form=form,
        problem=problem or Problem(),
        added=ADDED,
        can_write=can_write,
    )
