"""The pages of the door about one person: the search, letting in again, and taking back."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from registrations.booking.errors import ActionRejected
from registrations.models import Registration
from tickets.checkin.access import checkin_staff_required
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.forms import ReasonForm, SearchForm
from tickets.checkin.search import MAX_RESULTS
from tickets.checkin.search import search as find
from tickets.checkin.search_limit import TooManySearches, count_search
from tickets.checkin.undo import let_in_again
from tickets.checkin.undo import undo as take_back
from tickets.checkin.verdict_view import VerdictDisplay, display_of
from tickets.checkin.views import context_of, verdict_context
from tickets.keys import random_key


@checkin_staff_required
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest, checkpoint: Checkpoint) -> HttpResponse:
    """By POST, so that no name stands in an address, and in no log."""
    form = SearchForm(request.POST or None)
    rows: list[Registration] = []
    if request.method == "POST" and form.is_valid():
        try:
            count_search(request.user)
        except TooManySearches as error:
            form.add_error("text", error.text)
            return render(request, "checkin/search.html", context_of(checkpoint, form=form), status=429)
        rows = find(checkpoint, form.cleaned_data["text"])
    people = [(row, _live_ticket(row), random_key()) for row in rows[:MAX_RESULTS]]
    context = context_of(
        checkpoint, form=form, people=people, has_more=len(rows) > MAX_RESULTS, is_asked=form.is_bound
    )
    return render(request, "checkin/search.html", context)


def _live_ticket(row: Registration) -> object:
    return next((ticket for ticket in row.tickets.all() if ticket.is_live), None)


@checkin_staff_required
@require_POST
def again(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """Somebody who is in comes in again."""

    def act(display: VerdictDisplay, reason: str) -> None:
        let_in_again(display.scan, checkpoint=checkpoint, user=request.user, reason=reason)

    return _with_reason(request, checkpoint, link_id, act, action="again", done=_("Let in again."))


@checkin_staff_required
@require_POST
def undo(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """The check-in was a mistake."""

    def act(display: VerdictDisplay, reason: str) -> None:
        take_back(display.scan, user=request.user, reason=reason)

    return _with_reason(request, checkpoint, link_id, act, action="undo", done=_("The check-in is undone."))


def _with_reason(
    request: HttpRequest,
    checkpoint: Checkpoint,
    link_id: uuid.UUID,
    act: Callable[[VerdictDisplay, str], None],
    *,
    action: str,
    done: str,
) -> HttpResponse:
    """Does it and shows the verdict again; without a reason nothing is done."""
    display = display_of(link_id, checkpoint)
    if display is None or display.first is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(
            request, "checkin/verdict.html", verdict_context(display, form=form, action=action), status=400
        )
    try:
        act(display, form.cleaned_data["reason"])
    except ActionRejected as error:
        messages.error(request, error.text)
    else:
        messages.success(request, done)
    return redirect(checkpoint.url("verdict", link_id))
