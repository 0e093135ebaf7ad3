"""A teacher's pages of held seats: the list, asking, giving back."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from events.cache import snapshot
from registrations.booking import messages
from registrations.booking.errors import NotPossible
from registrations.holds.forms import BlockForm, offered
from registrations.holds.service import Wish, ask, give_back
from registrations.locking import Deadline
from registrations.models import Block, Teacher
from registrations.teachers.access import by_teacher


@by_teacher
@require_safe
def blocks(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """What the school has asked for, holds, and gave back in the current fest."""
    return render(request, "blocks/list.html", {"teacher": teacher, "blocks": _of_school(teacher)})


@by_teacher
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The form; whoever sends it twice gets one block."""
    current = snapshot()
    events = offered(current.events, current.now)
    key = messages.read_key(request.POST)
    form = BlockForm(request.POST if key else None, events=events, now=current.now)
    if key and form.is_valid():
        try:
            ask(_wish(form, teacher, key), deadline=Deadline())
        except NotPossible as error:
            form.add_error(None, error.text)
        else:
            return redirect("blocks:list")
    context = {"teacher": teacher, "form": form, "key": messages.new_key()}
    return render(request, "blocks/ask.html", context)


@by_teacher
@require_http_methods(["GET", "HEAD", "POST"])
def back(request: HttpRequest, teacher: Teacher, block_id: int) -> HttpResponse:
    """GET asks, POST gives everything back that has no name. What has ended is shown in the list."""
    block = get_object_or_404(Block.objects.with_facts(), pk=block_id, school=teacher.school)
    if request.method != "POST" and block.returned_at is None:
        return render(request, "blocks/back.html", {"teacher": teacher, "held": block})
    if request.method == "POST":
        give_back(block.pk, user=teacher.user, deadline=Deadline())
    return redirect("blocks:list")


def _wish(form: BlockForm, teacher: Teacher, key: uuid.UUID) -> Wish:
    cleaned = form.cleaned_data
    return Wish(
        event_id=cleaned["event"].pk,
        school=teacher.school,
        user=teacher.user,
        seats=cleaned["seats"],
        until=cleaned["until"],
        key=key,
    )


def _of_school(teacher: Teacher) -> list[Block]:
    """Open ones first, the most urgent on top; then what is over, the latest on top."""
    rows = Block.objects.with_facts().filter(school=teacher.school, event__fest__is_current=True)
    over = [block for block in rows.order_by("-returned_at", "-pk") if block.returned_at]
    return sorted(rows.unreturned(), key=lambda block: (block.deadline, block.pk)) + over
