"""Pages of the admin beside Django's own: rendering them, finding their row, and the buttons that lead to them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin, site
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Owner = ModelAdmin[Any] | AdminSite
    _ModelAdmin = ModelAdmin[Any]
else:
    _ModelAdmin = ModelAdmin


def staff_page(
    request: HttpRequest, owner: "Owner", template: str, *, title: Any, **context: Any
) -> TemplateResponse:
    """Render a page with everything that the admin's base template needs.

    `owner` is the admin class that the page belongs to, whose `opts` and `media` the template gets, or the site.
    """
    if isinstance(owner, ModelAdmin):
        known = {
            **owner.admin_site.each_context(request),
            "opts": owner.opts,
            "media": owner.media,
        }
    else:
        known = owner.each_context(request)
    return TemplateResponse(request, template, {**known, "title": title, **context})


def visible_or_404(request: HttpRequest, model: type[Model], pk: int, *, permission: str) -> Any:
    """Return the row if the user has the permission and the admin's list of the model shows it to them."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    found = site.get_model_admin(model).get_queryset(request).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class ObjectTool:
    """A button above the page of a row: it leads to a page, or runs an action, which asks before it acts."""

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
