"""Who may open a page of the board: a teacher, for the own school's students of the current fest."""

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
    """The fest that the board is about; not found while there is none."""
    fest = cached_fest().fest
    if fest is None:
        raise Http404
    return fest


def get_own_student(teacher: Teacher, reference: str) -> Student:
    """A student of the teacher's school; somebody else's is as little there as nobody's."""
    rows = Student.objects.known().filter(school=teacher.school, fest=current_fest())
    student = rows.select_related("school", "fest").filter(reference=reference).first()
    if student is None:
        raise Http404
    return student


def own_student_required(view: View) -> View:
    """As `by_teacher`, for the pages of one student: the view gets the teacher and the student."""

    @teacher_required
    @wraps(view)
    def opened(
        request: HttpRequest, teacher: Teacher, reference: str, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        return view(request, teacher, get_own_student(teacher, reference), *args, **kwargs)

    return opened
