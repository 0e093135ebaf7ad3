"""Teachers' pages about the whole school: the grid, the delegation's QR, handing over class lists."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.cache import cached_fest
from registrations.access import secret
from registrations.class_lists.hand_over import colleagues_of, hand_over, lists_of
from registrations.class_lists.responses import explain_missing_list
from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.clock import database_now
from tickets import abuse_detection, delegations, qr
from tickets.content import absolute
from tickets.teacher.access import current_fest
from tickets.teacher.forms import HandoverForm
from tickets.teacher.messages import done_message
from tickets.teacher.students import grid_of


@teacher_required
@require_safe
def home(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The students and events of the school; without a fest or a student it says how to begin."""
    fest = cached_fest().fest
    query = request.GET.copy()
    page, done = query.pop("page", None), query.pop("done", [""])
    context = {
        "teacher": teacher,
        "done": done_message(done[-1]),
        "grid": grid_of(teacher.school, fest, request.GET) if fest else None,
        "query": query.urlencode(),
        "is_later_page": page is not None,
    }
    return render(request, "teacher/home.html", context)


@teacher_required
@require_safe
def delegation(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The delegation's QR to show or print; before there is one, the button that makes it."""
    found = delegations.delegation_of(teacher.school, current_fest())
    code = ""
    if found:
        url = absolute(reverse("tickets:delegation", args=[found.code]))
        code = mark_safe(qr.svg(url, label=_("QR code of your school's delegation")))  # noqa: S308 - drawn by us
    context = {"teacher": teacher, "qr_svg": code, "done": done_message(request.GET.get("done", ""))}
    return render(request, "teacher/delegation.html", context)


@teacher_required
@require_POST
def renew_delegation(_request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """Replaces the code; the old one stops working."""
    had_one = delegations.delegation_of(teacher.school, current_fest()) is not None
    delegations.renew(teacher.school, current_fest())
    return redirect(reverse("teacher:delegation") + ("?done=renewed" if had_one else ""))


@secret
@require_safe
def public_delegation(request: HttpRequest, code: str) -> HttpResponse:
    """What a camera opens from the QR: the name of the school, and no names of students."""
    found = delegations.by_code(code)
    if found is None:
        abuse_detection.limit_unknown_codes(request)
        raise Http404
    return render(request, "tickets/delegation.html", {"delegation": found})


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
@explain_missing_list
def handover(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """Hands class lists, and the mails about them, over to a colleague."""
    fest = current_fest()
    lists, colleagues = lists_of(teacher.school, fest.pk), colleagues_of(teacher)
    mine = [row.pk for row in lists if row.owner == teacher.user]
    form = HandoverForm(
        request.POST if request.method == "POST" else None,
        initial={"lists": mine},
        lists=lists,
        colleagues=colleagues,
    )
    if form.is_valid():
        taker = next(one for one in colleagues if one.pk == form.cleaned_data["colleague"])
        hand_over(form.cleaned_data["lists"], giver=teacher, taker=taker, fest_id=fest.pk, now=database_now())
        return redirect(f"{reverse('teacher:home')}?done=handed")
    context = {"form": form, "has_lists": bool(lists), "has_colleagues": bool(colleagues)}
    return render(request, "teacher/handover.html", context)
