"""PDFs and ZIPs for a school: ordered, watched while they are made, downloaded or mailed."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from techfest.core.db.clock import database_now
from tickets.documents import jobs, pages, school_tickets
from tickets.mail.kinds import class_tickets
from tickets.models import Certificate, DocumentJob, Ticket
from tickets.school_students import filtered, students_of
from tickets.teacher.access import current_fest
from tickets.teacher.messages import done_message
from tickets.teacher.students import filter_form

Kind = DocumentJob.Kind


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def make_all(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """GET says what the ZIP of the school would contain; POST orders it and redirects to its progress."""
    fest, school = current_fest(), teacher.school
    if request.method == "POST":
        job = jobs.order(kind=Kind.SCHOOL, fest=fest, user=teacher.user, school=school)
        return redirect("teacher:document", code=job.code)
    own = {"student__school": school, "student__fest": fest}
    context = {
        "tickets": Ticket.objects.live().filter(**own).count(),
        "certificates": Certificate.objects.filter(revoked_at=None, **own).count(),
    }
    return render(request, "teacher/documents_make.html", context)


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def make_tickets(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """GET offers the options, with the filters of the grid; POST orders the PDF and redirects to its progress."""
    fest = current_fest()
    chosen = filter_form(teacher.school, fest, request.GET).filters
    students = filtered(students_of(teacher.school, fest), chosen)
    tickets = Ticket.objects.live().filter(student__in=students)
    if "event" in chosen:
        tickets = tickets.filter(registration__event__slug=chosen["event"])
    if request.method == "POST":
        per_page = 4 if request.POST.get("per_page") == "4" else 1
        job = school_tickets.order(
            school=teacher.school, fest=fest, user=teacher.user, per_page=per_page, filters=chosen
        )
        return redirect("teacher:document", code=job.code)
    context = {
        "tickets": tickets.count(),
        "is_filtered": bool(chosen),
        "without_email": filtered(students, {"mail": "no-email"}).count(),
        "query": request.GET.urlencode(),
    }
    return render(request, "teacher/tickets_make.html", context)


@teacher_required
@require_safe
def document(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponseBase:
    """The progress, then the download and, for tickets, what has changed since."""
    job = _find(teacher, code)
    more: dict[str, Any] = {}
    if job.kind == Kind.TICKETS:
        more = {
            "changed": school_tickets.changed_since(job) if job.is_ready else 0,
            "address": teacher.user.email,
            "done": done_message(request.GET.get("done", "")),
        }
    return pages.progress(job, lambda context: render(request, "teacher/document.html", context | more))


@teacher_required
@require_safe
def download(_request: HttpRequest, teacher: Teacher, code: str) -> HttpResponseBase:
    return pages.download(_find(teacher, code), progress_url=reverse("teacher:document", args=[code]))


@teacher_required
@require_POST
def mail(_request: HttpRequest, teacher: Teacher, code: str) -> HttpResponse:
    """Mails the tickets to the teacher as soon as they are made."""
    job = _find(teacher, code)
    if job.kind != Kind.TICKETS:
        raise Http404
    is_pending = class_tickets.enqueue(job, user=teacher.user, now=database_now())
    done = "mailed" if is_pending else "patience"
    return redirect(reverse("teacher:document", args=[code]) + f"?done={done}")


@teacher_required
@require_safe
def moved(_request: HttpRequest, teacher: Teacher, code: str) -> HttpResponse:
    """Redirects from the former addresses of a document, which mails and bookmarks may still name."""
    return redirect("teacher:document", code=_find(teacher, code).code, permanent=True)


def _find(teacher: Teacher, code: str) -> DocumentJob:
    return pages.find(pages.visible_to_teacher(teacher), code)
