"""PDFs and ZIPs for a school: ordered, watched while they are made, downloaded."""

from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.clock import database_now
from tickets.documents import booklets, jobs, printouts
from tickets.mail.kinds import class_tickets
from tickets.models import Booklet, Certificate, Printout, Ticket
from tickets.teacher.access import current_fest
from tickets.teacher.messages import done_message
from tickets.teacher.students import filter_form, filtered, students_of


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def make_documents(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """GET says what the ZIP would contain; POST orders it and redirects to its progress."""
    fest, school = current_fest(), teacher.school
    if request.method == "POST":
        kind = Printout.Kind.SCHOOL
        found = printouts.order(kind=kind, fest=fest, user=teacher.user, school=school)
        return redirect("teacher:documents", code=found.code)
    own = {"student__school": school, "student__fest": fest}
    context = {
        "tickets": Ticket.objects.live().filter(**own).count(),
        "certificates": Certificate.objects.filter(revoked_at=None, **own).count(),
    }
    return render(request, "teacher/documents_make.html", context)


@teacher_required
@require_safe
def documents(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponse:
    """The progress, refreshed by the browser, then the download."""
    found = _printout(teacher, code)
    is_there, problem = jobs.is_there(found), jobs.problem_of(found)
    context = {"printout": found, "is_there": is_there, "problem": problem}
    response = render(request, "teacher/documents.html", context)
    if not is_there and not problem:
        response["Refresh"] = "3"
    return response


@teacher_required
@require_safe
def download_documents(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponseBase:
    """The ZIP; redirects to its page if there is none."""
    found = _printout(teacher, code)
    try:
        file = printouts.printout_path(found).open("rb")
    except FileNotFoundError:
        return redirect("teacher:documents", code=code)
    return FileResponse(file, filename=printouts.file_name(found), as_attachment=True)


def _printout(teacher: Teacher, code: str) -> Printout:
    rows = Printout.objects.select_related("fest", "school").filter(kind=Printout.Kind.SCHOOL)
    found = rows.filter(school=teacher.school, code=code).first()
    if found is None:
        raise Http404
    return found


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def make_booklet(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """GET offers the options, with the filters of the grid; POST orders the PDF and redirects to its progress."""
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
    """The progress, refreshed by the browser, then the download and what has changed since."""
    found = _booklet(teacher, code)
    is_there = jobs.is_there(found)
    context: dict[str, Any] = {
        "booklet": found,
        "is_there": is_there,
        "problem": jobs.problem_of(found),
        "changed": booklets.changed_since(found) if is_there else 0,
        "address": teacher.user.email,
        "done": done_message(request.GET.get("done", "")),
    }
    response = render(request, "teacher/booklet.html", context)
    if not context["is_there"] and not context["problem"]:
        response["Refresh"] = "3"
    return response


@teacher_required
@require_safe
def download_booklet(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponseBase:
    """The PDF; redirects to its page if there is none."""
    found = _booklet(teacher, code)
    try:
        file = booklets.booklet_path(found).open("rb")
    except FileNotFoundError:
        return redirect("teacher:booklet", code=code)
    return FileResponse(file, content_type="application/pdf", filename="tickets.pdf", as_attachment=True)


@teacher_required
@require_POST
def mail_booklet(_request: HttpRequest, teacher: Teacher, code: str) -> HttpResponse:
    """Mails the PDF to the teacher as soon as it is made."""
    is_pending = class_tickets.enqueue(_booklet(teacher, code), user=teacher.user, now=database_now())
    done = "mailed" if is_pending else "patience"
    return redirect(reverse("teacher:booklet", args=[code]) + f"?done={done}")


def _booklet(teacher: Teacher, code: str) -> Booklet:
    found = Booklet.objects.select_related("fest").filter(school=teacher.school, code=code).first()
    if found is None:
        raise Http404
    return found
