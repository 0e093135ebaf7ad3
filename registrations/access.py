"""Decorators for pages without login: public ones, and those behind a secret link."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from registrations.foreign_forms import foreign_form
from registrations.links import DeadLink, student_of
from registrations.models import Student

View = Callable[..., HttpResponseBase]


def public(view: View) -> View:
    """A page without cookie and CSRF token. It is never cached and refuses posts from other sites."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and is_foreign(request):
            return foreign_form(request)
        request.may_be_repeated = True  # type: ignore[attr-defined]  # read by the page for an unavailable database
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return guarded


def secret(view: View) -> View:
    """As `public`; the page is also not indexed and sends no referrer."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return public(guarded)


def by_my_link(view: View) -> View:
    """For pages behind a link to My registrations: the view gets the student. A dead link is a 404."""

    @wraps(view)
    def opened(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponseBase:
        return view(request, known_student(token), **kwargs)

    return secret(opened)


def known_student(token: str) -> Student:
    try:
        return student_of(token)
    except DeadLink:
        raise Http404 from None


def is_foreign(request: HttpRequest) -> bool:
    """Whether the browser says that another site sent this request. Without cookies no secret depends on it."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "null")
    return origin != "null" and origin != f"{request.scheme}://{request.get_host()}"
