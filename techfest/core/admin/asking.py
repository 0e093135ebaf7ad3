"""Pages of actions that ask first have an address: Back, and a login that had ended, lead to the page again.

Opening the address shows what the action would do, as it is then. Only the button of the page does it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase

from techfest.core.admin.question_address import ASK, MAX_LENGTH, ROWS

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

MAX_DIGITS = 18
Action = TypeVar("Action", bound=Callable[..., Any])


def asks_first(action: Action) -> Action:
    """Mark an action that does nothing before the button of its page is pressed."""
    action.asks_first = True  # type: ignore[attr-defined]
    return action


def goes_to_its_page(action: Any, data: QueryDict) -> bool:
    """Whether this form only leads to the page that asks."""
    is_of_rows = bool(data.getlist(ACTION_CHECKBOX_NAME)) and data.get("select_across", "0") == "0"
    return is_of_rows and "confirmed" not in data and getattr(action, "asks_first", False)


def address_of(path: str, query: QueryDict, data: QueryDict) -> str:
    """Return the address of the page about these rows; empty where it would be too long."""
    query[ROWS] = ".".join(data.getlist(ACTION_CHECKBOX_NAME))
    address = f"{path}?{query.urlencode()}"
    return address if len(address) <= MAX_LENGTH else ""


def as_sent(request: HttpRequest, ids: list[str], **values: str) -> None:
    """Let the request have the form that a button of a list sends. Raises BadRequest for what is no primary key."""
    if not all(one.isascii() and one.isdecimal() and len(one) <= MAX_DIGITS for one in ids):
        raise BadRequest("The id of a selected row is not an integer.")
    data = QueryDict(mutable=True)
    data.update(values)
    data.setlist(ACTION_CHECKBOX_NAME, ids)
    request.POST = data  # type: ignore[assignment]


class AskingList(_ModelAdmin):
    """A list whose actions are asked about at an address of their own."""

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Send the user to the address of the page that asks, which is shown there; otherwise run the action."""
        data = request.POST
        name = next(iter(data.getlist("action")), "")
        if goes_to_its_page(self._action(request, name), data):
            query = request.GET.copy()
            query[ASK] = name
            if address := address_of(request.path, query, data):
                return HttpResponseRedirect(address)
        return super().response_action(request, queryset)

    def asked_page(self, request: HttpRequest) -> HttpResponseBase | None:
        """Take a question out of the address, which then is that of the list; return its page unless it is answered."""
        if ASK not in request.GET:
            return None
        query = request.GET.copy()
        name, ids = str(query.pop(ASK)[-1]), str(query.pop(ROWS, [""])[-1]).split(".")
        request.GET = query  # type: ignore[assignment]
        request.META["QUERY_STRING"] = query.urlencode()
        return None if request.method == "POST" else self._asked(request, name, ids)

    def _action(self, request: HttpRequest, name: str) -> Any:
        found = self.get_actions(request).get(name)
        return found[0] if found else None

    def _asked(self, request: HttpRequest, name: str, ids: list[str]) -> HttpResponseBase:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        as_sent(request, ids, action=name)
        action, answer = self._action(request, name), None
        if getattr(action, "asks_first", False):
            rows = self.get_changelist_instance(request).get_queryset(request).filter(pk__in=ids)
            answer = action(self, request, rows)
        return answer or HttpResponseRedirect(request.get_full_path())
