"""A password that an owner gave must be changed before any other page opens."""

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from registrations.teachers.sessions import MUST_CHANGE

Next = Callable[[HttpRequest], HttpResponse]
_ALLOWED = ("account_change_password", "account_logout", "admin:logout")


class TemporaryPasswordMiddleware:
    """Redirects every page for signed-in people to the change of password, which then leads back."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = getattr(request, "session", None)  # public pages have none
        if session is None or MUST_CHANGE not in session or request.path in map(reverse, _ALLOWED):
            return self.get_response(request)
        if not request.user.is_authenticated:
            return self.get_response(request)
        is_page = request.method in ("GET", "HEAD")
        back_to = request.get_full_path() if is_page else get_adapter().get_login_redirect_url(request)
        query = urlencode({"next": back_to})
        return redirect(f"{reverse('account_change_password')}?{query}")
