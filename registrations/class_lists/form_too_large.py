"""A form with more text than Django reads from its fields, told in words instead of a bare "bad request"."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt, csrf_protect

View = Callable[..., HttpResponseBase]


def explain_too_large(answer: View) -> Callable[[View], View]:
    """Gives `answer(request, ...)` to whoever sends more. It must not read the fields, and nothing was saved.

    The fields are read here, before the token among them is.
    """

    def explain(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                request.POST  # noqa: B018  # reading is the question
            except RequestDataTooBig:
                return answer(request, *args, **kwargs)
            return csrf_protect(view)(request, *args, **kwargs)

        return read

    return explain
