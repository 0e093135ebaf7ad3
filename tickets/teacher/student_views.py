"""Teachers' pages about one student: registrations with tickets, corrections, mails, a text to share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registrations import links
from registrations.booking.conflicts import conflicts_of, sentence
from registrations.booking.errors import ActionRejected
from registrations.booking.waitlist import with_number
from registrations.forms import details_of
from registrations.models import Change, Conflict, Consent, Registration, Student, Submission, Teacher
from registrations.questions.answers import save_answers
from registrations.questions.views import answers_page, own_answers
from registrations.students.corrections import correct
from techfest.core.db.locking import Deadline
from techfest.core.formatting import exact_time
from tickets.content import absolute
from tickets.models import Delivery, Ticket
from tickets.school_students import newest_state
from tickets.teacher.access import own_student_required
from tickets.teacher.forms import AddressForm, StudentForm
from tickets.teacher.mail_status import MailState, mail_state, send_to
from tickets.teacher.messages import done_message, kept_refusals, state_sentence

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
        **own_answers(student, answers_path(student)),
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
@require_http_methods(FORM_METHODS)
def answers(request: HttpRequest, teacher: Teacher, student: Student) -> HttpResponse:
    """Answers the questions of the fest and of the student's events, for the student."""
    page = answers_page(student, request.POST if request.method == "POST" else None)
    if page.form.is_valid():
        save_answers(student, page.form.values, user=teacher.user, deadline=Deadline())
        return redirect_to_student(student, "corrected")
    return render(request, "teacher/answers.html", {"page": page, "form": page.form, "student": student})


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


def answers_path(student: Student) -> str:
    return reverse("teacher:answers", args=[student.reference])


def redirect_to_student(student: Student, done: str) -> HttpResponse:
    return redirect(f"{student_path(student)}?done={done}")


MAILS = 5
"""Of the mails to a student, the last ones are shown."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One registration; `ticket_url` is empty if there is no live ticket."""

    registration: Registration
    word: str
    ticket_url: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail: kind, recipient, state and time."""

    kind: str
    to: str
    state: MailState
    at: datetime


@dataclass(frozen=True, slots=True)
class StudentDetail:
    active: list[Entry]
    cancelled: list[Entry]
    consents: list[Consent]
    mails: list[Mail]
    mail: MailState


def student_detail_of(student: Student) -> StudentDetail:
    """Six queries, however many events."""
    tickets = Prefetch("tickets", Ticket.objects.live())
    rows = with_number(student.registrations.with_related()).prefetch_related(tickets)
    registrations = list(rows.order_by("event__starts_at", "pk"))
    conflicts = conflicts_of(row.pk for row in registrations)
    entries = [_entry(row, conflicts.get(row.pk, ())) for row in registrations]
    mails = student.deliveries.select_related("gathered_into").order_by("-queued_at", "-pk")
    return StudentDetail(
        active=[entry for entry in entries if entry.registration.is_active],
        cancelled=[entry for entry in entries if not entry.registration.is_active],
        consents=list(student.consents.select_related("user", "text").order_by("at")),
        mails=[_mail(row) for row in mails[:MAILS]],
        mail=mail_state(student.email, newest_state(student)),
    )


def _entry(registration: Registration, conflicts: Iterable[Conflict]) -> Entry:
    ticket = next(iter(registration.tickets.all()), None)
    url = ticket.get_absolute_url() if ticket else ""
    words = tuple(sentence(conflict, registration.pk) for conflict in conflicts)
    return Entry(registration, state_sentence(registration), url, words)


def _mail(delivery: Delivery) -> Mail:
    sent_in = delivery.sent_in
    at = sent_in.sent_at or sent_in.queued_at
    return Mail(delivery.get_kind_display(), delivery.to, mail_state(delivery.to, sent_in.state), at)


def share_text(student: Student, registrations: Sequence[Registration]) -> str:
    """Name, events with times and venues, states, and the student's secret link, as text for a messenger.

    `registrations` are the active ones, with related rows and numbers loaded.
    """
    holds = [
        "\n".join(
            [
                f"• {row.event.name}: {state_sentence(row)}",
                f"  {_when(row)}",
                f"  {row.event.venue.name}",
            ]
        )
        for row in registrations
    ]
    heading = _("%(name)s at %(fest)s, %(place)s") % {
        "name": student.name,
        "fest": student.fest.name,
        "place": student.fest.place,
    }
    link = _("Tickets and changes, for you only: %(url)s") % {"url": absolute(links.my_path(student))}
    return "\n\n".join([heading, *holds, link])


def _when(registration: Registration) -> str:
    event = registration.event
    start = localtime(event.starts_at)
    return _("%(day)s, %(start)s to %(end)s") % {
        "day": date_format(start, "l j F Y"),
        "start": exact_time(start),
        "end": exact_time(event.ends_at),
    }
