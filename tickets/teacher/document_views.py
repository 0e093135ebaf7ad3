"""All papers of the own school in one ZIP: ordered from the board, watched while they are made, taken away."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from registrations.models import Teacher
from registrations.teachers.access import teacher_required
from tickets.documents import jobs, printouts
from tickets.models import Certificate, Printout, Ticket
from tickets.teacher.access import current_fest


@teacher_required
@require_http_methods(["GET", "HEAD", "POST"])
def make(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """GET says what would be in it; POST orders, and the next page shows how far it is."""
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
    """How far it is, by plain refresh; then the file."""
    found = _printout(teacher, code)
    is_there, problem = jobs.is_there(found), jobs.problem_of(found)
    context = {"printout": found, "is_there": is_there, "problem": problem}
    response = render(request, "teacher/documents.html", context)
    if not is_there and not problem:
        response["Refresh"] = "3"
    return response


@teacher_required
@require_safe
def download(request: HttpRequest, teacher: Teacher, code: str) -> HttpResponseBase:
    """The file, or the page that says why there is none."""
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
