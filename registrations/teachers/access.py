"""Who may see a teacher's pages: a signed-in teacher whom an organiser has approved, and only the own school."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from registrations.models import Teacher

View = Callable[..., HttpResponseBase]


def by_teacher(view: View) -> View:
    """The view gets the teacher. Nobody signed in: the login. No teacher: not found. Not yet approved: told so.

    The page is never stored. What is not of the teacher's school must be looked up so that it is not found:
    `get_object_or_404(ClassList, school=teacher.school, ...)`.
    """

    @wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        teacher = Teacher.objects.select_related("user", "school").filter(user=request.user).first()
        if teacher is None:
            raise Http404
        if not teacher.is_approved:
            return redirect("teachers:waiting")
        response = view(request, teacher, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return opened
