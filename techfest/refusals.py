"""Pages of refused requests: the way to one's own pages, and what to do with a link that belongs to a button."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views import defaults

from .session_paths import is_staff_path

START = "/"


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Refuse a page, and lead people with an account to the page that their role has."""
    return render(request, "403.html", {"own_url": _own_url(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer a wrong address; people with an account are led to their own page, not to students' links."""
    if own_url := _own_url(request):
        return render(request, "404_signed_in.html", {"own_url": own_url}, status=404)
    return defaults.page_not_found(request, exception)


class MethodMiddleware:
    """Adds a page to the empty answer that a button's address gives to someone who opened it as a link."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = self.get_response(request)
        if response.status_code != 405 or request.method != "GET" or response.content:
            return response  # type: ignore[no-any-return]
        if "text/html" not in request.headers.get("Accept", ""):
            return response  # type: ignore[no-any-return]
        page: HttpResponse = render(request, "405.html", {"back_url": _page_above(request)}, status=405)
        page["Allow"] = response["Allow"]
        return page


def _own_url(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or not is_staff_path(request.path_info):
        return ""
    url: str = get_adapter().get_login_redirect_url(request)
    return "" if url in (START, request.path) else url


def _page_above(request: HttpRequest) -> str:
    """Return the nearest address above this one that exists: buttons stand on the page above them."""
    path = request.path
    while path != START:
        path = f"{path.rstrip('/').rpartition('/')[0]}/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return START
