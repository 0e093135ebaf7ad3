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
from tickets.checkin.access import by_doorkeeper
from tickets.checkin.checkpoints import Place
from tickets.checkin.forms import ReasonForm, SearchForm
from tickets.checkin.search import MOST
from tickets.checkin.search import search as find
from tickets.checkin.search_limit import TooManySearches, count_search
from tickets.checkin.undo import let_in_again
from tickets.checkin.undo import undo as take_back
from tickets.checkin.verdict_view import Card, card_of
from tickets.checkin.views import context_of, verdict_context
from tickets.keys import random_key


@by_doorkeeper
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest, place: Place) -> HttpResponse:
    """By POST, so that no name stands in an address, and in no log."""
    form = SearchForm(request.POST or None)
    rows: list[Registration] = []
    if request.method == "POST" and form.is_valid():
        try:
            count_search(request.user)
        except TooManySearches as error:
            form.add_error("text", error.text)
            return render(request, "checkin/search.html", context_of(place, form=form), status=429)
        rows = find(place, form.cleaned_data["text"])
    people = [(row, _live_ticket(row), random_key()) for row in rows[:MOST]]
    context = context_of(place, form=form, people=people, has_more=len(rows) > MOST, is_asked=form.is_bound)
    return render(request, "checkin/search.html", context)


def _live_ticket(row: Registration) -> object:
    return next((ticket for ticket in row.tickets.all() if ticket.is_live), None)


@by_doorkeeper
@require_POST
def again(request: HttpRequest, place: Place, link_id: uuid.UUID) -> HttpResponse:
    """Somebody who is in comes in again."""

    def act(card: Card, reason: str) -> None:
        let_in_again(card.scan, place=place, user=request.user, reason=reason)

    return _with_reason(request, place, link_id, act, deed="again", done=_("Let in again."))


@by_doorkeeper
@require_POST
def undo(request: HttpRequest, place: Place, link_id: uuid.UUID) -> HttpResponse:
    """The check-in was a mistake."""

    def act(card: Card, reason: str) -> None:
        take_back(card.scan, user=request.user, reason=reason)

    return _with_reason(request, place, link_id, act, deed="undo", done=_("The check-in is undone."))


def _with_reason(
    request: HttpRequest,
    place: Place,
    link_id: uuid.UUID,
    act: Callable[[Card, str], None],
    *,
    deed: str,
    done: str,
) -> HttpResponse:
    """Does it and shows the verdict again; without a reason nothing is done."""
    card = card_of(link_id, place)
    if card is None or card.first is None:
        raise Http404
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return render(
            request, "checkin/verdict.html", verdict_context(card, form=form, deed=deed), status=400
        )
    try:
        act(card, form.cleaned_data["reason"])
    except ActionRejected as error:
        messages.error(request, error.text)
    else:
        messages.success(request, done)
    return redirect(place.url("verdict", link_id))
