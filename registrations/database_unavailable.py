"""What people see while the database is away: their own words again, and never a stack trace."""

from collections.abc import Callable

import psycopg
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from registrations.booking.errors import LockTimeout
from registrations.booking.idempotency import posted_fields
from techfest.core.db.watchdog import hanging_up

_CROWDED = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.TooManyConnections,
)
"""A row lock waits twice, for its turn and for the row; the second wait ends as a cancelled statement."""


class OutageMiddleware:
    """Turns a lost or silent database into the busy page (503), which needs none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with hanging_up():
            return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, LockTimeout | OperationalError | InterfaceError | InternalError):
            return busy(request, reason_of(error))
        return None


def reason_of(error: Exception) -> str:
    """What was slow: the locks that many want ("crowd"), one statement ("slow"), or the database ("silent")."""
    if isinstance(error, LockTimeout) and error.__cause__ is None:
        return "crowd"
    cause = (
        error.__cause__.__cause__ if isinstance(error, LockTimeout) and error.__cause__ else error.__cause__
    )
    if isinstance(cause, psycopg.errors.QueryCanceled) and not isinstance(error, LockTimeout):
        return "slow"
    return "crowd" if isinstance(cause, _CROWDED) else "silent"


def busy(request: HttpRequest, reason: str) -> HttpResponse:
    """Repeats what was posted, with the same key and one button; a page that was only read says when to come back.

    Only forms of public pages are repeated: one of the desk may hold a password, or a file.
    """
    if request.method == "POST" and getattr(request, "may_be_repeated", False):
        context = {
            "form_fields": posted_fields(request.POST),
            "form_url": request.get_full_path(),
            "reason": reason,
        }
        response = render(request, "registrations/busy.html", context, status=503)
    else:
        response = render(request, "503.html", {"reason": reason}, status=503)
    response["Retry-After"] = "5"
    response["Cache-Control"] = "no-store"
    return response
