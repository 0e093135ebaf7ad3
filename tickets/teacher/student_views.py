"""Teachers' pages about one student: details, corrections, mail, a text to share."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations import links
from registrations.booking.errors import ActionRejected
from registrations.booking.waitlist import with_number
from registrations.forms import details_of
from registrations.models import Change, Student, Submission, Teacher
from registrations.students.corrections import correct
from techfest.core.db.locking import Deadline
from tickets.content import absolute
from tickets.teacher.access import own_student_required
from tickets.teacher.detail import share_text, student_detail_of
from tickets.teacher.forms import (
    AddressForm,
    StudentForm,
)
from tickets.teacher.mail_status import send_to
from tickets.teacher.messages import done_message, kept_refusals

TEACHER = Change.Actor.TEACHER
FORM_METHODS = ["GET", "HEAD", "POST"]


@own_student_required
@require_safe
def student(request: HttpRequest, _teacher: Teacher, student: Student) -> HttpResponse:
    """Everything a teacher needs to know about one student."""
    return _student_page(request, student, AddressForm(initial={"email": student.email}))


def _student_page(request: HttpRequest, student: Student, form: AddressForm) -> HttpResponse:
    done = request.GET.get("done", "")
    context = {
        "student": student,
        "detail": student_detail_of(student),
        "form": form,
        "done": done_message(done),
        "refusals": _refusals_of_newest(student) if done == "added" else [],
    }
    return render(request, "teacher/student.html", context)


def _refusals_of_newest(student: Student) -> list[str]:
    """What the newest submission by a teacher for this student did not obtain; its key never appears in a URL."""
    rows = Submission.objects.filter(student=student, origin=Submission.Origin.TEACHER)
    newest = rows.order_by("-pk").first()
    return kept_refusals(newest) if newest else []


@own_student_required
@require_http_methods(FORM_METHODS)
def details(request: HttpRequest, teacher: Teacher, student: Student) -> HttpResponse:
    """Corrects the details of a student; the seats stay."""
    form = StudentForm(request.POST or None, initial=details_of(student), fest=student.fest)
    if form.is_valid():
        try:
            correct(
                student.pk,
                values=form.cleaned_data,
                actor=TEACHER,
                user=teacher.user,
                deadline=Deadline(),
            )
        except ActionRejected as error:
            form.add_error(None, error.text)
        else:
            return redirect_to_student(student, "corrected")
    return render(request, "teacher/details.html", {"student": student, "form": form})


@own_student_required
@require_POST
def address(request: HttpRequest, teacher: Teacher, student: Student) -> HttpResponse:
    """Saves the address if it changed, and sends again what did not arrive."""
    form = AddressForm(request.POST)
    if form.is_valid():
        try:
            done = send_to(student, form.cleaned_data["email"], user=teacher.user)
        except ActionRejected as error:
            form.add_error(None, error.text)
        else:
            if request.POST.get("from") == "students":
                return redirect(f"{reverse('teacher:home')}?done={done}#s-{student.reference}")
            return redirect_to_student(student, done)
    return _student_page(request, student, form)


@own_student_required
@require_safe
def share(request: HttpRequest, _teacher: Teacher, student: Student) -> HttpResponse:
    """The text for a messenger. Its link opens everything of the student, so it is on this page only."""
    registrations = list(
        with_number(student.registrations.active().with_related()).order_by("event__starts_at")
    )
    context = {
        "student": student,
        "registrations": registrations,
        "text": share_text(student, registrations),
        "my_url": absolute(links.my_path(student)),
    }
    response = render(request, "teacher/share.html", context)
    response["Referrer-Policy"] = "no-referrer"
    return response


def student_path(student: Student) -> str:
    return reverse("teacher:student", args=[student.reference])


def redirect_to_student(student: Student, done: str) -> HttpResponse:
    return redirect(f"{student_path(student)}?done={done}")
