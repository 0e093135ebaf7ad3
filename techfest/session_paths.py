"""Sessions, login and messages, limited to the paths that need a login.

Public pages read no session and set no cookie, whatever the browser sends.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin


def without_language(path: str) -> str:
    """``path`` without its language prefix.

    Asked several times per request: Django's own function for this takes 20 times as long.
    """
    first, slash, rest = path[1:].partition("/")
    is_language = slash and any(first.lower() == code for code, _name in settings.LANGUAGES)
    return f"/{rest}" if is_language else path


def is_staff_path(path: str) -> bool:
    """Whether ``path``, without its language prefix, is under one of ``STAFF_PATHS``."""
    return without_language(path).startswith(settings.STAFF_PATHS)


class _StaffOnly(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        if is_staff_path(request.path_info):
            return super().__call__(request)
        return self.get_response(request)


class SessionMiddleware(_StaffOnly, sessions.SessionMiddleware):
    """Django's sessions under ``STAFF_PATHS``; on other paths all cookies are removed from the request.

    CSRF protection matters only for users who are logged in. On public pages it would replace damaged cookies, even
    on cacheable pages, and answer unknown methods with 403.
    """

    def __call__(self, request: HttpRequest) -> Any:
        if not is_staff_path(request.path_info):
            request.META.pop("HTTP_COOKIE", None)
            request.csrf_processing_done = True  # type: ignore[attr-defined]  # read by Django's middleware
        return super().__call__(request)


class AuthenticationMiddleware(_StaffOnly, auth.AuthenticationMiddleware):
    """``request.user`` under ``STAFF_PATHS``."""


class MessageMiddleware(_StaffOnly, messages.MessageMiddleware):
    """``request._messages`` under ``STAFF_PATHS``."""
