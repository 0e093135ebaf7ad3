"""The page of a school's list at the door."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from techfest.core.db.clock import database_now
from tickets.checkin.access import checkin_staff_required
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.school_list import check_in_class, lines_of
from tickets.checkin.views import context_of
from tickets.delegations import by_code
from tickets.models import Scan


@checkin_staff_required
@require_http_methods(["GET", "HEAD", "POST"])
def school_list(request: HttpRequest, checkpoint: Checkpoint, code: str) -> HttpResponse:
    """GET: everybody of the school with a ticket for this place, to tick who is absent. POST: the rest comes in."""
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
    return render(request, "checkin/class.html", context_of(checkpoint, **context))


def _numbers(request: HttpRequest, name: str) -> list[int]:
    """The tickets' numbers that were sent under this name; whatever is none is left out."""
    return [
        int(one) for one in request.POST.getlist(name) if one.isascii() and one.isdigit() and len(one) < 19
    ]
