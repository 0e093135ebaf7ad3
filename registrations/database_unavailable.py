"""The page shown while the database does not answer; it repeats what was typed."""

from collections.abc import Callable
from typing import Any

import psycopg
from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from registrations.booking.idempotency import posted_fields
from techfest.core.db.watchdog import hanging_up
from techfest.core.errors import LockTimeout

_CROWDED = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
    psycopg.errors.TooManyConnections,
)
"""Errors of too many concurrent requests. The second wait of a row lock ends as a cancelled statement."""
_WORDS = {"silent": _("Our database does not answer"), "slow": _("This took too long")}
"""What a page says in place of "Very many people are here this second"."""


class OutageMiddleware:
    """Answers with a 503 page, which needs no database, when the database is lost or silent."""

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
    """What was slow: contended locks ("crowd"), one statement ("slow"), or the database ("silent")."""
    if isinstance(error, LockTimeout) and error.__cause__ is None:
        return "crowd"
    cause = (
        error.__cause__.__cause__ if isinstance(error, LockTimeout) and error.__cause__ else error.__cause__
    )
    if isinstance(cause, psycopg.errors.QueryCanceled) and not isinstance(error, LockTimeout):
        return "slow"
    return "crowd" if isinstance(cause, _CROWDED) else "silent"


def busy(request: HttpRequest, reason: str) -> HttpResponse:
    """For a public form: what was posted, with the same key, to be sent again. For other pages: try again later.

    Forms of other pages are not repeated, since they may contain a password or a file.
    """
    context: dict[str, Any] = {"what_was_slow": _WORDS.get(reason, "")}
    if request.method == "POST" and getattr(request, "may_be_repeated", False):
        context |= {"form_fields": posted_fields(request.POST), "form_url": request.get_full_path()}
        response = render(request, "registrations/busy.html", context, status=503)
    else:
        response = render(request, "503.html", context, status=503)
    response["Retry-After"] = "5"
    response["Cache-Control"] = "no-store"
    return response
