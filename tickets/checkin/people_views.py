"""Check-in pages about people: search, re-entry, undo, walk-ins, and a school's list."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from events.models import Event
from registrations.booking.errors import ActionRejected, AmbiguousIdentity
from registrations.schools import school_names
from techfest.core.db.clock import database_now
from tickets.checkin import entry, lookup
from tickets.checkin.access import checkin_staff_required
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.forms import KeyForm, ReasonForm, SearchForm, WalkInForm
from tickets.checkin.lookup import TooManySearches, count_search
from tickets.checkin.pages import checkpoint_context, people_context, verdict_context
from tickets.checkin.school_list import check_in_class, lines_of
from tickets.checkin.verdict_view import VerdictDisplay, display_of
from tickets.checkin.walk_in import Newcomer, seat_newcomer, seat_waiting
from tickets.delegations import by_code
from tickets.models import Scan


@checkin_staff_required
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """Searches by POST, so that names stay out of addresses and logs."""
    form = SearchForm(request.POST or None)
    found = lookup.People([])
    if request.method == "POST" and form.is_valid():
        try:
            count_search(request.user)
        except TooManySearches as error:
            form.add_error("text", error.text)
            return render(
                request, "checkin/search.html", checkpoint_context(checkpoint, form=form), status=429
            )
        found = lookup.search(checkpoint, form.cleaned_data["text"])
    return render(request, "checkin/search.html", people_context(checkpoint, form, found))


@checkin_staff_required
@require_POST
def again(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """Records a re-entry."""

    def act(display: VerdictDisplay, reason: str) -> None:
        entry.let_in_again(display.scan, checkpoint=checkpoint, user=request.user, reason=reason)

    return _with_reason(request, checkpoint, link_id, act, action="again", done=_("Let in again."))


@checkin_staff_required
@require_POST
def undo(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """Revokes a check-in made by mistake: with a reason, or at once with `later`. Then the reason may follow here."""

    def act(display: VerdictDisplay, reason: str) -> None:
        if display.lacks_reason:
            entry.give_reason(display.scan, user=request.user, reason=reason)
        else:
            entry.undo(display.scan, user=request.user, reason=reason)

    if "later" in request.POST:
        return _undone_at_once(request, checkpoint, link_id)
    return _with_reason(request, checkpoint, link_id, act, action="undo", done=_("The check-in is undone."))


def _undone_at_once(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """Revokes the check-in of a green scan without a reason; the verdict then asks for it.

    Repeating it changes nothing.
    """
    display = display_of(link_id, checkpoint)
    if display is None or display.scan.verdict != Scan.Verdict.IN:
        raise Http404
    try:
        entry.undo(display.scan, user=request.user)
    except entry.AlreadyUndone:
        pass
    except ActionRejected as error:
        messages.error(request, error.text)
    return redirect(checkpoint.url("verdict", link_id))


def _with_reason(
    request: HttpRequest,
    checkpoint: Checkpoint,
    link_id: uuid.UUID,
    act: Callable[[VerdictDisplay, str], None],
    *,
    action: str,
    done: str,
) -> HttpResponse:
    """Runs `act` and shows the verdict again; without a reason nothing is done."""
    display = display_of(link_id, checkpoint)
    if display is None or display.first is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(
            request,
            "checkin/verdict.html",
            verdict_context(request, display, form=form, action=action),
            status=400,
        )
    try:
        act(display, form.cleaned_data["reason"])
    except ActionRejected as error:
        messages.error(request, error.text)
    else:
        messages.success(request, done)
    return redirect(checkpoint.url("verdict", link_id))


@checkin_staff_required
@require_POST
def seat(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """Gives the waiting student of this verdict a seat; the button's own key identifies the new scan."""
    display = display_of(link_id, checkpoint)
    form = KeyForm(request.POST)
    if display is None or display.registration is None or not form.is_valid():
        raise Http404
    if not checkpoint.covers(display.registration.event):
        raise Http404
    try:
        scan = seat_waiting(
            display.registration,
            checkpoint=checkpoint,
            key=form.cleaned_data["key"],
            user=request.user,
            reason=_("Waited at the door"),
        )
    except ActionRejected as error:
        messages.error(request, error.text)
        return redirect(checkpoint.url("verdict", link_id))
    return redirect(checkpoint.url("verdict", scan.link_id))


@checkin_staff_required
@require_http_methods(["GET", "HEAD", "POST"])
def walk_in(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """Registers a student at the door: seat, ticket and check-in at once."""
    events = _events(checkpoint)
    form = WalkInForm(request.POST or None, fest=checkpoint.fest, events=events)
    key_form = KeyForm(request.POST)
    if request.method == "POST" and form.is_valid() and key_form.is_valid():
        newcomer = Newcomer(form.details(get_language() or "en"), int(form.cleaned_data["event"]))
        try:
            scan = seat_newcomer(
                newcomer,
                checkpoint=checkpoint,
                key=key_form.cleaned_data["key"],
                user=request.user,
                reason=_("Registered at the door"),
            )
        except ActionRejected as error:
            form.add_error(None, error.text)
        except AmbiguousIdentity as error:
            _ask(form, error)
        else:
            return redirect(checkpoint.url("verdict", scan.link_id))
    context: dict[str, Any] = {"form": form, "events": events, "schools": school_names()}
    return render(request, "checkin/walk_in.html", checkpoint_context(checkpoint, **context))


def _ask(form: WalkInForm, error: AmbiguousIdentity) -> None:
    """Names nobody: who is registered is found by the search, which is counted."""
    form.is_similar = error.is_similar
    if error.is_similar:
        words = _(
            "A student with a name like this is registered in this grade. Search for the name first. If it is not the"
            " same student, press the button “It is another student: …”."
        )
        form.add_error(None, words)
    else:
        form.add_error(
            "section", _("A student with this name and grade is already registered. Add the section")
        )


def _events(checkpoint: Checkpoint) -> list[Event]:
    """Events of this checkpoint that now give their free seats to walk-ins."""
    now = database_now()
    events = Event.objects.filter(checkpoint.events_filter, state=Event.State.PUBLISHED, ends_at__gt=now)
    return [event for event in events.order_by("starts_at", "name") if now >= event.promotion_ends_at]


@checkin_staff_required
@require_http_methods(["GET", "HEAD", "POST"])
def school_list(request: HttpRequest, checkpoint: Checkpoint, code: str) -> HttpResponse:
    """GET lists the school's ticket holders at this checkpoint, to tick who is absent; POST checks in the rest."""
    delegation = by_code(code)
    if delegation is None or delegation.fest_id != checkpoint.fest.pk:
        raise Http404
    context: dict[str, Any] = {"delegation": delegation}
    if request.method == "POST":
        context["result"] = check_in_class(
            delegation,
            checkpoint=checkpoint,
            absent=_numbers(request, "absent"),
            shown=_numbers(request, "shown"),
            user=request.user,
        )
    lines = lines_of(delegation, checkpoint, database_now())
    context |= {"lines": lines, "coming": sum(line.verdict == Scan.Verdict.IN for line in lines)}
    return render(request, "checkin/class.html", checkpoint_context(checkpoint, **context))


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """The ids sent under this name; anything else is ignored."""
    return [
        int(one) for one in request.POST.getlist(name) if one.isascii() and one.isdigit() and len(one) < 19
    ]
