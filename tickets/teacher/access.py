"""Access to the teachers' pages: a teacher sees the students of their school in the current fest."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from events.cache import cached_fest
from events.models import Fest
from registrations.models import Student, Teacher
from registrations.teachers.access import teacher_required

View = Callable[..., HttpResponseBase]


def current_fest() -> Fest:
    """The current fest; 404 if there is none."""
    fest = cached_fest().fest
    if fest is None:
        raise Http404
    return fest


def get_own_student(teacher: Teacher, reference: str) -> Student:
    """A student of the teacher's school; 404 for any other reference, whether it exists or not."""
    rows = Student.objects.known().filter(school=teacher.school, fest=current_fest())
    student = rows.select_related("school", "fest").filter(reference=reference).first()
    if student is None:
        raise Http404
    return student


def own_student_required(view: View) -> View:
    """Like `teacher_required`, for pages of one student: passes the view the teacher and the student."""

    @teacher_required
    @wraps(view)
    def opened(
        request: HttpRequest, teacher: Teacher, reference: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        return view(request, teacher, get_own_student(teacher, reference), *args, **kwargs)

    return opened
