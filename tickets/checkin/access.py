"""Who may use the check-in pages, and what others get: pages for people, JSON for the script of the scanner."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from events.models import Fest
from registrations.teachers.second_factor import has_passed, redirect_to_second_step
from registrations.teachers.sessions import record_use
from techfest.core.roles import LEAD, VOLUNTEER, has_role, is_owner
from tickets.checkin.checkpoints import Checkpoint, any_checkpoint, checkpoint_at, open_fest

View = Callable[..., HttpResponseBase]


def checkin_staff_required(view: View) -> View:
    """Passes the view the checkpoint of the path (`gate` or `event`), or the fest if there is none.

    Anonymous users are sent to the login. A checkpoint that this user may not open does not exist for them (404);
    before a fest is set up and later than a day after it nothing does, and check-in staff read why. Accounts that can
    do more than check people in must pass the second factor first where it is required. Scripts get each of these
    answers as JSON. Responses are never cached or indexed, and carry a header that no page of another server has.
    """

    @wraps(view)
    def opened(
        request: HttpRequest, *args: Any, gate: int | None = None, event: str = "", **kwargs: Any
    ) -> HttpResponseBase:
        refused = _login_refused(request)
        if refused is not None:
            return _marked(refused)
        _note_use(request)
        fest = open_fest()
        if fest is None:
            return _marked(_no_fest(request))
        if gate is None and not event:
            found: Fest | Checkpoint | None = fest if is_checkin_staff(request.user) else None
        else:
            found = checkpoint_at(fest, request.user, gate=gate, event=event)
        return _marked(_no_access(request) if found is None else view(request, found, *args, **kwargs))

    return opened


def queued_scans_accepted(view: View) -> View:
    """Passes the view the checkpoint at which a phone queued scans, and whether this user may open it.

    All check-in staff may upload what is on a phone: its scans are not lost when another volunteer logs in there, when
    the gate is deleted, or when the fest is over.
    """

    @wraps(view)
    def opened(request: HttpRequest, *, gate: int | None = None, event: str = "") -> HttpResponseBase:
        refused = _login_refused(request)
        if refused is not None:
            return _marked(refused)
        _note_use(request)
        fest = open_fest()
        own = checkpoint_at(fest, request.user, gate=gate, event=event) if fest else None
        found = own or (any_checkpoint(gate=gate, event=event) if is_checkin_staff(request.user) else None)
        is_own = own is not None
        return _marked(_no_access(request) if found is None else view(request, found, is_own=is_own))

    return opened


def is_script(request: HttpRequest) -> bool:
    """Whether a script asks, which can do nothing with a page."""
    return request.headers.get("Accept", "").startswith("application/json")


def _login_refused(request: HttpRequest) -> HttpResponseBase | None:
    """What an anonymous user gets, or one who has to pass the second factor first."""
    is_anonymous = not request.user.is_authenticated
    if not is_anonymous and (has_passed(request) or not is_checkin_staff(request.user)):
        return None
    if is_script(request):
        return JsonResponse({"error": "signed_out"}, status=401)
    if is_anonymous:
        return redirect_to_login(request.get_full_path())
    return redirect_to_second_step(request, back_to=_page_of(request))


def _no_access(request: HttpRequest) -> HttpResponseBase:
    if is_script(request):
        return JsonResponse({"error": "no_access"}, status=404)
    raise Http404


def _no_fest(request: HttpRequest) -> HttpResponseBase:
    if is_script(request) or not is_checkin_staff(request.user):
        return _no_access(request)
    return render(request, "checkin/no_fest.html", status=404)


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


def _marked(response: HttpResponseBase) -> HttpResponseBase:
    response.setdefault("X-Checkin", "page")
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
