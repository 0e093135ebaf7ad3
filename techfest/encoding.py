"""Every request is read as UTF-8, since every page of ours asks for it, whatever its header names.

Django believes the header, and Python knows encodings that make halves of pairs out of plain letters, or
are none for text: each of them ends in a crash, some before any middleware runs.
"""

import codecs
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def reading_unicode(application: Application) -> Application:
    """The WSGI application, which is told of no other encoding; what is not UTF-8 fails as such."""

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
    """Answers 400 to a form whose bytes are not UTF-8; Django would take them for Latin-1."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method == "POST" and request.content_type == "application/x-www-form-urlencoded":
            try:
                request.body.decode()
            except UnicodeDecodeError as error:
                raise BadRequest("The form is not in UTF-8.") from error
        return self.get_response(request)
