"""Reads every request as UTF-8, whatever encoding its header names.

Django uses the header's encoding, and some of Python's produce lone surrogates or are not text encodings at all, which
causes crashes, some of them before any middleware runs.
"""

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def reading_unicode(application: Application) -> Application:
    """The WSGI application without the encoding in the request's header."""

    def read(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        kind, *parameters = environ.get("CONTENT_TYPE", "").split(";")
        kept = [
            one for one in parameters if not one.strip().lower().startswith("charset") or _is_unicode(one)
        ]
        if len(kept) < len(parameters):
            environ["CONTENT_TYPE"] = ";".join([kind, *kept])
        return application(environ, start_response)

    return read


def _is_unicode(parameter: str) -> bool:
    try:
        return codecs.lookup(parameter.partition("=")[2].strip(' "')).name == "utf-8"
    except (LookupError, ValueError):
        return False


class UnicodeFormMiddleware:
    """Answer 400 to forms that are not valid UTF-8."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
            try:
                request.body.decode()
            except UnicodeDecodeError as error:
                raise BadRequest("The form is not in UTF-8.") from error
        return self.get_response(request)
