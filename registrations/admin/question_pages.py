"""Pages of questions in the admin: those of a fest or an event, and the answers of one student."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from events.models import Event, Fest
from registrations import hooks
from registrations.models import Question, Registration, Student
from registrations.questions.answers import save_answers
from registrations.questions.asked import answers_of, asked_now, asked_of
from registrations.questions.forms import AnswersForm
from registrations.questions.missing import missing_counts, without_answer
from registrations.questions.ready import set_asked, switch_on
from techfest.core.admin.base import page_of
from techfest.core.admin.pages import staff_page
from techfest.core.audit_log import record
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline

PERMISSION = "registrations.change_question"
Ready = Question.Ready


@require_http_methods(["GET", "HEAD", "POST"])
def answers_page(request: HttpRequest, owner: Any, student: Student) -> HttpResponseBase:
    """Answers for a student, also after registration has closed."""
    questions = asked_of(student, asked_now(student.fest, database_now()))
    data = request.POST if request.method == "POST" else None
    form = AnswersForm(data, questions=questions, answers=answers_of(student))
    if form.is_valid():
        save_answers(student, form.values, user=request.user, deadline=Deadline())
        messages.success(request, _("The answers were saved."))
        return HttpResponseRedirect(page_of(student))
    return staff_page(
        request,
        owner,
        "admin/registrations/question/answers.html",
        title=_("Answers of %(student)s") % {"student": student.name},
        student=student,
        form=form,
    )


@dataclass(frozen=True, slots=True)
class AskedLine:
    """One question on the page of a fest's or an event's questions."""

    question: Question
    answers: int
    missing: int
    change_path: str
    answers_path: str
    missing_path: str


@require_http_methods(["GET", "HEAD", "POST"])
def questions_page(
    request: HttpRequest, owner: Any, fest: Fest, event: Event | None = None
) -> HttpResponseBase:
    """Shows the questions, with one button for each of the four ready ones, and one to switch each on or off."""
    if request.method == "POST":
        if "mail" in request.POST:
            return _mailed(request, fest, event)
        if done := _pressed(request, fest, event):
            messages.success(request, done)
        return HttpResponseRedirect(request.path)
    rows = Question.objects.filter(fest=fest).annotate(n_answers=Count("answers"))
    rows = (
        rows.filter(event=event)
        if event
        else rows.select_related("event").order_by(F("event__name").asc(nulls_first=True), "position", "pk")
    )
    lines = list(_lines(rows, missing_counts(fest.pk)))
    used = {line.question.ready for line in lines if line.question.event_id == (event.pk if event else None)}
    return staff_page(
        request,
        owner,
        "admin/registrations/question/page.html",
        title=_("Questions"),
        fest=fest,
        event=event,
        lines=lines,
        ready=[one for one in Ready if one.value not in used],
        reachable=_reachable(fest, event),
        add_path=_add_path(fest, event),
    )


def _reachable(fest: Fest, event: Event | None) -> int:
    """How many students with an address have not answered a question that is asked."""
    rows = (
        Registration.objects.filter(event=event) if event else Registration.objects.filter(event__fest=fest)
    )
    students = without_answer(rows).exclude(student__email="").values("student").distinct()
    return students.order_by().count()


@transaction.atomic
def _mailed(request: HttpRequest, fest: Fest, event: Event | None) -> HttpResponseBase:
    """Mails the link to those who have not answered, each of them once a day."""
    count = hooks.mail_questions.call(fest, now=database_now(), event=event)
    words = ngettext(
        "%(count)d mail is on its way. No student gets more than one a day.",
        "%(count)d mails are on their way. No student gets more than one a day.",
        count,
    )
    record(
        event or fest, what="questions mailed", now=database_now(), user=request.user, after={"mails": count}
    )
    messages.success(request, words % {"count": count})
    hooks.notify_workers.call("tickets.send")
    return HttpResponseRedirect(request.path)


def _pressed(request: HttpRequest, fest: Fest, event: Event | None) -> str:
    """Does what the button says, and returns a sentence about it."""
    ready, pk = request.POST.get("ready", ""), request.POST.get("question", "")
    if ready in Ready.values:
        question = switch_on(fest, ready, user=request.user, event=event)
        return _("“%(question)s” is asked now. Read the text, and change it where it does not fit.") % {
            "question": question.text
        }
    found = Question.objects.filter(fest=fest, pk=pk).first() if pk.isdecimal() and len(pk) < 19 else None
    if found is None:
        return ""
    is_asked = request.POST.get("ask") == "yes"
    set_asked(found, is_asked=is_asked, user=request.user)
    words = (
        _("“%(question)s” is asked now.")
        if is_asked
        else _("“%(question)s” is not asked any more. Its answers stay.")
    )
    return words % {"question": found.text}


def _lines(rows: Iterable[Any], missing: Mapping[int, int]) -> Iterable[AskedLine]:
    listed = reverse("admin:registrations_answer_changelist")
    registered = reverse("admin:registrations_registration_changelist")
    for row in rows:
        yield AskedLine(
            row,
            row.n_answers,
            missing.get(row.pk, 0) if row.is_asked else 0,
            reverse("admin:registrations_question_change", args=[row.pk]),
            f"{listed}?question__id__exact={row.pk}",
            f"{registered}?unanswered={row.pk}",
        )


def _add_path(fest: Fest, event: Event | None) -> str:
    address = f"{reverse('admin:registrations_question_add')}?fest={fest.pk}"
    return f"{address}&event={event.pk}" if event else address
