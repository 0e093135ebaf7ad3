"""Session, login and messages, only under the paths where somebody may be logged in.

A public page carries no ambient authority: it sees no session and sets no cookie, whatever the browser sends.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import get_language_from_path


def without_language(path: str) -> str:
    """``path`` without its language prefix."""
    language = get_language_from_path(path)
    if language and path.lower().startswith(f"/{language}/"):
        return path[len(language) + 1 :]
    return path


def is_staff_path(path: str) -> bool:
    """Whether ``path``, a language prefix left out, lies under one of ``STAFF_PATHS``."""
    return without_language(path).startswith(settings.STAFF_PATHS)


class _StaffOnly(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        if is_staff_path(request.path_info):
            return super().__call__(request)
        return self.get_response(request)


class SessionMiddleware(_StaffOnly, sessions.SessionMiddleware):
    """Django's sessions, under ``STAFF_PATHS`` only; elsewhere whatever cookies were sent are not there.

    Django's protection against forged forms is for those who are logged in. Here it would answer a damaged
    cookie of its own with a new one, also on a page that caches may keep, and a strange method with 403.
    """

    def __call__(self, request: HttpRequest) -> Any:
        if not is_staff_path(request.path_info):
            request.META.pop("HTTP_COOKIE", None)
            request.csrf_processing_done = True  # type: ignore[attr-defined]  # read by Django's middleware
        return super().__call__(request)


class AuthenticationMiddleware(_StaffOnly, auth.AuthenticationMiddleware):
    """``request.user``, under ``STAFF_PATHS`` only."""


class MessageMiddleware(_StaffOnly, messages.MessageMiddleware):
    """``request._messages``, under ``STAFF_PATHS`` only."""
