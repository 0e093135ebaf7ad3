"""Registrations made and changed by a teacher: cancel, replace, add events, add a student."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from registrations.booking import idempotency
from registrations.booking.cancel import cancel
from registrations.booking.cancel import why_too_late as cancel_too_late
from registrations.booking.caps import why_no_further_event
from registrations.booking.errors import ActionRejected
from registrations.booking.submit import BookingRequest, submit
from registrations.booking.substitute import REPLACEABLE, Substitution, replace
from registrations.booking.substitute import why_too_late as replace_too_late
from registrations.models import Registration, Student, Submission, Teacher
from registrations.querysets import RegistrationQuerySet
from registrations.teachers.access import teacher_required
from techfest.core.db.clock import database_now
from techfest.core.db.locking import Deadline
from tickets.school_students import students_of
from tickets.teacher.access import current_fest, own_student_required
from tickets.teacher.forms import (
    EventsOfStudentForm,
    NewcomerForm,
    NewStudentForm,
    events_open_to,
)
from tickets.teacher.messages import EXPECTED, explain
from tickets.teacher.student_views import FORM_METHODS, TEACHER, redirect_to_student


@own_student_required
@require_http_methods(FORM_METHODS)
def cancel_registrations(
    request: HttpRequest, teacher: Teacher, student: Student, registration_id: int | None = None
) -> HttpResponse:
    """GET asks, POST cancels one registration; without an id, all of this student that have not begun."""
    chosen = _chosen(student.registrations.active(), student, registration_id)
    if not chosen:  # a second click on the button, or somebody was faster
        return redirect_to_student(student, "cancelled" if request.method == "POST" else "ended")
    registrations, problems = _in_time(chosen, cancel_too_late)
    context: dict[str, Any] = {"student": student, "registrations": registrations, "problems": problems}
    if request.method != "POST" or not registrations:
        return render(
            request, "teacher/cancel.html", context, status=200 if request.method != "POST" else 409
        )
    try:
        cancel([row.pk for row in registrations], actor=TEACHER, user=teacher.user, deadline=Deadline())
    except ActionRejected as error:
        return render(request, "teacher/cancel.html", context | {"problems": [error.text]}, status=409)
    return redirect_to_student(student, "cancelled")


@own_student_required
@require_http_methods(FORM_METHODS)
def replace_student(
    request: HttpRequest, teacher: Teacher, student: Student, registration_id: int | None = None
) -> HttpResponse:
    """Gives one registration, or all, to another student of the school."""
    key = idempotency.read_key(request.POST)
    if key and (earlier := _earlier_submission(key, teacher)):
        return redirect_to_student(earlier.student, "replaced")
    chosen = _chosen(student.registrations.filter(state__in=REPLACEABLE), student, registration_id)
    if not chosen:
        return _already_replaced(key, teacher, student)
    registrations, problems = _in_time(chosen, replace_too_late)
    others = list(students_of(teacher.school, student.fest).exclude(pk=student.pk))
    form = NewcomerForm(request.POST if key else None, fest=student.fest, others=others)
    if key and registrations and form.is_valid():
        try:
            submission = replace(_substitution(key, teacher, registrations, form), deadline=Deadline())
        except EXPECTED as error:
            explain(form, error, form.newcomer_name)
        else:
            return redirect_to_student(submission.student, "replaced")
    context = {
        "student": student,
        "registrations": registrations,
        "problems": problems,
        "form": form,
        "key": _key(key, form),
    }
    return render(request, "teacher/replace.html", context)


def _already_replaced(key: uuid.UUID | None, teacher: Teacher, student: Student) -> HttpResponse:
    """Where nothing is left to hand over: this form did it a moment ago, or the registration was cancelled."""
    if key and (earlier := _earlier_submission(key, teacher)):
        return redirect_to_student(earlier.student, "replaced")
    return redirect_to_student(student, "ended")


def _substitution(
    key: uuid.UUID, teacher: Teacher, registrations: list[Registration], form: NewcomerForm
) -> Substitution:
    newcomer = form.newcomer
    return Substitution(
        key=key,
        registration_ids=tuple(row.pk for row in registrations),
        actor=TEACHER,
        user=teacher.user,
        consent_text_id=form.consent_text.pk,
        newcomer_id=newcomer.pk if newcomer else None,
        details=None if newcomer else form.details(teacher.school, _language()),
    )


def _earlier_submission(key: uuid.UUID, teacher: Teacher) -> Submission | None:
    """The submission that this form made when it was sent before; nothing is left to hand over then."""
    origin = Submission.Origin.TEACHER
    rows = Submission.objects.filter(key=key, origin=origin, student__school=teacher.school)
    return rows.select_related("student").first()


@own_student_required
@require_http_methods(FORM_METHODS)
def add_events(request: HttpRequest, teacher: Teacher, student: Student) -> HttpResponse:
    """Registers the student for further events, under the rules that apply to students."""
    key = idempotency.read_key(request.POST)
    form = EventsOfStudentForm(request.POST if key else None, events=events_open_to(student))
    if key and form.is_valid():
        booking_request = _booking_request(key, teacher, student.fest_id, form, student_id=student.pk)
        if answer := _try(booking_request, form, student.name):
            return answer
    context = {
        "student": student,
        "form": form,
        "key": _key(key, form),
        "limit": why_no_further_event(student, is_theirs=False),
    }
    return render(request, "teacher/add_events.html", context)


@teacher_required
@require_http_methods(FORM_METHODS)
def add_student(request: HttpRequest, teacher: Teacher) -> HttpResponse:
    """Registers one more student of the school; class lists are for whole classes."""
    key, fest = idempotency.read_key(request.POST), current_fest()
    form = NewStudentForm(request.POST if key else None, fest=fest, events=events_open_to())
    if key and form.is_valid():
        booking_request = _booking_request(
            key,
            teacher,
            fest.pk,
            form,
            details=form.details(teacher.school, _language()),
            consent_text_id=form.consent_text.pk,
        )
        if answer := _try(booking_request, form, form.cleaned_data["name"]):
            return answer
    return render(request, "teacher/add_student.html", {"form": form, "key": _key(key, form)})


def _booking_request(
    key: uuid.UUID, teacher: Teacher, fest_id: int, form: EventsOfStudentForm, **who: Any
) -> BookingRequest:
    return BookingRequest(
        key=key,
        fest_id=fest_id,
        event_ids=tuple(event.pk for event in form.cleaned_data["events"]),
        wants_waiting=form.cleaned_data["want_waiting"],
        teacher=teacher.user,
        school=teacher.school,
        **who,
    )


def _try(booking_request: BookingRequest, form: EventsOfStudentForm, name: str) -> HttpResponse | None:
    """Redirects to the student; if nothing was obtained, adds the reasons to the form and returns `None`."""
    try:
        submission = submit(booking_request, deadline=Deadline())
    except EXPECTED as error:
        explain(form, error, name)
        return None
    return redirect_to_student(submission.student, "added")


def _chosen(rows: RegistrationQuerySet, student: Student, registration_id: int | None) -> list[Registration]:
    """One of these registrations, or all; 404 if it is not a registration of the student in any state."""
    if registration_id is not None:
        if not student.registrations.filter(pk=registration_id).exists():
            raise Http404
        rows = rows.filter(pk=registration_id)
    return list(rows.with_related().order_by("event__starts_at", "pk"))


def _in_time(
    registrations: list[Registration], why_too_late: Callable[[Registration, datetime], str]
) -> tuple[list[Registration], list[str]]:
    """The registrations that can still be changed, and a sentence for each of the others."""
    now = database_now()
    problems = {row.pk: text for row in registrations if (text := why_too_late(row, now))}
    return [row for row in registrations if row.pk not in problems], list(problems.values())


def _key(key: uuid.UUID | None, form: Form) -> str:
    """The form's idempotency key; a refused form gets a new one, because the next attempt is another submission."""
    return idempotency.new_key() if key is None or form.errors else key.hex


def _language() -> str:
    return get_language() or "en"
