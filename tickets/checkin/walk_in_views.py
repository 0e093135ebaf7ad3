"""The pages on which a seat is given at the door: to somebody who waits, and to somebody new."""

import uuid
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
from tickets.checkin.access import checkin_staff_required
from tickets.checkin.checkpoints import Checkpoint
from tickets.checkin.forms import NonceForm, WalkInForm
from tickets.checkin.verdict_view import display_of
from tickets.checkin.views import context_of
from tickets.checkin.walk_in import Newcomer, seat_newcomer, seat_waiting


@checkin_staff_required
@require_POST
def seat(request: HttpRequest, checkpoint: Checkpoint, link_id: uuid.UUID) -> HttpResponse:
    """The seat for a waiting person whose card is open; the button's own nonce names the new scan."""
    display = display_of(link_id, checkpoint)
    form = NonceForm(request.POST)
    if display is None or display.registration is None or not form.is_valid():
        raise Http404
    if not checkpoint.covers(display.registration.event):
        raise Http404
    try:
        scan = seat_waiting(
            display.registration,
            checkpoint=checkpoint,
            nonce=form.cleaned_data["nonce"],
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
    """A small form for somebody whom nobody has registered; the seat, the ticket and the check-in at once."""
    events = _events(checkpoint)
    form = WalkInForm(request.POST or None, fest=checkpoint.fest, events=events)
    nonce = NonceForm(request.POST)
    if request.method == "POST" and form.is_valid() and nonce.is_valid():
        newcomer = Newcomer(form.details(get_language() or "en"), int(form.cleaned_data["event"]))
        try:
            scan = seat_newcomer(
                newcomer,
                checkpoint=checkpoint,
                nonce=nonce.cleaned_data["nonce"],
                user=request.user,
                reason=_("Registered at the door"),
            )
        except ActionRejected as error:
            form.add_error(None, error.text)
        except AmbiguousIdentity:
            form.add_error("section", _("Somebody of this name and grade is registered. Add the section"))
        else:
            return redirect(checkpoint.url("verdict", scan.link_id))
    context: dict[str, Any] = {"form": form, "events": events, "schools": school_names()}
    return render(request, "checkin/walk_in.html", context_of(checkpoint, **context))


def _events(checkpoint: Checkpoint) -> list[Event]:
    """The events of this place that are on today or still to come and take walk-ins by now."""
    now = database_now()
    events = Event.objects.filter(checkpoint.events_filter, state=Event.State.PUBLISHED, ends_at__gt=now)
    return [event for event in events.order_by("starts_at", "name") if now >= event.promotion_ends_at]
