"""Forms that come from another site: mostly from a translated copy of a page, whose reader has typed everything.

Nothing is done, and nothing typed is lost: the page repeats it. A public form is sent again from the site's own page,
by a click of the reader. Forms of signed-in users are not sent again, because any site could prepare one; their text
is shown to be copied.
"""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from events.cache import cached_fest
from registrations.booking.idempotency import posted_fields
from registrations.students.fields import StudentFields

_HIDDEN = ("key", "password", "code", "token", "csrf", "consent", "wording")
"""Parts of names of fields that are never shown."""
_LONGEST = 20_000
"""Characters shown of one field; the form itself is sent whole."""


def foreign_form(request: HttpRequest) -> HttpResponse:
    """For a public page: what was typed, in a form that is sent to the page of this address."""
    context = _context(request) | {"form_fields": posted_fields(request.POST), "is_repeated": True}
    return _page(request, "403_foreign.html", context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For pages with a login; Django calls it also for an expired page or missing cookies."""
    return _page(request, "403_csrf.html", _context(request))


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = render(request, template, context, status=403)
    response["Cache-Control"] = "no-store"
    return response


def _context(request: HttpRequest) -> dict[str, Any]:
    """The address is absolute: on a page shown by a translation service a relative one leads back to the service."""
    path = request.get_full_path()
    return {"typed": list(_typed(request)), "original_url": f"{request.scheme}://{request.get_host()}{path}"}


def _typed(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Labels and texts of what a reader typed or chose."""
    for name, value in posted_fields(request.POST):
        if value.strip() and value != "on" and not any(part in name.lower() for part in _HIDDEN):
            event = cached_fest().event(value) if name == "events" else None
            yield _label(name), event.name if event else value[:_LONGEST]


def _label(name: str) -> str:
    if field := StudentFields.base_fields.get(name):
        return str(field.label).partition(" (")[0]  # without "(optional)"
    return _("School") if name == "school" else name.replace("_", " ").replace("-", " ").capitalize()
