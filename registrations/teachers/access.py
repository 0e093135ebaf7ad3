"""Access to a teacher's pages: only for a signed-in, approved teacher, and only to the teacher's own school."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.views import redirect_to_login
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from registrations.models import Teacher
from registrations.querysets import TEACHER_GROUP

View = Callable[..., HttpResponseBase]


def teacher_required(view: View) -> View:
    """Pass the approved teacher to the view; the response is never cached.

    Anonymous visitors are redirected to the login, teachers without approval to the waiting page; others get 404. A
    teacher whom an organiser removed from the group counts as not approved. The view must look up every object within
    the teacher's school: `get_object_or_404(ClassList, school=teacher.school, ...)`.
    """

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        teacher = teacher_of(request)
        if teacher is None:
            raise Http404
        if not has_access(teacher):
            return redirect("teachers:waiting")
        response = view(request, teacher, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return opened


def teacher_of(request: HttpRequest) -> Teacher | None:
    """Return the teacher of the signed-in user in one query, and set it as `request.user.teacher`."""
    is_member = Exists(Group.objects.filter(user=OuterRef("user"), name=TEACHER_GROUP))
    teachers = Teacher.objects.select_related("user", "school").annotate(is_member=is_member)
    teacher = teachers.filter(user=request.user.pk).first()
    if teacher is not None:
        request.user.teacher = teacher  # type: ignore[union-attr]  # an account, since it has a teacher
    return teacher


def has_access(teacher: Teacher) -> bool:
    """Whether both the row and the group say that this teacher is approved."""
    is_member: bool = teacher.is_member  # type: ignore[attr-defined]  # annotated by `known_teacher`
    return teacher.is_approved and is_member
