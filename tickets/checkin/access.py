"""Access to the check-in pages: volunteers to their gates, leads to their events, owners to all."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from registrations.teachers.second_factor import has_passed, redirect_to_second_step
from registrations.teachers.sessions import record_use
from techfest.core.roles import LEAD, VOLUNTEER, has_role, is_owner
from tickets.checkin.checkpoints import checkpoint_at, open_fest

View = Callable[..., HttpResponseBase]


def checkin_staff_required(view: View) -> View:
    """Passes the view the checkpoint of the path (`gate` or `event`), or the fest if there is none.

    Anonymous users are sent to the login. A checkpoint that this user may not open does not exist for them (404);
    before a fest is set up and later than a day after it nothing does, and check-in staff read why. Accounts that can
    do more than check people in must pass the second factor first where it is required. Responses are never cached or
    indexed.
    """

    @wraps(view)
    def opened(
        request: HttpRequest, *args: Any, gate: int | None = None, event: str = "", **kwargs: Any
    ) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _unstored(redirect_to_login(request.get_full_path()))
        if not has_passed(request) and is_checkin_staff(request.user):
            return _unstored(redirect_to_second_step(request, back_to=_page_of(request)))
        _note_use(request)
        fest = open_fest()
        if fest is None:
            if not is_checkin_staff(request.user):
                raise Http404
            return _unstored(render(request, "checkin/no_fest.html", status=404))
        if gate is None and not event:
            if not is_checkin_staff(request.user):
                raise Http404
            return _unstored(view(request, fest, *args, **kwargs))
        checkpoint = checkpoint_at(fest, request.user, gate=gate, event=event)
        if checkpoint is None:
            raise Http404
        return _unstored(view(request, checkpoint, *args, **kwargs))

    return opened


def is_checkin_staff(user: Any) -> bool:
    """Whether this user may check people in somewhere."""
    return is_owner(user) or has_role(user, VOLUNTEER) or (has_role(user, LEAD) and user.led_events.exists())


def _note_use(request: HttpRequest) -> None:
    """Counts work at the door as use of a staff session; requests that the phone makes by itself do not count."""
    name = request.resolver_match.url_name if request.resolver_match else None
    if getattr(request.user, "is_staff", False) and not str(name).startswith("live-"):
        record_use(request)


def _page_of(request: HttpRequest) -> str:
    """Where to return after the second factor: this page, or the list of checkpoints after a POST."""
    return request.get_full_path() if request.method in ("GET", "HEAD") else reverse("checkin:home")


def _unstored(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
