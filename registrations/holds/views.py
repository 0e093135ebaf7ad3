"""A teacher's pages of held seats: list, request, give back."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from events.cache import cached_fest
from registrations.booking import idempotency
from registrations.booking.errors import ActionRejected
from registrations.holds.forms import HoldForm, offered
from registrations.holds.service import HoldRequest, give_back, request_hold
from registrations.models import Hold, Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.locking import Deadline


@teacher_required
@require_safe
def holds(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The school's requested, open and ended holds in the current fest."""
    return render(request, "holds/list.html", {"teacher": teacher, "holds": _of_school(teacher)})


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The request form; sent twice, it makes one hold."""
    current = cached_fest()
    events = offered(current.events, current.now)
    key = idempotency.read_key(request.POST)
    form = HoldForm(request.POST if key else None, events=events, now=current.now)
    if key and form.is_valid():
        try:
            request_hold(_hold_request(form, teacher, key), deadline=Deadline())
        except ActionRejected as error:
            form.add_error(None, error.text)
        else:
            return redirect("holds:list")
    context = {"teacher": teacher, "form": form, "key": idempotency.new_key()}
    return render(request, "holds/request.html", context)


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest, teacher: Teacher, hold_id: int) -> HttpResponse:
    """GET asks for confirmation, POST gives back the unused seats. Ended holds redirect to the list."""
    hold = get_object_or_404(Hold.objects.with_related(), pk=hold_id, school=teacher.school)
    if request.method != "POST" and hold.returned_at is None:
        return render(request, "holds/back.html", {"teacher": teacher, "held": hold})
    if request.method == "POST":
        give_back(hold.pk, user=teacher.user, deadline=Deadline())
    return redirect("holds:list")


def _hold_request(form: HoldForm, teacher: Teacher, key: uuid.UUID) -> HoldRequest:
    cleaned = form.cleaned_data
    return HoldRequest(
        event_id=cleaned["event"].pk,
        school=teacher.school,
        user=teacher.user,
        seats=cleaned["seats"],
        until=cleaned["until"],
        key=key,
    )


def _of_school(teacher: Teacher) -> list[Hold]:
    """Open holds first, by deadline; then ended ones, the latest first."""
    rows = Hold.objects.with_related().filter(school=teacher.school, event__fest__is_current=True)
    over = [hold for hold in rows.order_by("-returned_at", "-pk") if hold.returned_at]
    return sorted(rows.unreturned(), key=lambda hold: (hold.deadline, hold.pk)) + over
