"""Pages of the admin beside Django's own: rendering them, and finding the row that they are about."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite, ModelAdmin, site
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

if TYPE_CHECKING:
    Owner = ModelAdmin[Any] | AdminSite


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
