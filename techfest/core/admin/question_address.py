"""Addresses of pages that ask before a change is saved: they hold the change, so that they can be opened again."""

from django.http import HttpRequest, QueryDict

FIELD = "field"
"""Names a changed field; the field's own parameters have its value and the value it was shown with."""
ASK, ROWS = "ask", "rows"
"""For an action of a list: its name, and the primary keys of its rows."""
ANSWER = "hold-"
"""Prefix of what was typed on the page that asks."""
MAX_LENGTH = 1500
"""Longer addresses are refused on the way, above all within the address of the login page."""


def is_question(request: HttpRequest) -> bool:
    """Whether the address names changes to ask about."""
    return FIELD in request.GET


def is_asked_again(request: HttpRequest) -> bool:
    """Whether the address opens a page that asks, of an event or of a list's action."""
    return is_question(request) or ROWS in request.GET


def copy_answers(source: QueryDict, target: QueryDict) -> None:
    for key in source:
        if key.startswith(ANSWER):
            target.setlist(key, source.getlist(key))


def way_back(request: HttpRequest) -> str:
    """Return the address to open after a login that ended; that of a question with what was typed there."""
    if not is_question(request):
        return request.get_full_path()
    query = request.GET.copy()
    copy_answers(request.POST, query)
    path = f"{request.path}?{query.urlencode()}"
    return path if len(path) <= MAX_LENGTH else request.get_full_path()
