"""Buttons above the page of a row: each leads to a page or runs an action of the list for this row."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


@dataclass(frozen=True, slots=True)
class ObjectTool:
    """A button with the address of a page, or the name of an action, which asks before it acts."""

    label: "str | _StrPromise"
    url: str = ""
    action: str = ""


class ObjectToolsMixin(_ModelAdmin):
    """Adds buttons to the pages of rows; actions that the user may not run have none."""

    def get_object_tools(self, request: HttpRequest, obj: Any) -> Iterable[ObjectTool]:
        return ()

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        allowed = self.get_actions(request) if obj else {}
        object_tools = self.get_object_tools(request, obj) if obj else ()
        context["object_tools"] = [tool for tool in object_tools if tool.url or tool.action in allowed]
        return super().render_change_form(request, context, add, change, form_url, obj)
