"""The page of a school's list at the door."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from techfest.core.db.clock import database_now
from tickets.checkin.access import by_doorkeeper
from tickets.checkin.checkpoints import Place
from tickets.checkin.school_list import check_in_class, lines_of
from tickets.checkin.views import context_of
from tickets.delegations import by_code
from tickets.models import Scan


@by_doorkeeper
@require_http_methods(["GET", "HEAD", "POST"])
def school_list(request: HttpRequest, place: Place, code: str) -> HttpResponse:
    """GET: everybody of the school with a ticket for this place, to tick who is absent. POST: the rest comes in."""
    delegation = by_code(code)
    if delegation is None or delegation.fest_id != place.fest.pk:
        raise Http404
    context: dict[str, Any] = {"delegation": delegation}
    if request.method == "POST":
        context["outcome"] = check_in_class(
            delegation,
            place=place,
            absent=_numbers(request, "absent"),
            shown=_numbers(request, "shown"),
            user=request.user,
        )
    lines = lines_of(delegation, place, database_now())
    context |= {"lines": lines, "coming": sum(line.verdict == Scan.Verdict.IN for line in lines)}
    return render(request, "checkin/class.html", context_of(place, **context))


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """The tickets' numbers that were sent under this name; whatever is none is left out."""
    return [
        int(one) for one in request.POST.getlist(name) if one.isascii() and one.isdigit() and len(one) < 19
    ]
