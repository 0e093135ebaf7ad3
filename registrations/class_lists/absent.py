"""A list that is not there any more, or that cannot be read, has a page that says so and where to go on."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from registrations.class_lists.locking import ListDeleted
from registrations.spreadsheets.errors import FileRefused

View = Callable[..., HttpResponseBase]


class ClassListNotFound(Http404):
    """No list of the teacher's school has this number: it never had, or somebody deleted it."""


def explain_missing_list(view: View) -> View:
    """Answers for a list that a colleague deleted meanwhile (410), is unknown (404) or takes too long to read (422)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ListDeleted as deleted:
            return _page(
                request, 410, str(deleted.text), _("Nothing was changed and nobody was registered by it.")
            )
        except ClassListNotFound:
            words = _("A colleague of your school may have deleted it, or nobody worked on it for a week.")
            return _page(request, 404, _("This list is not here any more"), words)
        except FileRefused as refusal:
            return _page(request, 422, _("This list cannot be read"), str(refusal.text))

    return guarded


def _page(request: HttpRequest, status: int, heading: str, words: str) -> HttpResponseBase:
    context = {"heading": heading, "words": words}
    return render(request, "class_lists/absent.html", context, status=status)
