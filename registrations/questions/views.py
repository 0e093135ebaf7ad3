"""The student's page of answers, behind the link to My registrations."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from registrations import links
from registrations.access import by_my_link
from registrations.models import Answer, Question, Student
from registrations.questions.answers import save_answers
from registrations.questions.asked import answers_of, are_changes_open, asked_now, asked_of
from registrations.questions.fields import shown
from registrations.questions.forms import AnswersForm
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer as a page shows it."""

    text: str
    event: str
    value: str


@dataclass(frozen=True, slots=True)
class Group:
    """The questions of one event, or of the fest, which has no name."""

    name: str
    fields: list[forms.BoundField]


@dataclass(frozen=True, slots=True)
class AnswersPage:
    """The form of a student's answers, its fields by event, and whether some answers can no longer be changed."""

    form: AnswersForm
    groups: list[Group]
    kept: bool


def answers_page(student: Student, data: QueryDict | None) -> AnswersPage:
    """The questions that the student may answer now. After closing, only those without an answer are left."""
    now, given = database_now(), answers_of(student)
    asked = asked_of(student, asked_now(student.fest, now))
    open_ones = asked if are_changes_open(student, now) else [one for one in asked if one.pk not in given]
    form = AnswersForm(data, questions=open_ones, answers=given)
    return AnswersPage(form, _groups(form, open_ones), kept=len(open_ones) < len(asked))


def _groups(form: AnswersForm, questions: list[Question]) -> list[Group]:
    """The fields by event. The questions are in that order."""
    return [
        Group(event.name if event else "", [form[one.field_name] for one in some])
        for event, some in groupby(questions, key=lambda one: one.event)
    ]


@by_my_link
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: HttpRequest, student: Student) -> HttpResponse:
    """Shows and changes the student's answers."""
    page = answers_page(student, request.POST if request.method == "POST" else None)
    if page.form.is_valid():
        save_answers(student, page.form.values, deadline=Deadline())
        return redirect(links.my_path(student))
    context = {"page": page, "form": page.form, "student": student, "my_url": links.my_path(student)}
    return render(request, "registrations/answers.html", context)


def shown_answers(student: Student, *limits: Q) -> list[ShownAnswer]:
    """What the student has answered, the fest's questions first; one query."""
    rows = Answer.objects.filter(*limits, student=student).select_related("question__event")
    rows = rows.order_by("question__event_id", "question__position", "question_id")
    given = [(row, row.question.event) for row in rows]
    given.sort(key=lambda pair: pair[1] is not None)
    return [
        ShownAnswer(row.question.text, event.name if event else "", shown(row.question, row.value))
        for row, event in given
    ]


def own_answers(student: Student, path: str) -> dict[str, Any]:
    """What a page of one student shows: the answers, how many are missing, and the path on which to give them."""
    given = shown_answers(student)
    asked = asked_of(student, asked_now(student.fest, database_now()))
    answered = answers_of(student) if asked else {}
    return {
        "answers": given,
        "unanswered": sum(one.pk not in answered for one in asked),
        "answers_url": path if asked else "",
    }
