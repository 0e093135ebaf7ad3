"""The pages of a booklet: ordered, watched while it is made, taken away."""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.clock import database_now
from tickets.documents import booklets, jobs
from tickets.mail.kinds import class_tickets
from tickets.models import Booklet, Ticket
from tickets.teacher.access import current_fest
from tickets.teacher.filters import filtered, students_of
from tickets.teacher.grid import filter_form
from tickets.teacher.messages import done_text


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """GET asks how, with the board's filters; POST orders, and the next page shows how far it is."""
    fest = current_fest()
    chosen = filter_form(teacher.school, fest, request.GET).chosen
    students = filtered(students_of(teacher.school, fest), chosen)
    tickets = Ticket.objects.live().filter(student__in=students)
    if "event" in chosen:
        tickets = tickets.filter(registration__event__slug=chosen["event"])
    if request.method == "POST":
        per_page = 4 if request.POST.get("per_page") == "4" else 1
        found = booklets.order(
            school=teacher.school, fest=fest, user=teacher.user, per_page=per_page, chosen=chosen
        )
        return redirect("teacher:booklet", code=found.code)
    context = {
        "tickets": tickets.count(),
        "is_filtered": bool(chosen),
        "without_email": filtered(students, {"mail": "no-email"}).count(),
        "query": request.GET.urlencode(),
    }
    return render(request, "teacher/booklet_make.html", context)


@teacher_required
@require_safe
def booklet(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponse:
    """How far it is, by plain refresh; then the file, and what has changed since it was made."""
    found = _booklet(teacher, code)
    is_there = jobs.is_there(found)
    context: dict[str, Any] = {
        "booklet": found,
        "is_there": is_there,
        "problem": jobs.problem_of(found),
        "changed": booklets.changed_since(found) if is_there else 0,
        "address": teacher.user.email,
        "done": done_text(request.GET.get("done", "")),
    }
    response = render(request, "teacher/booklet.html", context)
    if not context["is_there"] and not context["problem"]:
        response["Refresh"] = "3"
    return response


@teacher_required
@require_safe
def download(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponseBase:
    """The file, or the page that says why there is none."""
    found = _booklet(teacher, code)
    try:
        file = booklets.booklet_path(found).open("rb")
    except FileNotFoundError:
        return redirect("teacher:booklet", code=code)
    return FileResponse(file, content_type="application/pdf", filename="tickets.pdf", as_attachment=True)


@teacher_required
@require_POST
def mail(_request: HttpRequest, teacher: Teacher, code: str) -> HttpResponse:
    """The same file to the teacher's own address, as soon as it is made."""
    is_pending = class_tickets.enqueue(_booklet(teacher, code), user=teacher.user, now=database_now())
    done = "mailed" if is_pending else "patience"
    return redirect(reverse("teacher:booklet", args=[code]) + f"?done={done}")


def _booklet(teacher: Teacher, code: str) -> Booklet:
    found = Booklet.objects.select_related("fest").filter(school=teacher.school, code=code).first()
    if found is None:
        raise Http404
    return found
