"""The delegation's QR: on the teacher's phone or on paper, and what its address shows to anybody."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from registrations.access import secret
from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from tickets import delegations, qr
from tickets.checkin import throttle
from tickets.content import absolute
from tickets.teacher.access import current_fest
from tickets.teacher.messages import done_text


@teacher_required
@require_safe
def delegation(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """The code to show or print; before there is one, the button that makes it."""
    found = delegations.delegation_of(teacher.school, current_fest())
    code = ""
    if found:
        url = absolute(reverse("tickets:delegation", args=[found.code]))
        code = mark_safe(qr.svg(url, label=_("QR code of your school's delegation")))  # noqa: S308 - drawn by us
    context = {"teacher": teacher, "qr_svg": code, "done": done_text(request.GET.get("done", ""))}
    return render(request, "teacher/delegation.html", context)


@teacher_required
@require_POST
def renew(_request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """A new code; the old one dies."""
    had_one = delegations.delegation_of(teacher.school, current_fest()) is not None
    delegations.renew(teacher.school, current_fest())
    return redirect(reverse("teacher:delegation") + ("?done=renewed" if had_one else ""))


@secret
@require_safe
def public(request: HttpRequest, code: str) -> HttpResponse:
    """What a camera opens: whose delegation it is, and no name of anybody."""
    found = delegations.by_code(code)
    if found is None:
        throttle.limit_unknown_codes(request)
        raise Http404
    return render(request, "tickets/delegation.html", {"delegation": found})
